"""A replica of one network behind Ray Serve: it holds the weights, takes pictures, gives raw maps."""

from __future__ import annotations

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar import api
from nearfar.errors import EngineError, NearfarError
from nearfar.machine import allocator
from nearfar.sessions.sharing import is_small
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from nearfar.scale.serve_options import NetworkOptions
    from nearfar.settings import Settings

    Batch = npt.NDArray[np.float32]
    Answer = tuple[Batch, str]
    """What the network gave, and the hash of the weights that gave it."""


@dataclass(frozen=True, slots=True)
class Form:
    """In which form a network is asked for: the size of its input (None is its own), and whether fast."""

    size: int | None = None
    is_fast: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a caller needs to know of a loaded network: see :class:`nearfar.engines.Session`."""

    engine: str
    why: str
    sha256: str
    fixed_size: tuple[int, int] | None
    batch_limit: int | None
    normalises: Any
    takes_prompt: bool


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Pictures of one size, (N, 3, H, W) float32 as the network takes them, and coarse depth beside them."""

    form: Form
    pictures: Batch
    prompt: Batch | None = None

    @property
    def key(self) -> tuple[Form, tuple[int, ...]]:
        """Calls of one key may run together."""
        return self.form, self.pictures.shape[1:]


class Network:
    """The class of the deployment. It computes in as many threads as it has processors, and no more."""

    def __init__(self, name: str, settings: Settings, options: NetworkOptions) -> None:
        """Load the network in its own form: a replica takes calls once it can answer them.

        Raises:
            NearfarError: as of :func:`nearfar.load`.
        """
        allocator.tune()
        cpus = max(1, int(options.cpus))
        lanes = cpus if is_small(catalogue.card(name)) else 1
        self._name = name
        self._settings = replace(settings, threads=settings.threads or cpus // lanes)
        self._lanes = ThreadPoolExecutor(lanes, "nearfar-network")
        self._begun: dict[int, float] = {}
        self._numbers = itertools.count()
        self._batched: Any = _batched(self, options) if options.batch > 1 else None
        self._load(Form())

    async def facts(self, form: Form) -> Facts:
        """Of the network in a form."""
        found: Facts = await self._aside(self._facts, form)
        return found

    async def run(self, call: Call) -> Answer:
        """(N, H, W) or (N, K, H, W) float32, and the hash of the weights; EngineError where it fails."""
        is_alone = self._batched is None or call.prompt is not None
        answer: Answer | NearfarError
        answer = await (self._aside(self._run, call) if is_alone else self._batched(call))
        if isinstance(answer, NearfarError):
            raise answer
        return answer

    async def run_together(self, calls: Sequence[Call]) -> list[Answer | NearfarError]:
        """What the network gives for each of several calls; those that fit together run together."""
        found: list[Answer | NearfarError] = await self._aside(_together, calls, self._run)
        return found

    def check_health(self) -> None:
        """Ray Serve asks this from time to time, and replaces a replica that fails it.

        Raises:
            EngineError: a call of the network does not come back.
        """
        oldest = min(self._begun.values(), default=time.monotonic())
        if time.monotonic() - oldest > self._settings.engine_timeout:
            raise EngineError(
                f"The network '{self._name}' did not answer within {self._settings.engine_timeout} s."
            )

    async def _aside(self, work: Any, *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._lanes, work, *given)

    def _load(self, form: Form) -> api.Model:
        return api.load(self._name, size=form.size, fast=form.is_fast, settings=self._settings)

    def _facts(self, form: Form) -> Facts:
        found = self._load(form)
        session: Any = found.estimator.session
        return Facts(
            engine=found.estimator.engine,
            why=found.why,
            sha256=found.estimator.sha256,
            fixed_size=session.fixed_size,
            batch_limit=session.batch_limit,
            normalises=getattr(session, "normalises", None),
            takes_prompt=hasattr(session, "run_prompted"),
        )

    def _run(self, call: Call) -> Answer:
        found = self._load(call.form)
        session: Any = found.estimator.session
        pictures = np.require(call.pictures, np.float32, "W")  # what came through Ray cannot be written to
        with self._under_way():
            if call.prompt is None:
                raw = session.run(pictures)
            else:
                raw = session.run_prompted(pictures, np.require(call.prompt, np.float32, "W"))
        return np.asarray(raw, np.float32), found.estimator.sha256

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        number = next(self._numbers)
        self._begun[number] = time.monotonic()
        try:
            yield
        finally:
            del self._begun[number]


def _batched(network: Network, options: NetworkOptions) -> Any:
    """A function that gathers calls for a moment and has them run together."""
    from ray import serve

    async def together(calls: list[Call]) -> list[Answer | NearfarError]:
        return await network.run_together(calls)

    gather = serve.batch(max_batch_size=options.batch, batch_wait_timeout_s=options.wait_ms / 1e3)
    return gather(together)


def _together(calls: Sequence[Call], run: Any) -> list[Answer | NearfarError]:
    """The answers of calls, in order; those of one form and size are one call of the network."""
    answers: dict[int, Answer | NearfarError] = {}
    groups: dict[Any, list[int]] = {}
    for place, call in enumerate(calls):
        groups.setdefault(call.key, []).append(place)
    for places in groups.values():
        joined = replace(calls[places[0]], pictures=np.concatenate([calls[i].pictures for i in places]))
        try:
            raw, sha256 = run(joined)
        except NearfarError as exc:
            answers |= dict.fromkeys(places, exc)
            continue
        ends = np.cumsum([len(calls[i].pictures) for i in places])
        parts = np.split(raw, ends[:-1])
        answers |= {i: (part, sha256) for i, part in zip(places, parts, strict=True)}
    return [answers[place] for place in range(len(calls))]
