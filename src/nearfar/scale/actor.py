"""What works in the processes of a cluster: it holds the network, takes batches of photos, gives rows."""

from __future__ import annotations

import os
import pickle
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from nearfar import settings as settings_module
from nearfar.errors import EngineError, NearfarError, ParameterError
from nearfar.machine import allocator
from nearfar.machine.cpus import restrict, usable_cpus
from nearfar.machine.helpers import helpers
from nearfar.machine.memory import free_bytes
from nearfar.runs.pipeline import digest_of, setup_of
from nearfar.runs.rows import line_of, rows_of
from nearfar.runs.work import Done

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from nearfar import api
    from nearfar.runs.items import Item
    from nearfar.runs.work import Work

_SETTINGS = ("model", "engine", "precision", "device", "max_bytes", "max_pixels")
"""What decides what is made of a photo: on every machine as where the run was started."""
_AHEAD = 4  # photos that are read while others are worked on
_FAULT = -1


def settings_here() -> dict[str, str]:
    """The settings that count on every machine, as variables of an environment."""
    here = settings_module.load()
    return {f"{settings_module.PREFIX}{name.upper()}": str(getattr(here, name)) for name in _SETTINGS}


@dataclass(frozen=True, slots=True)
class Job:
    """What an actor is to do: it is carried to it as it is.

    ``cpus``: its share of its machine. ``workers``: photos at once, 0 by the share. ``memory``: bytes that
    they may take together; 0 for its share of half of what is free.
    """

    work: Work
    cpus: float = 1.0
    workers: int = 0
    memory: int = 0
    settings: dict[str, str] = field(default_factory=dict)


class Photos:
    """An actor. What is wrong with a photo is in its row; what ends the run is given back instead of rows."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._fault: NearfarError | None = None
        self._threads = max(1, round(job.cpus))
        self._workers = job.workers or self._threads
        try:
            self._model = self._loaded(job)
        except NearfarError as exc:  # an actor that cannot be made would be made again and again
            self._fault = exc
        except Exception as exc:
            self._fault = EngineError(f"An actor could not begin: {type(exc).__name__}: {exc}")

    def ready(self) -> bool:
        """Whether it began well."""
        return self._fault is None

    def __call__(self, table: Any) -> Any:
        """What became of a batch of photos."""
        rows = _items_of(table)
        try:
            if self._fault is not None:
                raise self._fault
            return packed_done([number for number, _ in rows], self._done([item for _, item in rows]))
        except NearfarError as exc:
            return _packed_fault(exc)

    def _loaded(self, job: Job) -> api.Model:
        os.environ.update(job.settings)
        peers = max(1, int(usable_cpus() / job.cpus))
        self._memory = job.memory or (free_bytes() or 0) // 2 // peers
        restrict(self._threads)
        allocator.tune()
        pipeline = job.work.pipeline
        model = pipeline.load(self._workers)
        setup = setup_of(replace(pipeline, span=None), model)
        if digest_of(setup, pipeline.span) != job.work.setup:
            raise ParameterError(
                "A machine of the cluster has other weights, or another version of nearfar, than this one.",
                "Install the same on all machines.",
            )
        return model

    def _done(self, items: Sequence[Item]) -> list[Done]:
        with ThreadPoolExecutor(_AHEAD) as pool, helpers(self._threads):
            ahead = _read_ahead(items, pool, self._model.settings.max_bytes)
            with closing(self._job.work.stream(ahead, self._model, self._workers, self._memory)) as found:
                return list(found)


@dataclass(frozen=True, slots=True)
class _Coming:
    """Bytes that are being read."""

    future: Future[bytes]

    def __call__(self) -> bytes:
        """As of :class:`nearfar.runs.items.Reader`."""
        return self.future.result()


def _read_ahead(items: Iterable[Item], pool: ThreadPoolExecutor, most: int) -> Generator[Item, None, None]:
    """The items, the bytes of the next few on their way; those that are too large are left as they are."""
    rest = iter(items)
    coming: deque[Item] = deque()
    try:
        while True:
            for item in islice(rest, _AHEAD - len(coming)):
                is_read = item.size <= most
                coming.append(replace(item, read=_Coming(pool.submit(item.read))) if is_read else item)
            if not coming:
                return
            yield coming.popleft()
    finally:
        for item in coming:
            if isinstance(item.read, _Coming):
                item.read.future.cancel()


def packed_items(rows: Sequence[tuple[int, Item]]) -> Any:
    """A batch on its way to an actor, in one row of an Arrow table: numbers and items, pickled."""
    import pyarrow as pa

    return pa.table({"items": pa.array([pickle.dumps(rows)], pa.large_binary())})


def _items_of(table: Any) -> list[tuple[int, Item]]:
    packed = table.column("items").to_pylist()
    return [row for data in packed for row in pickle.loads(data)]  # noqa: S301 - of the run itself


def packed_done(numbers: Sequence[int], done: Sequence[Done]) -> Any:
    """What became of a batch, on its way back: rows as lines of the journal, names and bytes of results."""
    import pyarrow as pa

    return pa.table(
        {
            "number": pa.array(numbers, pa.int64()),
            "row": pa.array([line_of([one.row]) for one in done], pa.binary()),
            "names": pa.array([list(one.files) for one in done], pa.list_(pa.string())),
            "files": pa.array([list(one.files.values()) for one in done], pa.list_(pa.large_binary())),
        }
    )


def _packed_fault(exc: NearfarError) -> Any:
    return packed_done([_FAULT], [Done(rows_of(b'[{"source":""}]\n')[0], {"fault": pickle.dumps(exc)})])


def done_of(table: Any) -> Iterator[tuple[int, Done]]:
    """Numbers, and what became of those items.

    Raises:
        NearfarError: what ends the run, whatever it was.
    """
    for plain in table.to_pylist():
        files = dict(zip(plain["names"], plain["files"], strict=True))
        if plain["number"] == _FAULT:
            raise pickle.loads(files["fault"])  # noqa: S301 - of the run's own actor
        (row,) = rows_of(plain["row"])
        yield plain["number"], Done(row, files)
