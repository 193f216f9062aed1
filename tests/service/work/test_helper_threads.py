"""OpenCV's threads follow the work that there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest

from nearfar.service.work.helper_threads import share
from serving import loader_of, running, until


@pytest.mark.parametrize(("photos", "each"), [(0, 8), (1, 8), (2, 4), (3, 2), (8, 1), (50, 1)])
def test_each_photo_gets_its_share(photos, each) -> None:
    """All of them alone, never none."""
    assert share(8, photos) == each


@pytest.fixture
def four():
    """OpenCV has four threads."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    yield
    cv2.setNumThreads(before)


def test_a_busy_service_shares_them_out(four, gate, jpeg) -> None:
    """While two photos are held each gets half of the threads; without any, and at the end, all are back."""
    with running(loader_of(gate), streams=2) as service, ThreadPoolExecutor(2) as clients:
        asked = [clients.submit(service.post, jpeg) for _ in range(2)]
        until(lambda: cv2.getNumThreads() == 2)
        gate.open.set()
        assert [one.result().status_code for one in asked] == [200, 200]
        until(lambda: cv2.getNumThreads() == 4)
    assert cv2.getNumThreads() == 4
