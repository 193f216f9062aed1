"""Who works on the photos of a run: the seam between a run and the machines that do it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nearfar.machine import allocator
from nearfar.machine.memory import free_bytes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from nearfar.runs.items import Item
    from nearfar.runs.work import Done, Work

_SHARE = 2  # of the memory that is free, photos at work take one part in so many


class Runner(Protocol):
    """Works on photos, anywhere. It knows nothing of manifests: a run gives it photos, and writes rows.

    A runner may give what became of photos in any order, and must give each item's once. What is wrong with a
    photo is in its row; a runner raises what ends a run. It takes items only as it has room for them, and
    ends its work when it is closed.
    """

    def run(self, work: Work, items: Iterable[Item]) -> Generator[Done, None, None]:
        """What became of each photo."""


@runtime_checkable
class Elsewhere(Protocol):
    """A runner whose work is done elsewhere: there it begins anew for each run, which takes a while."""

    def processors(self) -> int:
        """Processors that it has there."""


@dataclass(frozen=True, slots=True)
class LocalRunner:
    """All processors of this machine, by threads: reading, decoding, the network and encoding overlap.

    ``workers``: photos at once, 0 by the processors. ``memory``: bytes that photos at work may take together;
    0 for half of what is free.
    """

    workers: int = 0
    memory: int = 0

    def run(self, work: Work, items: Iterable[Item]) -> Generator[Done, None, None]:
        """As of :class:`Runner`; in order."""
        allocator.tune()
        memory = self.memory or (free_bytes() or 0) // _SHARE
        model = work.pipeline.load(self.workers)
        with closing(work.stream(items, model, self.workers, memory)) as found:
            yield from found
