"""KITTI: the annotated depth of its depth benchmark, and raw laser scans as Eigen et al. projected them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError
from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    camera_of,
    chosen,
    found,
    metres,
    read_bytes,
    read_codes,
    read_rgb,
    sub_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap

PER_METRE = 256.0
_RAW = ("", "raw", "raw_data", "kitti_raw")
_ANNOTATED = ("", "data_depth_annotated", "depth_annotated", "annotated", "kitti_depth")
_SIDES = {"l": "image_02", "r": "image_03", "2": "image_02", "3": "image_03"}


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame of a raw drive; ``is_annotated``: a list does not say that it has no annotated depth."""

    date: str
    drive: str
    camera: str
    number: str
    is_annotated: bool = True

    @property
    def name(self) -> str:
        """The path of its picture below the raw data."""
        return f"{self.date}/{self.drive}/{self.camera}/data/{self.number}"

    def picture(self, root: Path) -> Path:
        """Where its picture lies."""
        tries = [root / raw / f"{self.name}{suffix}" for raw in _RAW for suffix in (".png", ".jpg")]
        return _first(tries)

    def annotation(self, root: Path) -> Path:
        """Where its annotated depth lies."""
        inner = f"{self.drive}/proj_depth/groundtruth/{self.camera}/{self.number}.png"
        return _first([root / top / part / inner for top in _ANNOTATED for part in ("", "val", "train")])


def _frame(line: str) -> _Frame:
    """The frame that a line of a list, or a path, names."""
    words = line.split()
    text = " ".join(words)
    drive = re.search(r"(\d{4}_\d\d_\d\d)_drive_\d{4}_sync", text)
    number = re.search(r"\d{10}", text) or re.search(r"\b(\d{1,10})\b(?= [lr]\b)", text)
    if drive is None or number is None:
        raise ParameterError(
            f"'{line.strip()}' names no frame of KITTI.",
            "Lines are like '2011_09_26/2011_09_26_drive_0002_sync 0000000069 l', or name a picture of "
            "image_02/data.",
            parameter="split_file",
        )
    side = re.search(r"image_0[23]", text)
    camera = side[0] if side else _SIDES.get(words[-1], "image_02")
    return _Frame(drive[1], drive[0], camera, f"{int(number[0]):010d}", "None" not in words)


def _first(paths: list[Path]) -> Path:
    return next((path for path in paths if path.is_file()), paths[0])


def _read(picture: Path, depth: Path, name: str) -> Sample:
    return Sample(name, read_rgb(picture), metres(read_codes(depth), PER_METRE))


def _annotated_items(wish: Wish) -> list[Item]:
    if wish.listed:
        frames = [frame for frame in map(_frame, wish.listed) if frame.is_annotated]
    else:
        paths = wish.folder.rglob("*_sync/proj_depth/groundtruth/image_0[23]/*.png")
        frames = [_frame(path.as_posix()) for path in found(paths, wish.folder, "proj_depth/groundtruth")]
    return [
        Item(f.name, f.drive, partial(_read, f.picture(wish.folder), f.annotation(wish.folder), f.name))
        for f in frames
    ]


def _selection_items(wish: Wish) -> list[Item]:
    pattern = "val_selection_cropped/image/*.png"
    items = []
    for picture in found(wish.folder.rglob(pattern), wish.folder, pattern):
        depth_name = picture.name.replace("_sync_image_", "_sync_groundtruth_depth_")
        depth = picture.parent.with_name("groundtruth_depth") / depth_name
        name = sub_name(picture, picture.parent)
        items.append(Item(name, name.partition("_sync")[0], partial(_read, picture, depth, name)))
    return chosen(items, wish.listed)


def _raw_items(wish: Wish) -> list[Item]:
    if wish.listed:
        frames = [_frame(line) for line in wish.listed]
    else:
        paths = wish.folder.rglob("*_sync/image_02/data/*.*")
        frames = [_frame(path.as_posix()) for path in found(paths, wish.folder, "image_02/data")]
    return [Item(f.name, f.drive, partial(_read_raw, f, wish.folder)) for f in frames]


def _read_raw(frame: _Frame, root: Path) -> Sample:
    picture = frame.picture(root)
    date_folder = picture.parents[3]
    rgb = read_rgb(picture)
    scan_file = picture.parents[2] / "velodyne_points" / "data" / f"{frame.number}.bin"
    cameras = _calibration(date_folder / "calib_cam_to_cam.txt")
    laser = _calibration(date_folder / "calib_velo_to_cam.txt")
    projection = cameras[f"P_rect_{frame.camera[-2:]}"].reshape(3, 4)
    depth_m = project(_scan(scan_file), _to_pixels(cameras, laser, projection), rgb.shape[:2])
    return Sample(frame.name, rgb, depth_m, camera=camera_of(projection))


