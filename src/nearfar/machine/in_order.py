"""Work on many things in threads, the results in the order of the things, few of them held at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

A = TypeVar("A")
B = TypeVar("B")


def in_order(
    work: Callable[[A], B], things: Iterable[A], workers: int, *, ahead: int = 0
) -> Generator[B, None, None]:
    """What ``work`` gives for each thing, in order, computed by that many threads.

    Lazy: a thing is taken only when there is a free place. Beside the result that was given last, at most
    ``workers + ahead`` results and things exist at a time; with some ahead no thread stands idle while one
    slow thing holds up the results behind it. The next thing is begun before a result is given, so that the
    threads work while the caller does. With one worker the caller's own thread does the work.

    Whatever ``work`` raises is raised in its place and ends all, as does closing the iterator; work that has
    begun is waited for.
    """
    if workers <= 1:
        yield from map(work, things)
        return
    pending: deque[Future[B]] = deque()
    coming = iter(things)
    with ThreadPoolExecutor(workers, thread_name_prefix="nearfar-stream") as pool:
        try:
            _fill(pending, workers + ahead, coming, lambda thing: pool.submit(work, thing))
            while pending:
                done = pending.popleft().result()
                _fill(pending, workers + ahead, coming, lambda thing: pool.submit(work, thing))
                yield done
                del done
        finally:
            for future in pending:
                future.cancel()


def _fill(
    pending: deque[Future[B]], places: int, coming: Iterator[A], begin: Callable[[A], Future[B]]
) -> None:
    """Begin what comes until every place is taken."""
    while len(pending) < places:
        try:
            pending.append(begin(next(coming)))
        except StopIteration:
            return
