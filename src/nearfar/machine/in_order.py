"""Work on many things in threads, the results in the order of the things, few of them held at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Future

A = TypeVar("A")
B = TypeVar("B")


def in_order(work: Callable[[A], B], things: Iterable[A], workers: int) -> Generator[B, None, None]:
    """What ``work`` gives for each thing, in order, computed by that many threads.

    Lazy: a thing is taken only when there is a free place. Beside the result that was given last, at most
    ``workers`` results and things exist at a time. With one worker the caller's own thread does the work.

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
            while True:
                while len(pending) < workers:
                    try:
                        pending.append(pool.submit(work, next(coming)))
                    except StopIteration:
                        break
                if not pending:
                    return
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
