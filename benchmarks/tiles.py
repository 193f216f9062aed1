"""What tiles bring: boundaries of sharp synthetic scenes by one look and by tiles, side by side.

    python benchmarks/tiles.py --scenes 8 --length 512

Draws scenes by the workshop's generator at 768×576 with seeds that training does not use, and measures after
the MiDaS alignment: F1 of depth boundaries to the pixel (Depth Pro, section 4.2) and the share of pixels
whose depth is off by more than a factor of 1.25. Leaves with 1 where tiles find fewer boundaries.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

import nearfar
from nearfar.evaluation.figures import depth_figures, depth_from_inverse
from nearfar.types import Photo
from nearfar_lab.metrics.boundary import boundary_f1
from nearfar_lab.scenes import render

SIZE = (576, 768)
FIRST_SEED = 9_000_000
CAP_M = 200.0


def figures(model: nearfar.Model, seed: int, length: int) -> list[tuple[float, float]]:
    """(boundary F1, share beyond 1.25) by one look, then by tiles."""
    scene = render(FIRST_SEED + seed, SIZE)
    depth_m = np.clip(scene.depth_m, 0.05, CAP_M).astype(np.float64)
    rows = []
    for tiles in (0, length):
        values = model.estimate(Photo(scene.rgb), tiles=tiles).values.ravel()
        found = depth_from_inverse(values, 1 / depth_m.ravel(), CAP_M)
        score = boundary_f1(found.reshape(SIZE), depth_m)
        rows.append((score, depth_figures(found, depth_m.ravel()).beyond))
    return rows


def main() -> int:
    """Print the means; 1 where tiles do not find more boundaries."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--model", default="embedded")
    given = parser.parse_args()
    model = nearfar.load(given.model)
    rows = np.array([figures(model, seed, given.length) for seed in range(given.scenes)])
    once, tiled = np.nanmean(rows, axis=0)
    better = int(np.sum(rows[:, 1, 0] > rows[:, 0, 0]))
    print(f"{given.model}, {given.scenes} scenes, tiles at {given.length}")
    print(f"boundary F1 {once[0]:.4f} by one look")
    print(f"{tiled[0]:.4f} by tiles ({tiled[0] / once[0] - 1:+.0%}, better in {better} of {given.scenes});")
    print(f"share of pixels beyond 1.25: {once[1]:.1%} and {tiled[1]:.1%}")
    return 0 if tiled[0] > once[0] else 1


if __name__ == "__main__":
    sys.exit(main())
