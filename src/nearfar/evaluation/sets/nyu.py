"""NYU Depth v2: the labelled ``.mat`` (HDF5) with the official split, and the same as PNG files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    camera_of,
    chosen,
    damaged,
    found,
    known,
    library,
    metres,
    read_codes,
    read_rgb,
    sub_name,
)
from nearfar.registry import named

if TYPE_CHECKING:
    from pathlib import Path

MAT, SPLIT_FILE = "nyu_depth_v2_labeled.mat", "splits.mat"
SPLITS = {"test": 654, "train": 795}
_KEYS = {"test": "testNdxs", "train": "trainNdxs"}
_FOCAL_X, _FOCAL_Y, _CENTRE_X, _CENTRE_Y = 518.8579, 519.4696, 325.5824, 253.7362
CAMERA = camera_of(np.array([[_FOCAL_X, 0, _CENTRE_X], [0, _FOCAL_Y, _CENTRE_Y], [0, 0, 1]]))
"""Of the colour camera, from the set's toolbox."""


def _hdf5() -> Any:
    import h5py

    return h5py


def _matlab() -> Any:
    import scipy.io

    return scipy.io


def _read_mat(path: Path, key: str, number: int) -> Sample:
    """Picture ``number``, from 1, of the labelled file: arrays of it are transposed as Matlab writes them."""
    try:
        with library("h5py", _hdf5, MAT).File(path, "r") as file:
            rgb = np.asarray(file["images"][number - 1]).transpose(2, 1, 0)
            depth_m = np.asarray(file[key][number - 1]).T
    except (OSError, KeyError, IndexError, ValueError) as exc:
        raise damaged(path, exc) from exc
    name = f"{number:04d}"
    return Sample(name, np.ascontiguousarray(rgb, np.uint8), known(depth_m), camera=CAMERA)


def _numbers(wish: Wish) -> list[int]:
    split = wish.split or "test"
    named("split of nyu", SPLITS, split)
    if wish.listed:
        return [int(line.split()[0]) for line in wish.listed]
    path = wish.folder / SPLIT_FILE
    try:
        rows = library("scipy", _matlab, SPLIT_FILE).loadmat(path)[_KEYS[split]]
    except (OSError, KeyError, ValueError) as exc:
        raise damaged(path, exc) from exc
    return [int(number) for number in np.ravel(rows)]


def _mat_items(key: str, wish: Wish) -> list[Item]:
    (path,) = found(wish.folder.glob(MAT), wish.folder, MAT)
    library("h5py", _hdf5, MAT)
    return [
        Item(f"{number:04d}", f"{number:04d}", partial(_read_mat, path, key, number))
        for number in _numbers(wish)
    ]


def _read_png(picture: Path, depth: Path, name: str) -> Sample:
    return Sample(name, read_rgb(picture), metres(read_codes(depth), 1000.0), camera=CAMERA)


def _png_items(wish: Wish) -> list[Item]:
    pictures = found(wish.folder.rglob("rgb_*.jpg"), wish.folder, "SCENE/rgb_00000.jpg")
    items = []
    for picture in pictures:
        depth = picture.with_name(f"sync_depth_{picture.stem.removeprefix('rgb_')}.png")
        name = sub_name(picture, wish.folder)
        if depth.is_file():
            items.append(Item(name, picture.parent.name, partial(_read_png, picture, depth, name)))
    return chosen(items, wish.listed)


_HOME = "https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html"
_TERMS = "research data set, no licence stated; cite Silberman et al. 2012"
_LIST = "numbers of pictures from 1, one a line; splits.mat is read where no list is given"


def _mat(name: str, title: str, key: str) -> EvalSet:
    return EvalSet(
        name,
        title,
        _HOME,
        _TERMS,
        f"{MAT} (images, {key}) and {SPLIT_FILE} (trainNdxs, testNdxs)",
        partial(_mat_items, key),
        SPLITS,
        cap_m=10.0,
        crop="eigen-nyu",
        list_help=_LIST,
        libraries=("h5py", "scipy"),
    )


SETS = (
    _mat("nyu", "NYU Depth v2, raw depth as measured", "rawDepths"),
    _mat("nyu-filled", "NYU Depth v2, depth with holes filled", "depths"),
    EvalSet(
        "nyu-png",
        "NYU Depth v2 as files, as BTS unpacks it",
        _HOME,
        _TERMS,
        "SCENE/rgb_00000.jpg beside SCENE/sync_depth_00000.png (16 bits, millimetres, 0 unknown)",
        _png_items,
        {"test": 654, "train": 795},
        cap_m=10.0,
        crop="eigen-nyu",
        list_help="SCENE/rgb_00000.jpg as the first word of a line",
    ),
)
