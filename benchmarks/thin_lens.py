"""The blur of ``bokeh`` against a ray-traced thin lens, and against the plain blur-and-composite.

    python benchmarks/thin_lens.py

Scenes of the generator with exact depth are rendered sharp and through the points of a lens. Errors are mean
absolute differences in 8-bit steps. Plain: a 51×51 Gaussian, the nearest 30 % kept sharp.
"""

from __future__ import annotations

import cv2
import numpy as np

import nearfar
from nearfar.types import DepthKind, DepthMap
from nearfar_lab.scenes.pictures import picture_of, scene_of
from nearfar_lab.scenes.scene import Lens

SCENES = ((1, "tabletop"), (2, "objects"), (3, "room"), (5, "person"), (7, "plant"))


def compare(
    seed: int, world: str, size: tuple[int, int] = (240, 320), samples: int = 48
) -> tuple[float, float]:
    """Errors of bokeh and of the plain way on one scene in focus at its middle; the blur is 1/32 wide."""
    height, width = size
    scene = scene_of(seed, size, world)
    sharp = picture_of(scene, size)
    middle = sharp.depth_m[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    focus_m = float(np.median(middle[np.isfinite(middle)]))
    inverse = np.where(np.isfinite(sharp.depth_m), 1 / sharp.depth_m, 0).astype(np.float32)
    away = float(np.abs(inverse - 1 / focus_m).max())
    aperture_m = width / 32 / (sharp.fx * away)
    seen = picture_of(scene, size, Lens(aperture_m, focus_m, samples)).rgb.astype(float)
    depth = DepthMap(inverse, DepthKind.RELATIVE_INVERSE)
    focus = {"focus_range": (0.995 / focus_m, 1.005 / focus_m), "depth_of_field": 0}
    ours = nearfar.effect(
        "bokeh", sharp.rgb, depth, strength=100 / 32, highlights=0, refine=False, **focus
    ).pixels
    keep = (inverse >= np.percentile(inverse, 70))[..., None]
    plain = np.where(keep, sharp.rgb, cv2.GaussianBlur(sharp.rgb, (51, 51), 0))
    return float(np.abs(ours - seen).mean()), float(np.abs(plain - seen).mean())


if __name__ == "__main__":
    for number, name in SCENES:
        mine, theirs = compare(number, name)
        gain = 1 - mine / theirs
        print(f"{name:10} bokeh {mine:5.2f}   plain {theirs:5.2f}   lower by {gain:4.0%}   limit 30%")
