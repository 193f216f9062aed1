"""The Motorcycle scene of Middlebury 2014: one photo with sharp, dense disparity. Held out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.datasets.frames import DataSet, Frame, Item, folder_of, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

# Calibration of the full-size scene (2964 pixels wide): focal length, principal points' offset, baseline.
FULL_WIDTH_PX = 2964
FOCAL_PX, OFFSET_PX, BASELINE_M = 3997.684, 131.111, 0.193001


def _read(folder: Path) -> Frame:
    with np.load(folder / "Motorcycle_disp.npz") as stored:
        disparity_px = np.asarray(stored[stored.files[0]], np.float64)
    scale = disparity_px.shape[1] / FULL_WIDTH_PX
    inverse = (disparity_px + OFFSET_PX * scale) / (FOCAL_PX * scale * BASELINE_M)
    inverse[~np.isfinite(disparity_px)] = np.nan
    return Frame("Motorcycle", read_rgb(folder / "Motorcycle_left.png"), inverse.astype(np.float32))


def _items(root: Path) -> list[Item]:
    folder = folder_of(root, "middlebury_motorcycle")
    return [Item("Motorcycle", "Motorcycle", partial(_read, folder))]


DATA_SETS = (DataSet("middlebury_motorcycle", "Middlebury Stereo 2014: research", _items, is_held_out=True),)
