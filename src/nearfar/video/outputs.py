"""What is made of a video: which effect or depth, in which file. What command line and jobs share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError, SourceError
from nearfar.registry import EFFECTS
from nearfar.types import Photo
from nearfar.types.solid import Solid
from nearfar.video.depth_files import FORMATS
from nearfar.video.depth_sinks import DepthSink, FilesSink
from nearfar.video.drawing import StereoDrawer, drawer_of
from nearfar.video.sinks import PictureSink
from nearfar.video.stereo import StereoOptions, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nearfar.video.run import Sink

MOVING = (".mp4", ".mkv", ".mov", ".webm")
"""Suffixes of the videos that are written."""
DEPTH_MOVING = ("mkv", "mp4")
DEPTH_FORMATS = FORMATS
"""Folders of depth."""
_END = 1 << 16


@dataclass(frozen=True, slots=True)
class Wish:
    """One output: ``effect`` with its options drawn on each frame, two views, or ``depth`` in a format."""

    target: Path
    effect: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    quality: int = 20
    depth: str = ""
    stereo: StereoOptions | None = None


def pictures_of() -> tuple[str, ...]:
    """The effects that a video takes: those that make a picture of each frame."""
    return tuple(name for name in EFFECTS.names() if not EFFECTS.load(name).is_clip)


def identity_of(path: Path) -> dict[str, Any]:
    """What tells a file from others of its name: size, time, and its ends.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        about = path.stat()
        with path.open("rb") as file:
            ends = file.read(_END)
            file.seek(max(0, about.st_size - _END))
            ends += file.read(_END)
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc
    return {"bytes": about.st_size, "time_ns": about.st_mtime_ns, "ends": hashlib.sha256(ends).hexdigest()}


def sinks_of(wishes: Iterable[Wish]) -> list[Sink]:
    """What writes each of them.

    Raises:
        UnknownNameError: there is no such effect.
        ParameterError: an option is out of its range, or no such format of depth.
        MissingExtraError: it needs a library that is not installed.
    """
    return [_sink(wish) for wish in wishes]


def _told(value: Any) -> str:
    """What tells an option's value from others, also that of a file that was read."""
    if isinstance(value, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    if isinstance(value, Photo):
        return _told(value.pixels) + ("" if value.alpha is None else _told(value.alpha))
    if isinstance(value, Solid):
        return "".join(_told(array) for part in value.parts for array in (part.points, part.faces))
    return str(value)


def _sink(wish: Wish) -> Sink:
    if wish.stereo is not None:
        target, layout = named(wish.target, wish.stereo.layout), wish.stereo.layout
        pair = {"stereo": repr(wish.stereo)}
        return PictureSink(target, StereoDrawer(wish.stereo), pair, wish.quality, layout)
    if not wish.depth:
        recipe = {"effect": wish.effect, "options": {k: _told(v) for k, v in sorted(wish.options.items())}}
        return PictureSink(wish.target, drawer_of(wish.effect, wish.options), recipe, wish.quality)
    if wish.depth in DEPTH_FORMATS:
        return FilesSink(wish.target, wish.depth)
    if wish.depth in DEPTH_MOVING:
        return DepthSink(wish.target)
    raise ParameterError(
        f"Depth is not written as '.{wish.depth}'.",
        f"Give a file that ends in .{' or .'.join(DEPTH_MOVING)}, or a folder.",
        "depth",
    )
