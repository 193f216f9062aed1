"""Sequences of real and rendered sets in `shared/data`: measured depth, and cameras solved from it.

The sets hold no cameras. Between neighbours the turn and move of the camera are solved from measured points
of the one that are found again in the other (SIFT, then PnP with RANSAC): true depth decides, no network's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.registry import named
from nearfar_lab.datasets.frames import folder_of, invert, read_codes, read_rgb
from nearfar_lab.video.clips import ClipFrame

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_RATIO = 0.8  # the best match must be that much nearer than the second (D. Lowe, IJCV 2004)
_LEAST_INLIERS = 15
_REACH_PX = 2.0
_MILLIMETRE = 1e-3


@dataclass(frozen=True)
class Sequence:
    """Pictures of one folder whose names begin alike; ``focal``: its camera's focal length in widths."""

    name: str
    folder: str
    prefix: str
    focal: float


_ROWS = (
    Sequence("tum_fr1", "tum", "fr1", 517.3 / 640),
    Sequence("tartan_hospital", "tartan_hospital", "", 0.5),
)
SEQUENCES = {row.name: row for row in _ROWS}


def frames_of_sequence(name: str, root: Path) -> list[ClipFrame]:
    """The longest part of a sequence in which the camera is known from each frame to the next.

    Raises:
        UnknownNameError: there is no such sequence.
        DataMissingError: its folder is not there.
    """
    row = named("sequence", SEQUENCES, name)
    folder = folder_of(root, "rgbd_mix", row.folder)
    frames: list[ClipFrame] = []
    parts: list[list[ClipFrame]] = []
    pose = np.eye(3, 4)
    for path in sorted(folder.glob(f"{row.prefix}*_rgb.jpg")):
        rgb = read_rgb(path)
        codes = read_codes(path.with_name(path.name.replace("_rgb.jpg", "_depth.png")))
        inverse_m = invert(np.where(codes > 0, codes * _MILLIMETRE, np.nan))
        if frames:
            step = _step(frames[-1], rgb)
            if step is None:
                parts.append(frames)
                frames, pose = [], np.eye(3, 4)
            else:
                pose = _after(pose, step)
        frames.append(ClipFrame(rgb, inverse_m, pose, row.focal * rgb.shape[1]))
    return max([*parts, frames], key=len)


def _after(pose: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 4) camera from world of the next frame: ``step`` after ``pose``."""
    turn, move = step[:, :3], step[:, 3]
    return np.concatenate([turn @ pose[:, :3], (turn @ pose[:, 3] + move)[:, None]], axis=1)


def _step(frame: ClipFrame, rgb: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """(3, 4): the next camera from this one, or None where too few points are found again."""
    here, there = _matches(frame.rgb, rgb)
    x, y = np.round(here).astype(int).T if len(here) else np.zeros((2, 0), int)
    inverse = frame.inverse_m[y, x]
    known = np.isfinite(inverse) & (inverse > 0)
    if known.sum() < _LEAST_INLIERS:
        return None
    height, width = frame.inverse_m.shape
    middle = np.array([width / 2 - 0.5, height / 2 - 0.5])
    depth_m = 1 / inverse[known].astype(np.float64)
    flat = (here[known] - middle) / frame.focal_px
    points = np.column_stack([flat * depth_m[:, None], depth_m])
    lens = np.array([[frame.focal_px, 0, middle[0]], [0, frame.focal_px, middle[1]], [0, 0, 1]], np.float64)
    nothing: Any = None
    found, turn, move, inliers = cv2.solvePnPRansac(
        points, there[known], lens, nothing, iterationsCount=500, reprojectionError=_REACH_PX
    )
    if not found or inliers is None or len(inliers) < _LEAST_INLIERS:
        return None
    return np.concatenate([cv2.Rodrigues(turn)[0], np.asarray(move).reshape(3, 1)], axis=1)


def _matches(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Points (P, 2) of two pictures that look alike and like no other."""
    sift = cv2.SIFT.create(3000, contrastThreshold=0.015)
    nothing: Any = None
    (one, looks), (two, others) = (sift.detectAndCompute(p, nothing) for p in (first, second))
    if looks is None or others is None or len(two) < 2:
        return np.zeros((0, 2)), np.zeros((0, 2))
    pairs = cv2.BFMatcher().knnMatch(looks, others, k=2)
    good = [best for best, second_best in pairs if best.distance < _RATIO * second_best.distance]
    here = np.array([one[match.queryIdx].pt for match in good], np.float64).reshape(-1, 2)
    there = np.array([two[match.trainIdx].pt for match in good], np.float64).reshape(-1, 2)
    return here, there
