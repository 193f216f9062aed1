"""DIODE: photos with dense laser depth, indoors and outdoors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, found, known, read_array, read_rgb, sub_name

if TYPE_CHECKING:
    from pathlib import Path


def _read(picture: Path, name: str) -> Sample:
    depth_m = known(read_array(picture.with_name(f"{picture.stem}_depth.npy")))
    is_valid = read_array(picture.with_name(f"{picture.stem}_depth_mask.npy")) > 0
    return Sample(name, read_rgb(picture), np.where(is_valid, depth_m, np.float32(np.nan)))


def _items(wish: Wish) -> list[Item]:
    part = (wish.split or "val").removeprefix("val").strip("-")
    pictures = wish.folder.rglob("scene_*/scan_*/*.png")
    wanted = [path for path in pictures if not part or part in path.relative_to(wish.folder).parts]
    items = []
    for picture in found(wanted, wish.folder, f"{part or 'indoors'}/scene_*/scan_*/*.png"):
        name = sub_name(picture, wish.folder)
        items.append(Item(name, picture.parent.name, partial(_read, picture, name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "diode",
    "DIODE, validation",
    "https://diode-dataset.org",
    "MIT; cite Vasiljevic et al. 2019",
    "(indoors|outdoor)/scene_*/scan_*/NAME.png, NAME_depth.npy (H × W × 1, metres), NAME_depth_mask.npy",
    _items,
    {"val": 771, "val-indoors": 325, "val-outdoor": 446},
    cap_m=350.0,
    low_m=0.6,
)
