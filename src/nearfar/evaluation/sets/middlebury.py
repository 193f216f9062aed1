"""Middlebury Stereo 2014: rooms with disparity measured by structured light."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import BrokenImageError
from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import camera_of, chosen, found, read_bytes, read_pfm, read_rgb

if TYPE_CHECKING:
    from pathlib import Path


def _numbers(path: Path) -> dict[str, list[float]]:
    """The numbers of each line ``name=…`` of a calibration; matrices row by row."""
    rows = {}
    for line in read_bytes(path).decode("utf-8", "replace").splitlines():
        name, _, text = line.partition("=")
        rows[name.strip()] = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text)]
    if not {"cam0", "doffs", "baseline"} <= rows.keys() or len(rows["cam0"]) != 9:
        raise BrokenImageError(f"{path} has no cam0, doffs and baseline.", "Fetch the set again.")
    return rows


def _read(folder: Path) -> Sample:
    given = _numbers(folder / "calib.txt")
    matrix = np.array(given["cam0"]).reshape(3, 3)
    disparity_px = read_pfm(folder / "disp0.pfm").astype(np.float64)
    is_known = np.isfinite(disparity_px)
    shifted_px = np.where(is_known, disparity_px, 1.0) + given["doffs"][0]
    depth_m = given["baseline"][0] / 1000 * matrix[0, 0] / shifted_px
    depth_m[~is_known | (shifted_px <= 0)] = np.nan
    return Sample(
        folder.name, read_rgb(folder / "im0.png"), depth_m.astype(np.float32), camera=camera_of(matrix)
    )


def _items(wish: Wish) -> list[Item]:
    folders = [path.parent for path in found(wish.folder.rglob("disp0.pfm"), wish.folder, "SCENE/disp0.pfm")]
    return chosen([Item(f.name, f.name, partial(_read, f)) for f in folders], wish.listed)


SETS = EvalSet(
    "middlebury",
    "Middlebury Stereo 2014",
    "https://vision.middlebury.edu/stereo/data/scenes2014/",
    "research, no licence stated; cite Scharstein et al. 2014",
    "SCENE/im0.png, SCENE/disp0.pfm (pixels, infinite unknown), SCENE/calib.txt (cam0, doffs, baseline)",
    _items,
    {"all": 0},
    cap_m=20.0,
    has_sharp_edges=True,
)
