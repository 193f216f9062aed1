"""Things taken from an iterator by a thread of its own, a few of them ahead of who needs them."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
_LOOK_S = 0.1
_END = object()


def ahead(things: Iterable[T], count: int) -> Generator[T, None, None]:
    """The things in their order; at most ``count`` of them wait at a time.

    What the iterator raises is raised in its place. Closing this one ends the thread, once the thing that it
    is at is there.
    """
    waiting: queue.Queue[object] = queue.Queue(max(1, count))
    is_over = threading.Event()
    failed: list[BaseException] = []

    def take() -> None:
        try:
            for thing in things:
                if not _put(waiting, thing, is_over.is_set):
                    break
        except BaseException as exc:
            failed.append(exc)
        finally:
            close = getattr(things, "close", None)
            if close is not None:
                close()
            _put(waiting, _END, is_over.is_set)

    thread = threading.Thread(target=take, name="nearfar-ahead", daemon=True)
    thread.start()
    try:
        while (thing := waiting.get()) is not _END:
            yield cast("T", thing)
            del thing
        if failed:
            raise failed[0]
    finally:
        is_over.set()
        while thread.is_alive():
            _empty(waiting)
            thread.join(_LOOK_S)


def _put(waiting: queue.Queue[object], thing: object, is_over: Callable[[], bool]) -> bool:
    """Whether there was room before all was over."""
    while not is_over():
        try:
            waiting.put(thing, timeout=_LOOK_S)
        except queue.Full:
            continue
        return True
    return False


def _empty(waiting: queue.Queue[object]) -> None:
    """Let go of what nobody takes any more."""
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return
