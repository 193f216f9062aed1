"""NYU Depth v2, the official 795 training and 654 test images: filled depth in 8 bits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.datasets.frames import DataSet, Frame, Item, folder_of, invert, read_codes, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

UNITS_PER_METRE = 25.5
VALIDATION_FRAMES = 40
# The depth outside of this box of a 640 x 480 frame was filled in, not measured.
MEASURED_ROWS, MEASURED_COLUMNS = (45, 471), (41, 601)


def _read(picture: Path, depth: Path) -> Frame:
    codes = read_codes(depth)
    inverse = invert(np.where(codes < 255, codes / UNITS_PER_METRE, np.nan))
    # 255 means ten metres or more: far, but not measured. Left unknown.
    scale = codes.shape[0] / 480
    measured = np.zeros(codes.shape, bool)
    rows = slice(*(round(v * scale) for v in MEASURED_ROWS))
    columns = slice(*(round(v * scale) for v in MEASURED_COLUMNS))
    measured[rows, columns] = True
    inverse[~measured] = np.nan
    return Frame(picture.stem, read_rgb(picture), inverse)


def _items(split: str, root: Path) -> list[Item]:
    folder = folder_of(root, "nyu_v2", split)
    pictures = sorted(folder.glob("*.jpg"))
    return [Item(p.stem, p.stem, partial(_read, p, p.with_suffix(".png"))) for p in pictures]


def _training(root: Path) -> list[Item]:
    return _items("train", root)[:-VALIDATION_FRAMES]


def _validation(root: Path) -> list[Item]:
    return _items("train", root)[-VALIDATION_FRAMES:]


def _test(root: Path) -> list[Item]:
    return _items("test", root)


_TERMS = "NYU Depth v2 (Silberman et al. 2012): research data set"

DATA_SETS = (
    DataSet("nyu_v2_train", _TERMS, _training, cap_m=10.0),
    DataSet("nyu_v2_validation", _TERMS, _validation, cap_m=10.0),
    DataSet("nyu_v2", _TERMS, _test, is_held_out=True, cap_m=10.0),
)
