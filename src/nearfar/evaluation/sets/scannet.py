"""ScanNet v2, as its SensReader unpacks it: sequences of rooms with depth and camera poses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, found
from nearfar.evaluation.sets._posed import PosedFrame

if TYPE_CHECKING:
    from pathlib import Path


def _read(picture: Path, name: str) -> Sample:
    scene, number = picture.parents[1], picture.stem
    depth, pose = scene / "depth" / f"{number}.png", scene / "pose" / f"{number}.txt"
    return PosedFrame(picture, depth, scene / "intrinsic" / "intrinsic_depth.txt", pose, side=4).sample(name)


def _place(picture: Path) -> tuple[str, int]:
    """Scenes by name, frames by number: 10 follows 9."""
    return picture.parents[1].name, int(picture.stem) if picture.stem.isdigit() else 0


def _items(wish: Wish) -> list[Item]:
    pictures = found(wish.folder.rglob("scene*/color/*.jpg"), wish.folder, "SCENE/color/0.jpg")
    items = []
    for picture in sorted(pictures, key=_place):
        scene = picture.parents[1].name
        name = f"{scene}/color/{picture.stem}"
        items.append(Item(name, scene, partial(_read, picture, name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "scannet",
    "ScanNet v2",
    "http://www.scan-net.org",
    "ScanNet terms of use: research, signed; cite Dai et al. 2017",
    "SCENE/color/N.jpg, SCENE/depth/N.png (16 bits, millimetres), SCENE/pose/N.txt, "
    "SCENE/intrinsic/intrinsic_depth.txt",
    _items,
    {"all": 0, "marigold": 800},
    cap_m=10.0,
    list_help="for 'marigold' the 800 frames of its list; else whatever scenes are there",
    has_poses=True,
)
