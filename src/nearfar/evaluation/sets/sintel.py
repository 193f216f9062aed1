"""MPI Sintel: an animated film with rendered depth and cameras."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import BrokenImageError
from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    camera_of,
    chosen,
    floats,
    folder_of,
    found,
    known,
    read_bytes,
    read_rgb,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap

TAG = 202021.25


def _check_tag(path: Path, data: bytes) -> None:
    if len(data) < 12 or np.frombuffer(data[:4], "<f4")[0] != np.float32(TAG):
        raise BrokenImageError(f"{path} does not begin with the tag of Sintel's files.", "Fetch it again.")


def read_dpt(path: Path) -> FloatMap:
    """The depth in a ``.dpt`` file, (H, W): tag, width, height, float32 numbers."""
    data = read_bytes(path)
    _check_tag(path, data)
    width, height = (int(side) for side in np.frombuffer(data[4:12], "<i4"))
    return floats(path, data[12:], "<f4", (height, width))


def read_cam(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Intrinsics (3, 3) and the camera-from-world pose (4, 4) in a ``.cam`` file."""
    data = read_bytes(path)
    _check_tag(path, data)
    if len(data) != 4 + 8 * (9 + 12):
        raise BrokenImageError(f"{path}: a file of 172 bytes was expected.", "Fetch it again.")
    numbers = np.frombuffer(data[4:], "<f8")
    pose = np.eye(4)
    pose[:3] = numbers[9:].reshape(3, 4)
    return numbers[:9].reshape(3, 3), pose


def _read(picture: Path, depth: Path, cam: Path, name: str) -> Sample:
    sample = Sample(name, read_rgb(picture), known(read_dpt(depth)))
    if not cam.is_file():
        return sample
    intrinsics, cam_from_world = read_cam(cam)
    return Sample(
        name,
        sample.rgb,
        sample.depth_m,
        camera=camera_of(intrinsics),
        world_from_cam=np.asarray(np.linalg.inv(cam_from_world), np.float64),
    )


def _items(wish: Wish) -> list[Item]:
    root = folder_of(wish.folder, "training", "")
    pictures = folder_of(root, wish.split or "final")
    items = []
    for picture in found(pictures.glob("*/frame_*.png"), pictures, "SCENE/frame_0001.png"):
        scene = picture.parent.name
        name = f"{scene}/{picture.stem}"
        depth = root / "depth" / f"{name}.dpt"
        cam = root / "camdata_left" / f"{name}.cam"
        items.append(Item(name, scene, partial(_read, picture, depth, cam, name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "sintel",
    "MPI Sintel, training scenes",
    "http://sintel.is.tue.mpg.de/depth",
    "film CC BY 3.0, data for research; cite Butler et al. 2012",
    "training/(final|clean)/SCENE/frame_0001.png, training/depth/SCENE/frame_0001.dpt, camdata_left/…cam",
    _items,
    {"final": 1064, "clean": 1064},
    cap_m=72.0,
    is_metric=False,
    has_sharp_edges=True,
    has_poses=True,
)
