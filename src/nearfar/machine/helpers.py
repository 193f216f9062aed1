"""How many threads help with one photo: while many photos are under way, each has few of its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_wanted: list[int] = []
_before = 0


@contextmanager
def helpers(count: int) -> Iterator[None]:
    """Within, OpenCV uses at most that many threads, and so does what works in bands or strips.

    The number is the process's: of several at once the smallest counts, and after the last it is as before.
    """
    import cv2

    global _before  # noqa: PLW0603 - the number belongs to the process, as OpenCV's does
    with _lock:
        if not _wanted:
            _before = cv2.getNumThreads()
        _wanted.append(count)
        cv2.setNumThreads(min(_before, *_wanted))
    try:
        yield
    finally:
        with _lock:
            _wanted.remove(count)
            cv2.setNumThreads(min([_before, *_wanted]))
