"""Rendered scenes with exact depth, in focus and free of noise, of seeds that no training run uses."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.datasets.frames import DataSet, Frame, Item

if TYPE_CHECKING:
    from pathlib import Path

FIRST_SEED, COUNT = 90_000_000, 48
SIZE = (480, 640)
"""More than twice what the network sees: a soft edge costs."""


@lru_cache(COUNT)
def _read(seed: int) -> Frame:
    """Rendered once a process: an evaluation at several sizes asks for the same scenes again."""
    from nearfar_lab.scenes.pictures import picture_of, scene_of

    picture = picture_of(scene_of(seed, SIZE), SIZE)
    inverse = (1.0 / np.asarray(picture.depth_m, np.float64)).astype(np.float32)
    for array in (picture.rgb, inverse):
        array.setflags(write=False)
    return Frame(str(seed), picture.rgb, inverse)


def _items(root: Path) -> list[Item]:  # noqa: ARG001 - nothing is read: the scenes are made
    seeds = range(FIRST_SEED, FIRST_SEED + COUNT)
    return [Item(str(seed), str(seed), partial(_read, seed)) for seed in seeds]


DATA_SETS = (
    DataSet(
        "scenes_sharp",
        "Apache-2.0: rendered by nearfar_lab.scenes",
        _items,
        is_held_out=True,
        has_sharp_edges=True,
    ),
)
