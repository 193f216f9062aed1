"""A contact sheet: every photo of a folder beside its heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar_lab.datasets.frames import read_rgb
from nearfar_lab.errors import DataMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar_lab.datasets.frames import FloatMap, Picture
    from nearfar_lab.predictors import Predictor

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def heat(nearness: FloatMap) -> Picture:
    """H x W values to H x W x 3 RGB Inferno over the map's own range; a flat map is black."""
    low, high = float(nearness.min()), float(nearness.max())
    share = (nearness - low) / (high - low) if high > low else np.zeros_like(nearness)
    bgr = cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return np.ascontiguousarray(bgr[:, :, ::-1], dtype=np.uint8)


def contact_sheet(predictor: Predictor, folder: Path, *, height: int = 240, columns: int = 2) -> Picture:
    """Photo | heat map for every picture of a folder, in rows of `columns` pairs, one height each."""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataMissingError(f"{folder}: no pictures there; give a folder of .jpg or .png files")
    pairs = [_pair(predictor, read_rgb(path), height) for path in paths]
    rows = [np.hstack(pairs[i : i + columns]) for i in range(0, len(pairs), columns)]
    widest = max(row.shape[1] for row in rows)
    return np.vstack([_padded(row, widest) for row in rows])


def _pair(predictor: Predictor, rgb: Picture, height: int) -> NDArray[np.uint8]:
    width = round(rgb.shape[1] * height / rgb.shape[0])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    nearness = cv2.resize(predictor.nearness(rgb), (width, height), interpolation=cv2.INTER_LINEAR)
    gap = np.full((height, 8, 3), 255, np.uint8)
    return np.hstack([small, heat(nearness.astype(np.float32)), gap]).astype(np.uint8)


def _padded(row: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    return np.pad(row, ((0, 8), (0, width - row.shape[1]), (0, 0)), constant_values=255)


def save_picture(rgb: Picture, path: Path) -> None:
    """Write an RGB picture to a PNG or JPEG file."""
    if not cv2.imwrite(str(path), rgb[:, :, ::-1]):
        raise OSError(f"{path}: could not be written; check that its folder exists")
