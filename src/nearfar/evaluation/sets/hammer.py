"""HAMMER: tables with shiny and clear things, depth of them rendered from scans."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, found
from nearfar.evaluation.sets._posed import PosedFrame

if TYPE_CHECKING:
    from pathlib import Path


def _read(picture: Path, name: str) -> Sample:
    sensor = picture.parents[1]
    depth, pose = sensor / "_gt" / picture.name, sensor / "_pose" / f"{picture.stem}.txt"
    return PosedFrame(picture, depth, sensor / "intrinsics.txt", pose).sample(name)


def _items(wish: Wish) -> list[Item]:
    items = []
    pattern = "*/polarization/rgb/*.png"
    for picture in found(wish.folder.rglob(pattern), wish.folder, pattern):
        sequence = picture.parents[2].name
        name = f"{sequence}/polarization/rgb/{picture.stem}"
        items.append(Item(name, sequence, partial(_read, picture, name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "hammer",
    "HAMMER, the polarisation camera",
    "https://github.com/Junggy/HAMMER-dataset",
    "as its home states; cite Jung et al. 2023",
    "SEQUENCE/polarization/rgb/N.png, _gt/N.png (16 bits, millimetres), _pose/N.txt, intrinsics.txt",
    _items,
    {"all": 0},
    cap_m=6.0,
    low_m=0.1,
    has_sharp_edges=True,
    has_poses=True,
)
