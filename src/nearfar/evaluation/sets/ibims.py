"""iBims-1: a hundred rooms with laser depth that is exact at outlines."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, found, read_bytes, read_codes, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

FARTHEST_M = 50.0
MASKS = ("mask_invalid", "mask_transp")
"""Folders of masks; 0 means that the pixel does not count."""


def _read(root: Path, name: str) -> Sample:
    codes = read_codes(root / "depth" / f"{name}.png")
    is_valid = codes > 0
    for folder in MASKS:
        mask = root / folder / f"{name}.png"
        if mask.is_file():
            is_valid &= read_codes(mask) > 0
    depth_m = np.where(is_valid, codes * (FARTHEST_M / 65535), np.nan).astype(np.float32)
    return Sample(name, read_rgb(root / "rgb" / f"{name}.png"), depth_m)


def _items(wish: Wish) -> list[Item]:
    (path, *_) = found(wish.folder.rglob("imagelist.txt"), wish.folder, "imagelist.txt")
    names = read_bytes(path).decode("utf-8", "replace").split()
    return chosen([Item(name, name, partial(_read, path.parent, name)) for name in names], wish.listed)


SETS = EvalSet(
    "ibims",
    "iBims-1, core set",
    "https://www.asg.ed.tum.de/lmf/ibims1/",
    "as its home states; cite Koch et al. 2018",
    "ibims1_core_raw: imagelist.txt, rgb/NAME.png, depth/NAME.png (16 bits, 50/65535 m), mask_invalid/, "
    "mask_transp/",
    _items,
    {"core": 100},
    cap_m=FARTHEST_M,
    has_sharp_edges=True,
)
