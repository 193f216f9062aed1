"""Silence for Pillow's remarks."""

from __future__ import annotations

import threading
import warnings

import pytest

from nearfar.decode._quiet import quiet_pillow


def remark(module: str) -> None:
    """A warning that seems to come from a module."""
    warnings.warn_explicit("odd metadata", UserWarning, "file.py", 1, module=module)


def test_only_pillow_is_silenced() -> None:
    """Warnings of others still come through."""
    with quiet_pillow():
        remark("PIL.TiffImagePlugin")
        with pytest.raises(UserWarning, match="odd"):
            remark("someone.else")


def test_filters_are_put_back() -> None:
    """Afterwards everything is as it was, also after an error."""
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="inside"), quiet_pillow():
        raise ValueError("inside")
    assert list(warnings.filters) == before


def test_threads_that_overlap() -> None:
    """The first thread to leave does not end the silence of the other."""
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with quiet_pillow():
            entered.set()
            leave.wait(10)

    before = list(warnings.filters)
    worker = threading.Thread(target=first)
    worker.start()
    entered.wait(10)
    with quiet_pillow():
        leave.set()
        worker.join()
        remark("PIL.Image")
    assert list(warnings.filters) == before
