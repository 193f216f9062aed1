"""How many threads help with one photo."""

from __future__ import annotations

import cv2

from nearfar.machine.helpers import helpers


def test_the_smallest_number_counts_and_goes() -> None:
    """Of two at once, whichever ends first."""
    before = cv2.getNumThreads()
    first, second = helpers(2), helpers(1)
    with first:
        assert cv2.getNumThreads() == min(2, before)
        second.__enter__()
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 1
    second.__exit__(None, None, None)
    assert cv2.getNumThreads() == before
