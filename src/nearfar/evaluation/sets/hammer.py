"""HAMMER: tables with shiny and clear things, depth of them rendered from scans."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    camera_of,
    chosen,
    found,
    metres,
    read_codes,
    read_matrix,
    read_rgb,
)

if TYPE_CHECKING:
    from pathlib import Path


def _read(picture: Path, name: str) -> Sample:
    sensor = picture.parents[1]
    pose = sensor / "_pose" / f"{picture.stem}.txt"
    intrinsics = sensor / "intrinsics.txt"
    return Sample(
        name,
        read_rgb(picture),
        metres(read_codes(sensor / "_gt" / picture.name), 1000.0),
        camera=camera_of(read_matrix(intrinsics, 3, 3)) if intrinsics.is_file() else None,
        world_from_cam=read_matrix(pose, 4, 4) if pose.is_file() else None,
    )


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
