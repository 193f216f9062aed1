"""How well the depth of a clip holds together over time, against true depth and true cameras."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.alignment import scale_and_shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    FloatMap = NDArray[np.float32]

AGREES = 0.03
"""Share by which true depth at the place a point goes to may differ: more is hidden, or moved by itself."""
_STEPS = 255.0
_EACH = 3  # of so many points one is asked


@dataclass(frozen=True)
class View:
    """What is true of one frame.

    inverse_m: (H, W) float32 in 1/m, 0 for sky, NaN unknown. pose: (3, 4), camera from world. focal_px: of
    this size; the principal point is the middle.
    """

    inverse_m: FloatMap
    pose: Floats
    focal_px: float


@dataclass(frozen=True)
class Seen:
    """Points of one frame that the next one sees too, P of them.

    place: their indices in the frame; at: (P, 2) float32, x and y in the next; ray: (P, 3), of length one
    along z; turn (3, 3) and move (3): next camera from this one.
    """

    place: NDArray[np.intp]
    at: FloatMap
    ray: Floats
    turn: Floats
    move: Floats


def seen_next(now: View, then: View, cap_m: float) -> Seen:
    """Pixels of ``now`` seen in ``then`` too, by true depth: neither hidden nor moved by themselves."""
    height, width = now.inverse_m.shape
    turn = then.pose[:, :3] @ now.pose[:, :3].T
    move = then.pose[:, 3] - turn @ now.pose[:, 3]
    place = np.flatnonzero(now.inverse_m.ravel() > 1 / cap_m)[::_EACH]
    x, y = place % width, place // width
    # A pixel's centre lies at half a number where the middle of the picture is width / 2.
    ray = np.stack(
        [(x + 0.5 - width / 2) / now.focal_px, (y + 0.5 - height / 2) / now.focal_px, np.ones(len(x))], axis=1
    )
    depth_m = 1 / now.inverse_m.ravel()[place].astype(np.float64)
    there = (depth_m[:, None] * ray) @ turn.T + move
    ahead = np.maximum(there[:, 2], 1e-6)
    at = np.stack(
        [
            there[:, 0] / ahead * then.focal_px + width / 2 - 0.5,
            there[:, 1] / ahead * then.focal_px + height / 2 - 0.5,
        ],
        axis=1,
    ).astype(np.float32)
    is_in = (there[:, 2] > 0) & (at >= 0).all(axis=1) & (at[:, 0] <= width - 1) & (at[:, 1] <= height - 1)
    true = read(np.nan_to_num(then.inverse_m), at)
    holds = is_in & (np.abs(true * there[:, 2] - 1) < AGREES)
    return Seen(place[holds], at[holds], ray[holds], turn, move)


def read(plane: FloatMap, at: FloatMap) -> Floats:
    """Values of a plane (H, W) at points (P, 2), x and y, linear between pixels."""
    height, width = plane.shape
    left, top = (np.clip(np.floor(at[:, k]).astype(int), 0, (width, height)[k] - 2) for k in (0, 1))
    x, y = at[:, 0].astype(np.float64) - left, at[:, 1].astype(np.float64) - top
    values = plane.astype(np.float64)
    upper = values[top, left] * (1 - x) + values[top, left + 1] * x
    lower = values[top + 1, left] * (1 - x) + values[top + 1, left + 1] * x
    return np.asarray(upper * (1 - y) + lower * y, np.float64)


def clip_depth(nearness: Sequence[FloatMap], views: Sequence[View], cap_m: float) -> list[FloatMap]:
    """Depth in metres (H, W) of a clip's relative inverse depth: one scale and one shift for all of it.

    Least squares in inverse depth over every known pixel of every frame; floored at 1 / cap_m, then inverted.
    """
    known = [view.inverse_m > 1 / cap_m for view in views]
    found = np.concatenate([plane[where] for plane, where in zip(nearness, known, strict=True)])
    true = np.concatenate([view.inverse_m[where] for view, where in zip(views, known, strict=True)])
    scale, shift = scale_and_shift(found, true)
    return [np.asarray(1 / np.maximum(scale * plane + shift, 1 / cap_m), np.float32) for plane in nearness]


def seen_both_ways(views: Sequence[View], cap_m: float) -> list[tuple[Seen, Seen]]:
    """For each pair of neighbours what the first shows of the second, and the second of the first."""
    return [(seen_next(one, two, cap_m), seen_next(two, one, cap_m)) for one, two in pairwise(views)]


def alignment_error(depths_m: Sequence[FloatMap], seen: Sequence[tuple[Seen, Seen]]) -> float:
    """TAE in percent: mean AbsRel between neighbours, each moved by the true cameras into the other.

    After "Video Depth Anything" (Chen et al. 2025, section 4.1), both ways; points and what hides them by
    true depth, so that only the depth told differs. Pairs without a common point do not count; NaN without.
    """
    errors = []
    for k, (ahead, back) in enumerate(seen):
        for here, there, common in ((k, k + 1, ahead), (k + 1, k, back)):
            if len(common.place):
                errors.append(_moved_error(depths_m[here], depths_m[there], common))
    return 100 * float(np.mean(errors)) if errors else float("nan")


def _moved_error(here_m: FloatMap, there_m: FloatMap, seen: Seen) -> float:
    """AbsRel of what one frame says of the next, against what that says itself."""
    depth_m = here_m.ravel()[seen.place].astype(np.float64)
    expected = np.maximum(((depth_m[:, None] * seen.ray) @ seen.turn.T + seen.move)[:, 2], 1e-3)
    told = read(there_m, seen.at)
    return float(np.mean(np.abs(expected - told) / told))


def still_pixels(views: Sequence[View]) -> NDArray[np.bool_]:
    """(H, W): what shows the same surface from the same camera in every frame of a clip."""
    first = views[0]
    same = np.isfinite(first.inverse_m)
    for view in views[1:]:
        if not np.allclose(view.pose, first.pose, atol=1e-9):
            return np.zeros_like(same)
        same &= np.isclose(view.inverse_m, first.inverse_m, rtol=1e-4, atol=1e-6)
    return np.asarray(same)


def flicker(levels: Sequence[FloatMap], still: NDArray[np.bool_]) -> float:
    """Root of the mean variance over time of still pixels, in steps of 255; levels: (H, W), 0…1, as shown."""
    values = np.stack([level[still] for level in levels]).astype(np.float64)
    return _STEPS * float(np.sqrt(values.var(axis=0).mean()))


def largest_step(levels: Sequence[NDArray[np.uint8]], still: NDArray[np.bool_]) -> int:
    """The most that a still pixel changes from frame to frame; levels: (H, W, …) uint8, as drawn."""
    gaps = (np.abs(a[still].astype(int) - b[still].astype(int)) for a, b in pairwise(levels))
    return max((int(gap.max(initial=0)) for gap in gaps), default=0)
