"""The photos of a command line with their depth, in order; what stands in the way of one is its result."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from nearfar.cli import _plan, _say
from nearfar.cli._sources import STDIO
from nearfar.errors import NearfarError, OutputExistsError
from nearfar.one_photo import Estimated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nearfar.api import Model
    from nearfar.cli._plan import Task
    from nearfar.one_photo import EstimateOptions


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


def estimated(
    tasks: Sequence[Task],
    load: Callable[[], Model],
    options: EstimateOptions,
    *,
    overwrite: bool,
    has_bar: bool = True,
) -> Iterator[tuple[Task, Estimated]]:
    """Each task with the depth of its photo, in order, by :meth:`nearfar.Model.estimate_stream`.

    Args:
        tasks: what is to be done.
        load: gives the model; where it fails, that is every task's error.
        options: how to look.
        overwrite: whether results that are there may go.
        has_bar: whether a lone photo's tiles move a bar.
    """
    refused = {task: error for task in tasks if (error := in_the_way(task, overwrite=overwrite))}
    todo = [task.source for task in tasks if task not in refused]
    try:
        model = load() if todo else None
    except NearfarError as exc:
        refused |= {task: exc for task in tasks if task not in refused}
        model = None
    if model is None:
        yield from ((task, Estimated(place, error=refused[task])) for place, task in enumerate(tasks))
        return
    sources = (sys.stdin.buffer if source == STDIO else source for source in todo)
    is_alone = len(tasks) == 1
    with (
        _say.tiles(is_shown=bool(options.tiles) and is_alone and has_bar) as tell,
        closing(model.estimate_stream(sources, options, workers=1 if is_alone else 0, tell=tell)) as found,
    ):
        for place, task in enumerate(tasks):
            error = refused.get(task)
            yield task, Estimated(place, error=error) if error else next(found)
