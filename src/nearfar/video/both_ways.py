"""Depth from what came before and what comes after: the second way through frames that are held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.video.flow import at_size, warped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nearfar.types.arrays import FloatMap
    from nearfar.video.running import Step

_PATCH = 7  # pixels a side, over which weights are evened out


def both_ways(steps: Sequence[Step], wanted: int, smooth: float) -> list[FloatMap]:
    """The means (H, W) of the first ``wanted`` of successive frames of one scene, all of them looked at.

    From the last to the first, each frame's aligned map joins an average that is brought along the flow; what
    it knew before the frame joins the frame's own mean of the past. Each weighs as many frames as it holds.
    """
    most = smooth / (1 - smooth)
    found: list[FloatMap] = [step.mean for step in steps[:wanted]]
    later, count = steps[-1].aligned, np.ones_like(steps[-1].aligned)
    for place in range(len(steps) - 2, -1, -1):
        step, following = steps[place], steps[place + 1]
        later, count = _brought_back(step, following, later, count)
        count = np.asarray(cv2.blur(np.minimum(count, np.float32(most)), (_PATCH, _PATCH)), np.float32)
        if place < wanted:
            share = count / (count + np.minimum(step.count, np.float32(most + 1)))
            found[place] = step.mean + share * (later - step.mean)
        later = later + (step.aligned - later) / (count + 1)
        count = count + 1
    return found


def _brought_back(step: Step, following: Step, later: FloatMap, count: FloatMap) -> tuple[FloatMap, FloatMap]:
    """The average of later frames where its pixels were in this frame, in this frame's units."""
    (scale, shift), seen = step.units, following.flow
    later = (later - np.float32(shift)) / np.float32(scale)
    if seen is None or seen.forth is None:
        return later, count
    flow = at_size(seen, later.shape)
    if flow.forth is None or flow.trust_before is None:
        return later, count
    return warped(later, flow.forth, cubic=True), warped(count, flow.forth) * flow.trust_before
