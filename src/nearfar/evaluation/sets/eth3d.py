"""ETH3D, high-resolution multi-view: photos, and depth as float32 without a header in files called .JPG."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import SourceError
from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, floats, found, known, read_bytes, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

_DEPTH = "ground_truth_depth/dslr_images"
_PHOTOS = "images/dslr_images"


def _read(picture: Path, depth: Path, name: str) -> Sample:
    rgb = read_rgb(picture)
    height, width = rgb.shape[:2]
    depth_m = known(floats(depth, read_bytes(depth), "<f4", (height, width)))
    depth_m[~np.isfinite(depth_m)] = np.nan  # infinite means that nothing was measured
    return Sample(name, rgb, depth_m)


def _picture_of(depth: Path, root: Path) -> Path:
    """The photo of a depth file: beside it, or in the folder of the other archive."""
    scene = depth.parents[2].name
    places = [depth.parents[2], root / scene, root / f"{scene}_dslr_jpg" / scene]
    places.append(root / "multi_view_training_dslr_jpg" / scene)
    for place in places:
        if (place / _PHOTOS / depth.name).is_file():
            return place / _PHOTOS / depth.name
    raise SourceError(
        f"There is no photo {_PHOTOS}/{depth.name} of {scene}.", "Unpack SCENE_dslr_jpg.7z beside the depth."
    )


def _items(wish: Wish) -> list[Item]:
    items = []
    for depth in found(wish.folder.rglob(f"{_DEPTH}/*.JPG"), wish.folder, f"SCENE/{_DEPTH}/*.JPG"):
        scene = depth.parents[2].name
        name = f"{scene}/{depth.stem}"
        items.append(Item(name, scene, partial(_read, _picture_of(depth, wish.folder), depth, name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "eth3d",
    "ETH3D high-resolution multi-view, training scenes",
    "https://www.eth3d.net/datasets",
    "CC BY-NC-SA 4.0; cite Schöps et al. 2017",
    f"SCENE/{_PHOTOS}/NAME.JPG (SCENE_dslr_jpg.7z) and SCENE/{_DEPTH}/NAME.JPG (SCENE_dslr_depth.7z)",
    _items,
    {"train": 454},
    cap_m=72.0,
)
