"""The photos of a command line and what is made of each, in order; what stands in the way is its result."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar import api
from nearfar.cli import _plan, _say
from nearfar.cli._sources import STDIO
from nearfar.errors import NearfarError, OutputExistsError
from nearfar.machine import allocator
from nearfar.one_photo import Estimated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nearfar.api import Model
    from nearfar.cli._plan import Task
    from nearfar.one_photo import EstimateOptions
    from nearfar.types import DepthMap, Photo

WORKERS_HELP = "Of several photos, how many are worked on at once; 0 for as many as there are processors."


def in_the_way(task: Task, *, overwrite: bool) -> NearfarError | None:
    """What is told before any work: no such photo, or a result that is there and must stay."""
    try:
        _plan.check_there(task.source)
    except NearfarError as exc:
        return exc
    there = [path for path in task.targets if os.path.exists(path)]  # noqa: PTH110 - never raises
    if not there or overwrite:
        return None
    return OutputExistsError(f"{there[0]} exists already.", "Pass --overwrite, or choose another name.")


@dataclass(frozen=True, slots=True)
class Way:
    """How many photos are done.

    ``look``: how each is looked at. ``overwrite``: whether results that are there may go. ``has_bar``:
    whether a lone photo's tiles move a bar. ``workers``: photos worked on at once, 0 by the processors.
    """

    look: EstimateOptions
    overwrite: bool = False
    has_bar: bool = True
    workers: int = 0

    def workers_for(self, count: int) -> int:
        """Threads for so many photos: a lone one is done in this one, and has all processors."""
        return 1 if count == 1 else self.workers

    def load(self, count: int, **asked: Any) -> Model:
        """The network that so many photos are looked at with. Errors as of :func:`nearfar.load`."""
        workers = self.workers_for(count)
        return api.load(**asked) if workers == 1 else api.load_side_by_side(workers, asked)


def made(
    tasks: Sequence[Task], load: Callable[[], Model], way: Way, make: Callable[[Task, Photo, DepthMap], Any]
) -> Iterator[tuple[Task, Estimated]]:
    """Each task with what is made of its photo, in order, by :meth:`nearfar.Model.estimate_stream`.

    Args:
        tasks: what is to be done.
        load: gives the model; where it fails, that is every task's error.
        way: how.
        make: makes the files of a photo, in the thread that estimated it; what it gives is in ``made``.
    """
    refused = {task: error for task in tasks if (error := in_the_way(task, overwrite=way.overwrite))}
    todo = [task for task in tasks if task not in refused]
    try:
        model = load() if todo else None
    except NearfarError as exc:
        refused |= {task: exc for task in tasks if task not in refused}
        model = None
    if model is None:
        yield from ((task, Estimated(place, error=refused[task])) for place, task in enumerate(tasks))
        return
    sources = (sys.stdin.buffer if task.source == STDIO else task.source for task in todo)
    workers = way.workers_for(len(tasks))
    if workers == 1:
        allocator.spare()
    else:
        allocator.tune()

    def then(found: Estimated) -> Any:
        return make(todo[found.index], *found.result())

    is_shown = bool(way.look.tiles) and len(tasks) == 1 and way.has_bar
    with (
        _say.tiles(is_shown=is_shown) as tell,
        closing(model.estimate_stream(sources, way.look, workers=workers, tell=tell, then=then)) as found,
    ):
        for place, task in enumerate(tasks):
            error = refused.get(task)
            yield task, Estimated(place, error=error) if error else next(found)
