"""Rendered shots kept on disk, so that measuring again renders nothing."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np

from nearfar.machine.files import write_whole
from nearfar_lab.scenes import pictures, shots
from nearfar_lab.scenes.shots import ShotFrame

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar_lab.scenes.shots import Shot


def _path(folder: Path, shot: Shot, size: tuple[int, int]) -> Path:
    """By all that a shot says, its size, and how shots and scenes are made."""
    made = f"{shot} {size} {pictures.VERSION} {shots.VERSION}"
    digest = hashlib.sha256(made.encode()).hexdigest()[:16]
    return folder / f"{shot.world}-{shot.seed}-{digest}.npz"


def read(folder: Path, shot: Shot, size: tuple[int, int]) -> list[ShotFrame] | None:
    """The frames of a shot that was written before, else None."""
    path = _path(folder, shot, size)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as kept:
        rgb, depth_m = kept["rgb"], kept["depth_m"]
    first = shots.first_camera(shot, size)
    pairs = enumerate(zip(rgb, depth_m[np.arange(len(rgb)) % len(depth_m)], strict=True))
    return [ShotFrame(picture, depth, shot.move.camera(first, number)) for number, (picture, depth) in pairs]


def write(folder: Path, shot: Shot, size: tuple[int, int], frames: list[ShotFrame]) -> None:
    """Keep the frames; of a shot in which nothing moves one depth is enough."""
    content = io.BytesIO()
    depths = [frame.depth_m for frame in (frames[:1] if shot.is_static else frames)]
    np.savez_compressed(content, rgb=np.array([frame.rgb for frame in frames]), depth_m=np.array(depths))
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(_path(folder, shot, size), content.getvalue())
