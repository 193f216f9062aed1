"""How the depth of a scene changes because the camera moves through it: what comes nearer grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap
    from nearfar.video.flow import Flow, Vectors

    Floats = npt.NDArray[np.float64]

_POINTS = 1500
_LEAST_POINTS = 200
_LEAST_TRUST = 0.5
_ROUNDS = 6
_REACH = 3.0
_LEAST_DEVIATION = 2e-4  # of the width: a twentieth of a pixel
_ENDS, _BEYOND = (1, 99), 0.1  # percentiles; share of their distance at which infinity is taken to lie
_LARGEST = 0.15  # share of its distance that a point may come nearer in one frame


def with_approach(running: FloatMap, flow: Flow, kind: DepthKind) -> FloatMap:
    """The running depth (H, W) of a scene, brought along by the flow, nearer by what the camera came nearer.

    Relative inverse depth has no zero: infinitely far is taken for somewhat beyond the farthest pixels.
    Affine depth is left: its points go no known way.
    """
    if (
        flow.back is None
        or kind is DepthKind.AFFINE_DEPTH
        or np.count_nonzero(flow.still) > flow.still.size / 2
    ):
        return running
    if kind is DepthKind.METRIC:
        nearness = np.exp(-running)
        return np.asarray(running + np.log1p(-_shares(nearness, flow)), np.float32)
    low, high = np.percentile(running[::4, ::4], _ENDS)
    nearness = np.maximum(running - np.float32(low - _BEYOND * (high - low)), 0)
    return np.asarray(running + nearness * _shares(nearness, flow), np.float32)


def _shares(nearness: FloatMap, flow: Flow) -> FloatMap:
    """(H, W): by which share of its distance each pixel comes nearer in this frame."""
    assert flow.back is not None  # noqa: S101 - asked before
    slope = approach(nearness, flow.back, flow.trust)
    return np.asarray(np.clip(np.float32(slope) * nearness, -_LARGEST, _LARGEST), np.float32)


def approach(nearness: FloatMap, back: Vectors, trust: FloatMap) -> float:
    """Share of its distance, by nearness, that a point comes nearer, as the flow of a rigid scene tells.

    Args:
        nearness: (h, w) inverse depth up to a scale, of this frame's pixels.
        back: (h, w, 2) pixels, from them to where they were.
        trust: (h, w), 0…1.

    Least squares, without what does not fit: the flow of a moving camera is linear in its turn, and in its
    move by inverse depth. Source: H. Longuet-Higgins and K. Prazdny, "The interpretation of a moving retinal
    image", 1980. The focal length is taken for the width: it bends little of a frame's small turn.
    """
    height, width = nearness.shape
    step = max(1, round(float(np.sqrt(nearness.size / _POINTS))))
    rows, columns = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    sure = trust[rows, columns] > _LEAST_TRUST
    rows, columns = rows[sure], columns[sure]
    if len(rows) < _LEAST_POINTS:
        return 0.0
    x, y = (columns - width / 2) / width, (rows - height / 2) / width
    flow = -back[rows, columns].astype(np.float64) / width
    d = nearness[rows, columns].astype(np.float64)
    zero, one = np.zeros_like(x), np.ones_like(x)
    across = [-d, zero, x * d, x * y, -(one + x * x), y]
    down = [zero, -d, y * d, one + y * y, -x * y, -x]
    design = np.concatenate([np.stack(across, axis=1), np.stack(down, axis=1)])
    wanted = np.concatenate([flow[:, 0], flow[:, 1]])
    return float(_solved(design, wanted)[2])


def _solved(design: Floats, wanted: Floats) -> Floats:
    """By Tukey's biweight; a small ridge keeps what the flow does not tell at nothing."""
    weight: Floats = np.ones(len(wanted))
    found: Floats = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        scaled = design * weight[:, None]
        normal = scaled.T @ design
        normal[np.diag_indices_from(normal)] += 1e-6 * len(wanted)
        found = np.asarray(np.linalg.solve(normal, scaled.T @ wanted), np.float64)
        rest = np.abs(wanted - design @ found)
        pair = np.hypot(rest[: len(rest) // 2], rest[len(rest) // 2 :])
        reach = _REACH * max(1.4826 * float(np.median(pair)), _LEAST_DEVIATION)
        pull = np.square(np.maximum(0, 1 - np.square(pair / reach)))
        weight = np.concatenate([pull, pull])
    return found
