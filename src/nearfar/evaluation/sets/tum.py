"""TUM RGB-D: sequences of a Kinect with the camera's path."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import (
    camera_of,
    chosen,
    damaged,
    found,
    metres,
    read_bytes,
    read_codes,
    read_rgb,
    rotation,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

PER_METRE = 5000.0
LATEST_S = 0.02
"""By so much the times of colour, depth and pose may differ."""
CAMERAS = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3),
    "freiburg2": (520.9, 521.0, 325.1, 249.7),
    "freiburg3": (535.4, 539.2, 320.1, 247.6),
}
"""fx, fy, cx, cy of the colour camera, as the set's page tells them."""


def _rows(path: Path) -> list[tuple[float, list[str]]]:
    """(seconds, the other words) of each line; ``#`` begins a comment."""
    lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    split = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    try:
        return sorted((float(words[0]), words[1:]) for words in split)
    except ValueError as exc:
        raise damaged(path, exc) from exc


def _nearest(rows: list[tuple[float, list[str]]], seconds: float) -> list[str] | None:
    """The words of the row whose time is nearest; None where none is near."""
    if not rows:
        return None
    times = np.array([row[0] for row in rows])
    place = int(np.argmin(np.abs(times - seconds)))
    return rows[place][1] if abs(times[place] - seconds) <= LATEST_S else None


def pose_of(numbers: list[float]) -> npt.NDArray[np.float64]:
    """(4, 4) of ``tx ty tz qx qy qz qw``: world from camera."""
    pose = np.eye(4)
    pose[:3, :3] = rotation(*numbers[3:7])
    pose[:3, 3] = numbers[:3]
    return pose


def _read(sequence: Path, colour: str, depth: str, pose: list[str] | None, name: str) -> Sample:
    row = next((row for camera, row in CAMERAS.items() if camera in sequence.name), None)
    camera = None
    if row is not None:
        camera = camera_of(np.array([[row[0], 0, row[2]], [0, row[1], row[3]], [0, 0, 1]]))
    return Sample(
        name,
        read_rgb(sequence / colour),
        metres(read_codes(sequence / depth), PER_METRE),
        camera=camera,
        world_from_cam=None if pose is None else pose_of([float(word) for word in pose]),
    )


def _sequence(sequence: Path) -> list[Item]:
    depths = _rows(sequence / "depth.txt")
    path = sequence / "groundtruth.txt"
    poses = _rows(path) if path.is_file() else []
    items = []
    for seconds, words in _rows(sequence / "rgb.txt"):
        depth = _nearest(depths, seconds)
        if depth is None:
            continue
        name = f"{sequence.name}/{words[0].rpartition('.')[0]}"
        read = partial(_read, sequence, words[0], depth[0], _nearest(poses, seconds), name)
        items.append(Item(name, sequence.name, read))
    return items


def _items(wish: Wish) -> list[Item]:
    lists = found(wish.folder.rglob("rgb.txt"), wish.folder, "SEQUENCE/rgb.txt")
    return chosen([item for path in lists for item in _sequence(path.parent)], wish.listed)


SETS = EvalSet(
    "tum",
    "TUM RGB-D SLAM",
    "https://cvg.cit.tum.de/data/datasets/rgbd-dataset",
    "CC BY 4.0; cite Sturm et al. 2012",
    "SEQUENCE/rgb.txt, depth.txt, groundtruth.txt, rgb/*.png, depth/*.png (16 bits, 1/5000 m, 0 unknown)",
    _items,
    {"all": 0, "dynamic": 1815},
    cap_m=10.0,
    list_help="for 'dynamic' the 1,815 frames of MiDaS, one a line; else whatever sequences are there",
    has_poses=True,
)
