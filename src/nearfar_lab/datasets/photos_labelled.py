"""Ranked photos again, with the dense labels that a finer network gave them (see `nearfar_lab.label`)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.datasets.frames import DataSet, Frame, Item
from nearfar_lab.datasets.order_photos import SCENES, TERMS, VARIOUS
from nearfar_lab.errors import DataMissingError
from nearfar_lab.settings import read_settings

if TYPE_CHECKING:
    from nearfar_lab.datasets.order_photos import OrderItem

LABELLED = (VARIOUS, SCENES)
LABELS = "labels"
"""The folder of labels beside the runs."""


def label_file(folder: Path, name: str, photo: str) -> Path:
    """Where the label of a set's photo lies: float16 (H, W), near is large, positive."""
    return folder / f"{name}-{Path(photo).stem}.npy"


def _read(photo: OrderItem, label: Path) -> Frame:
    return Frame(photo.name, photo.read().rgb, np.load(label).astype(np.float32))


def _items(root: Path) -> list[Item]:
    from nearfar_lab.datasets import order_set

    folder = read_settings().runs / LABELS
    if not folder.is_dir():
        raise DataMissingError(f"{folder}: there are no labels.", "Write them first: nearfar-lab label RUN")
    rows = [
        (photo, label_file(folder, name, photo.name))
        for name in LABELLED
        for photo in order_set(name).items(root)
    ]
    return [
        Item(photo.name, photo.name, partial(_read, photo, label)) for photo, label in rows if label.is_file()
    ]


DATA_SETS = (
    DataSet(
        "photos_labelled",
        "; ".join(
            f"dense labels of nearfar's own finer network on {TERMS[name].split(';')[0]}" for name in LABELLED
        ),
        _items,
        has_zero=False,
    ),
)
