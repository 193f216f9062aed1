"""A run on Ray: Ray Data streams batches of photos to actors that hold the network; the manifest stays ours.

Ray starts actors, moves them, and repeats what a lost one had; it is not asked what is done. Items are
counted here: one that comes back twice is taken once, one that does not come back is sent again.
"""

from __future__ import annotations

import gc
import warnings
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from nearfar.errors import EngineError, ParameterError
from nearfar.runs.rows import Row
from nearfar.runs.work import Done
from nearfar.scale import cluster
from nearfar.scale.actor import Job, Photos, done_of, packed_items, settings_here

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from nearfar.runs.items import Item
    from nearfar.runs.work import Work

MOST_BATCH = 4096
_LEAST_ITEMS, _ITEMS_AN_ACTOR, _MOST_ITEMS = 8192, 2048, 131072
_MOST_BYTES = 128 * 2**20
"""Of items that carry their bytes, in the store of the cluster at once."""
_BATCH_BYTES = 64 * 2**20
"""Of the photos of a batch together, where their sizes are known."""
_RETRIES = 3
_ERRED = 8  # batches that may be lost before a round ends
_ROUNDS = 3
_ALONE_TRIES = 2
_BEGIN_S = 300.0


@dataclass(frozen=True, slots=True)
class RayOptions:
    """How a run uses a cluster.

    ``address``: of the cluster; "" for RAY_ADDRESS, else one of this machine alone. ``share``: what each
    actor takes, and how many there are. ``batch``: photos that an actor gets at once, at most.
    ``workers``: photos that an actor works on at once, 0 by its processors. ``memory``: bytes that these may
    take together, 0 by what is free.
    """

    address: str = ""
    share: cluster.Share = field(default_factory=cluster.Share)
    batch: int = 32
    workers: int = 0
    memory: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= MOST_BATCH:
            raise ParameterError(f"A batch has 1 to {MOST_BATCH} photos.", parameter="batch")


@dataclass(frozen=True, slots=True)
class RayRunner:
    """Photos are worked on by actors of a Ray cluster; see :class:`nearfar.runs.Runner`.

    A place that is a folder must be the same folder on every machine of the cluster. Within
    :func:`nearfar.scale.cluster.joined` several runs share a cluster; else each starts or joins its own.
    """

    options: RayOptions = field(default_factory=RayOptions)

    def processors(self) -> int:
        """Those of the cluster. Errors as of :func:`nearfar.scale.cluster.joined`."""
        with cluster.joined(self.options.address) as ray:
            return int(ray.cluster_resources().get("CPU", 0))

    def run(self, work: Work, items: Iterable[Item]) -> Generator[Done, None, None]:
        """What became of each photo, in any order.

        Raises:
            MissingExtraError: Ray is not installed.
            ParameterError: no room for the actors in this cluster, ever; or its machines have other weights.
            BusyError: no room now.
            EngineError: there is no cluster, or it was lost.
            OutputError: nothing can be written any more.
        """
        with cluster.joined(self.options.address) as ray:
            room = cluster.room(ray, self.options.share)
            desk = _Desk(ray, work, self.options, room)
            rest = iter(items)
            most = min(_MOST_ITEMS, max(_LEAST_ITEMS, _ITEMS_AN_ACTOR * room.most))
            while window := _window(rest, most):
                yield from desk.done(window)


def _window(items: Iterator[Item], most: int) -> dict[int, Item]:
    """The next items, few enough to be held at once."""
    found: dict[int, Item] = {}
    held = 0
    for number, item in enumerate(islice(items, most)):
        found[number] = item
        held += len(getattr(item.read, "data", b""))
        if held > _MOST_BYTES:
            break
    return found