def _scan(path: Path) -> npt.NDArray[np.float64]:
    """(N, 3) points of a scan that lie before the laser; the fourth number is reflectance."""
    data = read_bytes(path)
    if len(data) % 16:
        raise BrokenImageError(f"{path}: points of four float32 numbers were expected.", "Fetch it again.")
    points = np.frombuffer(data, "<f4").reshape(-1, 4).astype(np.float64)
    return points[points[:, 0] >= 0, :3]


def _to_pixels(
    cameras: dict[str, npt.NDArray[np.float64]],
    laser: dict[str, npt.NDArray[np.float64]],
    projection: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """(3, 4), from points of the laser to pixels of a rectified camera."""
    rectified, moved = np.eye(4), np.eye(4)
    rectified[:3, :3] = cameras["R_rect_00"].reshape(3, 3)
    moved[:3, :3], moved[:3, 3] = laser["R"].reshape(3, 3), laser["T"]
    return np.asarray(projection @ rectified @ moved, np.float64)


def project(
    points: npt.NDArray[np.float64], to_pixels: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> FloatMap:
    """The nearest point of each pixel as depth in metres, NaN where there is none.

    Pixels are rounded as the published evaluation does, whose first pixel is 1 (hence one less).
    """
    homogeneous = np.c_[points, np.ones(len(points))] @ to_pixels.T
    depth = homogeneous[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        places = np.round(homogeneous[:, :2] / depth[:, None]) - 1
    is_inside = (depth > 0) & (places >= 0).all(axis=1) & (places < (shape[1], shape[0])).all(axis=1)
    columns, rows = places[is_inside].astype(int).T
    nearest = np.full(shape[:2], np.inf)
    np.minimum.at(nearest, (rows, columns), depth[is_inside])
    return np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float32)


def _calibration(path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """The rows of numbers in a file of lines ``NAME: a b c``."""
    rows = {}
    for line in read_bytes(path).decode("utf-8", "replace").splitlines():
        name, _, numbers = line.partition(":")
        try:
            rows[name.strip()] = np.array(numbers.split(), np.float64)
        except ValueError:  # the time of the calibration
            continue
    lacking = {"R", "T"} - rows.keys() if "velo" in path.name else {"R_rect_00", "P_rect_02"} - rows.keys()
    if lacking:
        raise BrokenImageError(f"{path} has no {', '.join(sorted(lacking))}.", "Fetch the set again.")
    return rows


_HOME = "https://www.cvlibs.net/datasets/kitti/eval_depth_all.php"
_TERMS = "CC BY-NC-SA 3.0; cite Geiger et al. 2013, Uhrig et al. 2017"
_PICTURES = "DATE/DRIVE_sync/image_02/data/N.png"

SETS = (
    EvalSet(
        "kitti",
        "KITTI, annotated depth (the improved truth of Eigen's test frames: 652 of 697 have it)",
        _HOME,
        _TERMS,
        f"{_PICTURES} and (train|val)/DRIVE_sync/proj_depth/groundtruth/image_02/N.png (16 bits, 1/256 m)",
        _annotated_items,
        {"eigen": 652, "all": 0},
        crop="garg",
        list_help="Eigen's test frames, 697 lines (those with 'None' for depth are left out) or the 652",
    ),
    EvalSet(
        "kitti-raw",
        "KITTI, raw laser scans projected (Eigen et al. 2014, 697 test frames)",
        "https://www.cvlibs.net/datasets/kitti/raw_data.php",
        _TERMS,
        f"{_PICTURES}, DRIVE_sync/velodyne_points/data/N.bin, DATE/calib_cam_to_cam.txt, "
        "DATE/calib_velo_to_cam.txt",
        _raw_items,
        {"eigen": 697, "all": 0},
        crop="garg",
        list_help="Eigen's test frames, 697 lines: '2011_09_26/2011_09_26_drive_0002_sync 0000000069 l'",
    ),
    EvalSet(
        "kitti-selection",
        "KITTI depth benchmark, the selected validation frames",
        _HOME,
        _TERMS,
        "val_selection_cropped/image/*.png and val_selection_cropped/groundtruth_depth/*.png",
        _selection_items,
        {"val": 1000},
    ),
)
