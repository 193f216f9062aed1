"""Silence for Pillow's remarks on odd metadata: they tell a user nothing, and must not become errors."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_inside: list[Any] = []  # one entry for each thread that is decoding: the filter it found or made


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """No warnings from Pillow's modules within the block.

    ``warnings.catch_warnings`` is not safe with threads: it puts back a list that another thread has left
    meanwhile. Here one filter is added by the first thread and taken out by the last.
    """
    with _lock:
        if not _inside:
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _inside.append(warnings.filters[0] if not _inside else _inside[0])
    try:
        yield
    finally:
        with _lock:
            added = _inside.pop()
            if not _inside and added in warnings.filters:
                warnings.filters.remove(added)  # type: ignore[attr-defined]  # a list in CPython
