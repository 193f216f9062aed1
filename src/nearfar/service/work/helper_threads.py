"""Helping threads: all processors for a lone photo, its share for each of many.

OpenCV has some of its own, and what works in bands or strips (:mod:`nearfar.ops.bands`,
:mod:`nearfar.encode.png`) starts as many as OpenCV may use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from nearfar.service.work.pool import EnginePool


class HelperThreads:
    """Sets their number by the work that there is.

    While every stream is busy, helpers only take processors from other photos: without them a photo took a
    tenth less processor time (512×512, 2 cores, no GPU). The number may be changed while calls are under way.
    """

    def __init__(self, pool: EnginePool) -> None:
        self._pool = pool
        self._all = self._now = cv2.getNumThreads()

    def look(self) -> None:
        """Share out what there is: now and then, since work comes and goes."""
        self._set(self._wanted())

    def tighten(self) -> None:
        """Take helpers away where there is more work: whenever some begins."""
        wanted = self._wanted()
        if wanted < self._now:
            self._set(wanted)

    def _wanted(self) -> int:
        pool = self._pool
        photos = pool.running + pool.waiting + pool.waiting_in_background
        return share(self._all, min(pool.workers, photos))

    def restore(self) -> None:
        """As it was before."""
        self._set(self._all)

    def _set(self, count: int) -> None:
        if count != self._now:
            cv2.setNumThreads(count)
            self._now = count


def share(threads: int, photos: int) -> int:
    """How many of the threads each photo gets: at least one, all of them where there is one photo or none."""
    return max(1, threads // max(1, photos))
