"""Networks that run in replicas, as the service calls them: like those in its own process."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar import api
from nearfar.errors import BusyError, EngineError, NearfarError
from nearfar.pipeline import Estimator
from nearfar.scale.serve_network import Call, Facts, Form
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from nearfar.settings import Settings

    Batch = npt.NDArray[np.float32]

PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Before a call of a replica that died is made again: by then Ray Serve knows that it did."""
_WHY = "The logs of Ray Serve say why: serve status."  # others' words may tell paths: callers get none
_FULL_S = 1
"""When a caller may come again where all replicas have as much as they take."""


@dataclass(eq=False)
class Replicas:
    """The replicas of one network: ``handle`` is Ray Serve's; a call is given up after ``seconds``."""

    name: str
    handle: Any
    seconds: float
    _facts: dict[Form, Facts] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facts(self, form: Form) -> Facts:
        """Of the network in a form; asked once.

        Raises:
            NearfarError: it cannot be loaded in that form.
        """
        with self._lock:
            found = self._facts.get(form)
            if found is None:
                found = self._facts[form] = self._answer(lambda: self.handle.facts.remote(form))
        return found

    def run(self, call: Call, sha256: str) -> Batch:
        """What the network gives.

        Raises:
            EngineError: it failed, or did not answer in time.
            BusyError: no replica has room; or its weights are no longer those of ``sha256``.
        """
        raw, found = self._answer(lambda: self.handle.run.remote(call))
        if found != sha256:
            with self._lock:
                self._facts.clear()
            raise BusyError(f"The weights of '{self.name}' were changed.", "Try again.", _FULL_S)
        return np.require(raw, np.float32, "W")

    def _answer(self, ask: Callable[[], Any]) -> Any:
        """What replicas answer. One that dies meanwhile takes nothing along: another is asked."""
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import ReplicaUnavailableError

        until = time.monotonic() + self.seconds
        for pause_s in PAUSES_S:
            try:
                return self._asked(ask, until)
            except (RayActorError, ReplicaUnavailableError):
                time.sleep(max(0.0, min(pause_s, until - time.monotonic())))
        try:
            return self._asked(ask, until)
        except (RayActorError, ReplicaUnavailableError) as exc:
            raise EngineError(f"The replicas of '{self.name}' die.", _WHY) from exc

    def _asked(self, ask: Callable[[], Any], until: float) -> Any:
        from ray.exceptions import RayTaskError
        from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

        try:
            answer = ask()
            return answer.result(timeout_s=max(0.0, until - time.monotonic()))
        except RayTaskError as exc:
            if isinstance(exc.cause, NearfarError):
                raise exc.cause from None
            raise EngineError(f"The network '{self.name}' failed.", _WHY) from exc
        except BackPressureError as exc:
            raise BusyError(
                f"The replicas of '{self.name}' have as much to do as they take.", "Try again.", _FULL_S
            ) from exc
        except DeploymentUnavailableError as exc:
            raise EngineError(f"There are no replicas of '{self.name}'.", _WHY) from exc
        except TimeoutError as exc:
            answer.cancel()
            raise EngineError(f"The network '{self.name}' did not answer within {self.seconds:g} s.") from exc


class RemoteSession:
    """A :class:`nearfar.engines.Session` whose network runs in replicas."""

    def __init__(self, replicas: Replicas, form: Form, facts: Facts) -> None:
        self._replicas = replicas
        self._form = form
        self._sha256 = facts.sha256
        self.fixed_size = facts.fixed_size
        self.batch_limit = facts.batch_limit
        if facts.normalises is not None:
            self.normalises = facts.normalises

    def run(self, batch: Batch) -> Batch:
        """(N, H, W) float32 from (N, 3, H, W) float32; errors as of :meth:`Replicas.run`."""
        return self._replicas.run(Call(self._form, batch), self._sha256)


class PromptedRemoteSession(RemoteSession):
    """One that takes coarse depth beside the pictures."""

    def run_prompted(self, batch: Batch, prompt: Batch) -> Batch:
        """(N, H, W) float32 from pictures and coarse depth."""
        return self._replicas.run(Call(self._form, batch, prompt), self._sha256)


@dataclass(frozen=True, slots=True)
class Networks:
    """Gives the service its models: those that have replicas run there, others here.

    ``replicas``: by the name of the model; ``settings``: of the service.
    """

    replicas: Mapping[str, Replicas]
    settings: Settings

    def __call__(self, name: str, size: int | None, *, fast: bool = False) -> api.Model:
        """The model of a name ("" is the default one) and an input size; errors as of ``nearfar.load``."""
        card = catalogue.card(name or self.settings.model)
        replicas = self.replicas.get(card.name)
        if replicas is None:
            return api.load(card.name, size=size, settings=self.settings, fast=fast)
        form = Form(size, fast)
        facts = replicas.facts(form)
        if size is not None:
            card = replace(card, input=card.input.with_size(size))
        kind = PromptedRemoteSession if facts.takes_prompt else RemoteSession
        session = kind(replicas, form, facts)
        estimator = Estimator(card, session, facts.engine, facts.sha256, is_fast=fast)
        return api.Model(card, estimator, self.settings, facts.why)
