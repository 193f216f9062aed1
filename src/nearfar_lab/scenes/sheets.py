"""Contact sheets: many small pictures beside their depths."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nearfar.ops.colormap import Span, colorize
from nearfar.ops.sheet import Cell, draw_sheet
from nearfar_lab.scenes.scene import RenderedPicture

COLORMAP = "inferno"


def depth_colours(depth_m: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB colours of inverse depth, warm is near, from its 1st to its 99th percentile."""
    inverse = np.asarray(1.0 / depth_m, np.float32)
    low, high = np.percentile(inverse, [1, 99])
    return colorize(inverse, COLORMAP, Span(float(low), float(high)))


def cell(picture: RenderedPicture, height: int) -> Cell:
    """A picture and its depth side by side, `height` pixels high, its seed and world below."""
    pair = np.concatenate([picture.rgb, depth_colours(picture.depth_m)], axis=1)
    width = round(pair.shape[1] * height / pair.shape[0])
    small = cv2.resize(pair, (width, height), interpolation=cv2.INTER_AREA)
    return Cell(np.asarray(small, np.uint8), (f"{picture.seed} {picture.world}",))


def contact_sheet(
    pictures: Iterable[RenderedPicture], path: Path, columns: int = 3, *, height: int = 200
) -> None:
    """Write one sheet of rendered pictures and their depths to `path` (PNG, JPEG or WebP)."""
    cells = [cell(picture, height) for picture in pictures]
    widest = max(found.pixels.shape[1] for found in cells if found.pixels is not None)
    draw_sheet(cells, (height, widest), COLORMAP, columns=columns).save(path)
