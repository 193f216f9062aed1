"""A contact sheet: every photo of a folder beside its heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.colormap import Span, colorize
from nearfar.ops.sheet import Cell, draw_sheet
from nearfar_lab.datasets.frames import read_rgb
from nearfar_lab.errors import DataMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar.types import Picture
    from nearfar_lab.predictors import Predictor

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_GAP = 8  # pixels between a photo and its heat map
COLORMAP = "inferno"


def contact_sheet(predictor: Predictor, folder: Path, *, height: int = 240, columns: int = 2) -> Picture:
    """Photo and heat map of every picture of a folder, `columns` pairs in a row, the file's name below."""
    if not folder.is_dir():
        raise DataMissingError(f"{folder}: there is no such folder.", "Give a folder of photos.")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataMissingError(f"{folder}: there are no pictures.", "Give a folder of .jpg or .png files.")
    pairs = [_pair(predictor, read_rgb(path), height) for path in paths]
    cells = [Cell(pair, (path.name,)) for pair, path in zip(pairs, paths, strict=True)]
    widest = max(pair.shape[1] for pair in pairs)
    return draw_sheet(cells, (height, widest), COLORMAP, columns=columns)


def _pair(predictor: Predictor, rgb: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """(height, W, 3): the photo on the left, on the right its nearness in colours over its own range."""
    width = round(rgb.shape[1] * height / rgb.shape[0])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    near = np.asarray(cv2.resize(predictor.nearness(rgb), (width, height)), np.float32)
    colours = colorize(near, COLORMAP, Span(float(near.min()), float(near.max())))
    return np.hstack([small, np.full((height, _GAP, 3), 255, np.uint8), colours]).astype(np.uint8)