def batches(items: Mapping[int, Item], most: int) -> Iterator[list[tuple[int, Item]]]:
    """Items in batches: so many at most, and of so many bytes where their sizes are known."""
    found: list[tuple[int, Item]] = []
    size = 0
    for number, item in items.items():
        if found and (len(found) == most or size + item.size > _BATCH_BYTES):
            yield found
            found, size = [], 0
        found.append((number, item))
        size += max(0, item.size)
    if found:
        yield found


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the driver works with."""

    ray: Any
    work: Work
    options: RayOptions
    room: cluster.Room

    def done(self, window: Mapping[int, Item]) -> Iterator[Done]:
        """What became of each item, once each.

        Batches that Ray could not bring to an end are sent again; what is left then is done one by one.
        """
        waiting = dict(window)
        for _ in range(_ROUNDS):
            try:
                with closing(self._streamed(waiting)) as found:
                    yield from _once(found, waiting)
            except self.ray.exceptions.RayError:
                pass  # what waits still is sent again; if the cluster is lost, that is told below
            gc.collect()  # errors of lost batches hold actors in circles, and these hold processors
            if len(waiting) <= _ERRED * self.options.batch:
                break
        yield from self._alone(waiting)

    def _streamed(self, items: Mapping[int, Item]) -> Generator[tuple[int, Done], None, None]:
        """By Ray Data: batches to actors as these have room, results as they come.

        Rows of the dataset are our batches, packed here. Nothing but actors asks for processors: tasks that
        read would wait for ever where actors have them all.
        """
        data, share = self.ray.data, self.options.share
        most = min(self.options.batch, max(1, -(-len(items) // self.room.most)))
        blocks = [packed_items(rows) for rows in batches(items, most)]
        with warnings.catch_warnings():  # max_task_retries has no argument of its own yet (2.60)
            warnings.simplefilter("ignore", DeprecationWarning)
            done = data.from_arrow(blocks).map_batches(
                Photos,
                fn_constructor_args=(self._job(),),
                batch_size=1,
                batch_format="pyarrow",
                zero_copy_batch=True,
                compute=data.ActorPoolStrategy(
                    min_size=self.room.least, max_size=self.room.most, initial_size=self.room.now
                ),
                max_task_retries=_RETRIES,
                **_resources(share),
            )
        context = done.context
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = _ERRED
        tables = iter(done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))
        with closing(tables):  # so that actors end with the run, however that ends
            for table in tables:
                yield from done_of(table)

    def _alone(self, waiting: dict[int, Item]) -> Iterator[Done]:
        """Those that did not come back, one by one: one that ends its process alone is at fault."""
        actor: Any = None
        try:
            for number, item in list(waiting.items()):
                found = None
                for _ in range(_ALONE_TRIES):
                    actor = actor or self._begun()
                    found = self._tried(actor, number, item)
                    if found is not None:
                        break
                    actor = None
                yield from _once(found or [(number, self._at_fault(item))], waiting)
        finally:
            if actor is not None:
                self.ray.kill(actor)

    def _tried(self, actor: Any, number: int, item: Item) -> list[tuple[int, Done]] | None:
        """What an actor makes of one item; None where the actor ended."""
        try:
            table = packed_items([(number, item)])
            return list(done_of(self.ray.get(actor.__call__.remote(table))))
        except self.ray.exceptions.RayActorError:
            return None
        except self.ray.exceptions.RayError as exc:
            raise _told(exc) from exc

    def _at_fault(self, item: Item) -> Done:
        text = f"{item.name} ended the process that worked on it, again and again. Look at the photo."
        row = Row(item.name, item.stamp, setup=self.work.setup, error=text, error_type="EngineError")
        return Done(row)

    def _begun(self) -> Any:
        """An actor that works; one that cannot even begin ends the run."""
        actor = self.ray.remote(Photos).options(**_resources(self.options.share)).remote(self._job())
        try:
            self.ray.get(actor.ready.remote(), timeout=_BEGIN_S)
        except self.ray.exceptions.RayError as exc:
            raise _told(exc) from exc
        return actor

    def _job(self) -> Job:
        options = self.options
        return Job(self.work, options.share.cpus, options.workers, options.memory, settings_here())


def _resources(share: cluster.Share) -> dict[str, float]:
    return {"num_cpus": share.cpus, **({"num_gpus": share.gpus} if share.gpus else {})}


def _once(found: Iterable[tuple[int, Done]], waiting: dict[int, Item]) -> Iterator[Done]:
    for number, done in found:
        if waiting.pop(number, None) is not None:
            yield done


def _told(exc: Exception) -> EngineError:
    lines = str(exc).strip().splitlines()
    said = lines[-1] if lines else type(exc).__name__
    return EngineError(f"The run on Ray ended: {said}", "The same command goes on where it was.")
