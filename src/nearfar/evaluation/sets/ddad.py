"""DDAD: streets with far-reaching laser scans, in the layout of TRI's Dataset Governance Policy (DGP)."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from nearfar.errors import BrokenImageError
from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    camera_of,
    chosen,
    damaged,
    found,
    read_bytes,
    read_json,
    read_rgb,
    rotation,
)
from nearfar.evaluation.sets.kitti import project
from nearfar.registry import named

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

CAMERA = "CAMERA_01"
"""The camera that looks ahead."""
SPLITS = {"val": "1", "train": "0"}
"""Keys of ``scene_splits``."""


def _pose(row: dict[str, Any]) -> npt.NDArray[np.float64]:
    """(4, 4) of a translation and a quaternion: what the sensor's points are moved by."""
    q, t = row["rotation"], row["translation"]
    pose = np.eye(4)
    pose[:3, :3] = rotation(*(float(q[key]) for key in ("qx", "qy", "qz", "qw")))
    pose[:3, 3] = [float(t[key]) for key in ("x", "y", "z")]
    return pose


def _intrinsics(scene: Path, key: str) -> npt.NDArray[np.float64]:
    calibration = read_json(scene / "calibration" / f"{key}.json")
    row = calibration["intrinsics"][calibration["names"].index(CAMERA)]
    return np.array([[row["fx"], 0, row["cx"]], [0, row["fy"], row["cy"]], [0, 0, 1.0]])


def _points(path: Path) -> npt.NDArray[np.float64]:
    """(N, 3) points of a scan."""
    data = io.BytesIO(read_bytes(path))  # of a damaged file NumPy would leave the file open
    try:
        with np.load(data, allow_pickle=False) as stored:
            return np.asarray(stored["data"], np.float64)[:, :3]
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as exc:
        raise damaged(path, exc) from exc


def _read(scene: Path, key: str, camera: dict[str, Any], lidar: dict[str, Any], name: str) -> Sample:
    try:
        picture, scan = camera["datum"]["image"], lidar["datum"]["point_cloud"]
        matrix = _intrinsics(scene, key)
        world_from_cam = _pose(picture["pose"])
        cam_from_lidar = np.linalg.inv(world_from_cam) @ _pose(scan["pose"])
    except (KeyError, ValueError, TypeError) as exc:
        raise BrokenImageError(f"{name} is not described as expected: {exc}.", "Fetch it again.") from exc
    rgb = read_rgb(scene / picture["filename"])
    shifted = matrix.copy()
    shifted[:2, 2] += 1  # project counts pixels from 1
    to_pixels = np.c_[shifted, np.zeros(3)] @ cam_from_lidar
    depth_m = project(_points(scene / scan["filename"]), to_pixels, rgb.shape[:2])
    return Sample(name, rgb, depth_m, camera=camera_of(matrix), world_from_cam=world_from_cam)


def _scene_items(path: Path) -> list[Item]:
    """The frames of a scene in which camera and laser saw something."""
    described = read_json(path)
    try:
        data = {row["key"]: row for row in described["data"]}
        seen = [
            (sample["calibration_key"], {data[key]["id"]["name"]: data[key] for key in sample["datum_keys"]})
            for sample in described["samples"]
        ]
        return [_item(path.parent, key, rows) for key, rows in seen if {CAMERA, "LIDAR"} <= rows.keys()]
    except (KeyError, TypeError) as exc:
        raise damaged(path, exc) from exc


def _item(scene: Path, key: str, rows: dict[str, Any]) -> Item:
    """A frame, called by its scene, its camera and its time."""
    stem = rows[CAMERA]["datum"]["image"]["filename"].rpartition("/")[2].rpartition(".")[0]
    name = f"{scene.name}/{CAMERA}/{stem}"
    return Item(name, scene.name, partial(_read, scene, key, rows[CAMERA], rows["LIDAR"], name))


def _items(wish: Wish) -> list[Item]:
    (index, *_) = found(wish.folder.rglob("ddad.json"), wish.folder, "ddad.json")
    split = named("split of ddad", SPLITS, wish.split or "val")
    scenes = read_json(index)["scene_splits"][split]["filenames"]
    items = [item for scene in scenes for item in _scene_items(index.parent / scene)]
    return chosen(items, wish.listed)


SETS = EvalSet(
    "ddad",
    "DDAD, the camera that looks ahead",
    "https://github.com/TRI-ML/DDAD",
    "CC BY-NC-SA 4.0; cite Guizilini et al. 2020",
    "ddad.json, SCENE/scene_*.json, SCENE/calibration/*.json, SCENE/rgb/CAMERA_01/*.png, "
    "SCENE/point_cloud/LIDAR/*.npz",
    _items,
    {"val": 3950, "train": 12650},
    cap_m=200.0,
    has_poses=True,
)
