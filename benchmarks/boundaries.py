"""What ``refine`` brings: boundary F1 of soft maps of drawn scenes, by bicubic and refined by the photo.

    python benchmarks/boundaries.py

Scenes of the generator with exact depth, 640×480: four times the size of the map that a network would give.
A boundary is a jump of nearness by more than 5 % between neighbours, and it counts at the very pixel.
"""

from __future__ import annotations

import cv2
import numpy as np

from nearfar.ops.refine import refine
from nearfar.ops.resize import enlarge
from nearfar_lab.scenes.pictures import picture_of, scene_of

SCENES = (
    (1, "tabletop"),
    (2, "objects"),
    (3, "room"),
    (5, "person"),
    (7, "plant"),
    (1, "street"),
    (54, "room"),
)
FACTOR, JUMP = 4, 0.05


def compare(seed: int, world: str, size: tuple[int, int] = (480, 640)) -> tuple[float, float]:
    """F1 of the bicubic enlargement, and of the refined map, on one scene."""
    height, width = size
    small = (width // FACTOR, height // FACTOR)
    drawn = picture_of(scene_of(seed, size, world), size)
    inverse = np.where(np.isfinite(drawn.depth_m), 1 / drawn.depth_m, 0).astype(np.float32)
    near = np.clip(inverse / np.percentile(inverse, 99.9), 0, 1)
    soft = enlarge(cv2.resize(near, small, interpolation=cv2.INTER_AREA), width, height)
    return _f1(soft, near), _f1(refine(soft, drawn.rgb, small), near)


def _f1(found: np.ndarray, exact: np.ndarray) -> float:
    hits = total = 0
    for axis in (0, 1):
        ours, theirs = (np.abs(np.diff(values, axis=axis)) > JUMP for values in (found, exact))
        hits, total = hits + (ours & theirs).sum(), total + ours.sum() + theirs.sum()
    return float(2 * hits / max(total, 1))


if __name__ == "__main__":
    for number, name in SCENES:
        bicubic, refined = compare(number, name)
        print(f"{name:10} bicubic {bicubic:.2f}   refined {refined:.2f}")
