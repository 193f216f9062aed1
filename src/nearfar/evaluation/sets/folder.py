"""Any folder of photos with a depth picture beside each: the set of someone's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    chosen,
    found,
    known,
    read_array,
    read_codes,
    read_pfm,
    read_rgb,
    sub_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nearfar.types.arrays import FloatMap

_PHOTOS = (".jpg", ".jpeg", ".png", ".webp")
_DEPTHS = (".png", ".npy", ".pfm")
_ENDS = (("_rgb", "_depth"), ("", "_depth"), ("", ""))
"""How the stem of a photo and that of its depth end."""


def _depth(path: Path, layout: Mapping[str, Any]) -> FloatMap:
    """float32 metres; what the layout calls invalid is unknown."""
    if path.suffix == ".npy":
        numbers = read_array(path).astype(np.float64)
    elif path.suffix == ".pfm":
        numbers = read_pfm(path).astype(np.float64)
    else:
        numbers = read_codes(path).astype(np.float64)
    is_known = np.isfinite(numbers) & ~np.isin(numbers, layout.get("invalid", (0.0,)))
    return known(np.where(is_known, numbers, np.nan) / float(layout.get("per_metre", 1000.0)))


def _read(picture: Path, depth: Path, layout: Mapping[str, Any], name: str) -> Sample:
    return Sample(name, read_rgb(picture), _depth(depth, layout))


def _depth_of(picture: Path) -> Path | None:
    for photo_end, depth_end in _ENDS:
        if not picture.stem.endswith(photo_end):
            continue
        stem = picture.stem.removesuffix(photo_end) + depth_end
        for suffix in _DEPTHS:
            path = picture.with_name(stem + suffix)
            if path != picture and path.is_file():
                return path
    return None


def _items(wish: Wish) -> list[Item]:
    layout = wish.layout or {}
    items = []
    for picture in sorted(wish.folder.rglob("*")):
        if picture.suffix.lower() not in _PHOTOS or picture.stem.endswith("_depth"):
            continue
        depth = _depth_of(picture)
        if depth is not None:
            name = sub_name(picture, wish.folder)
            items.append(Item(name, name.rpartition("/")[0], partial(_read, picture, depth, layout, name)))
    if not items:
        found((), wish.folder, "photo with depth of the same name beside it")
    return chosen(items, wish.listed)


SETS = EvalSet(
    "folder",
    "A folder of your own",
    "",
    "yours",
    "NAME.jpg with NAME.png, NAME_depth.png, .npy or .pfm beside it; --per-metre and --invalid say what the "
    "numbers are (1000 and 0 where nothing is said)",
    _items,
    {"all": 0},
)
