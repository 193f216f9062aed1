"""Make3D: photos of 2272 × 1704 pixels and grids of 55 × 305 laser distances."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, damaged, folder_of, found, known, library, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

_PICTURES = ("Test134", "Test134Img", "Test134/Test134")
_GRIDS = ("Gridlaserdata", "Test134Depth", "Gridlaserdata/Gridlaserdata")


def _matlab() -> Any:
    import scipy.io

    return scipy.io


def _read(picture: Path, grid: Path, name: str) -> Sample:
    try:
        positions = library("scipy", _matlab, grid.name).loadmat(grid)["Position3DGrid"]
        depth_m = np.asarray(positions, np.float64)[:, :, 3]
    except (OSError, KeyError, ValueError, IndexError) as exc:
        raise damaged(grid, exc) from exc
    return Sample(name, read_rgb(picture), known(depth_m))


def _items(wish: Wish) -> list[Item]:
    pictures = folder_of(wish.folder, *_PICTURES)
    grids = folder_of(wish.folder, *_GRIDS)
    items = []
    for picture in found(pictures.glob("img-*.jpg"), pictures, "img-*.jpg"):
        name = picture.stem.removeprefix("img-")
        items.append(Item(name, name, partial(_read, picture, grids / f"depth_sph_corr-{name}.mat", name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "make3d",
    "Make3D, the test photos",
    "http://make3d.cs.cornell.edu/data.html",
    "research, no licence stated; cite Saxena et al. 2009",
    "Test134/img-NAME.jpg and Gridlaserdata/depth_sph_corr-NAME.mat (Position3DGrid, 55 × 305 × 4)",
    _items,
    {"test": 134},
    cap_m=70.0,
    libraries=("scipy",),
)
