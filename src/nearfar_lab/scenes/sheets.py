"""Contact sheets: many small pictures beside their depths."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nearfar_lab.scenes.pictures import render
from nearfar_lab.scenes.scene import Picture


def depth_colours(depth_m: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Inverse depth as Inferno colours (H, W, 3) RGB, warm near, from the 1st to the 99th percentile."""
    inverse = 1.0 / depth_m
    low, high = np.percentile(inverse, [1, 99])
    grey = np.clip(255 * (inverse - low) / max(float(high - low), 1e-9), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)[..., ::-1])


def cell(picture: Picture, height: int) -> NDArray[np.uint8]:
    """A picture and its depth side by side, `height` high, with its seed and world written on it."""
    pair = np.concatenate([picture.rgb, depth_colours(picture.depth_m)], axis=1)
    pair = cv2.resize(
        pair, (round(pair.shape[1] * height / pair.shape[0]), height), interpolation=cv2.INTER_AREA
    )
    cv2.putText(
        pair,
        f"{picture.seed} {picture.world}",
        (4, height - 5),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.38,
        (255, 255, 255),
        1,
        cv2.LINE_AA,
    )
    return pair.astype(np.uint8)


def contact_sheet(
    seeds: Sequence[int],
    path: Path,
    columns: int = 3,
    *,
    size: tuple[int, int] = (240, 320),
    world: str | None = None,
    textures: NDArray[np.float32] | None = None,
    height: int = 200,
) -> None:
    """Write one picture of all seeds and their depths to `path` (PNG or JPEG)."""
    cells = [cell(render(seed, size, world, textures), height) for seed in seeds]
    blank = np.zeros_like(cells[0])
    cells += [blank] * (-len(cells) % columns)
    rows = [np.concatenate(cells[i : i + columns], axis=1) for i in range(0, len(cells), columns)]
    if not cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1]):
        raise OSError(f"cannot write {path}")
