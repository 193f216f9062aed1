"""Videos for two eyes: side by side, one above the other, for coloured glasses, for headsets.

What stands behind near things and is seen by one eye alone is taken from a plate of the background that is
kept from frame to frame, so that it does not flicker; a cut begins a new plate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from nearfar.effects.anaglyph import mixed
from nearfar.ops.refine import refine
from nearfar.ops.sideways import each_view, scene
from nearfar.options import check, option
from nearfar.types.nearness import near_is_large
from nearfar.video.vr180 import Stereo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import DepthKind
    from nearfar.types import DepthMap
    from nearfar.types.moving import VideoFrame

    Pixels = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

_SIDE = 640  # pixels of the longer side of the picture that the plate is made of
_KEPT = np.float32(0.7)  # of the plate from frame to frame
_MOTION_SIDE = 320  # pixels of the longer side of the picture in which the background's motion is looked for
_LEAST_MOTION_SIDE, _LEAST_POINTS = 32, 8
_MOST_EYE = 2048  # pixels of an eye's side: two of them are what H.264 decoders take


@dataclass(frozen=True, slots=True)
class Layout:
    """How two views are one picture.

    ``suffix``: what players look for at the end of a file's name. ``axis``: along which the views lie (1:
    side by side, 0: left above right), None where they are mixed.
    ``is_half``: each is squeezed to half its size.
    ``packing``: H.264's number of the arrangement, 0 for none.
    """

    suffix: str
    axis: int | None = None
    is_half: bool = False
    is_vr180: bool = False
    packing: int = 0

    @property
    def stereo(self) -> Stereo | None:
        """What a file says of it; None where it is one picture."""
        if self.axis is None:
            return None
        return Stereo("side-by-side" if self.axis else "top-bottom", self.is_vr180)


# Suffixes as iw3, Skybox, DeoVR and Meta's players read them; packing by ITU-T H.264, table D-8.
LAYOUTS = {
    "half-sbs": Layout("_LR", 1, is_half=True, packing=3),
    "full-sbs": Layout("_LRF_Full_SBS", 1, packing=3),
    "half-tb": Layout("_TB", 0, is_half=True, packing=4),
    "full-tb": Layout("_TBF_fulltb", 0, packing=4),
    "anaglyph": Layout("_redcyan"),
    "vr180": Layout("_180x180_LR", 1, is_vr180=True, packing=3),
}


@dataclass(frozen=True, slots=True)
class StereoOptions:
    """How the two views are made and laid out."""

    layout: str = option("half-sbs", "How the two views are one picture.", choices=tuple(LAYOUTS))
    separation: float = option(
        2.5, "Move of the nearest against the farthest pixel, in percent of the width.", low=0, high=20
    )
    plane: float = option(
        0.5, "Nearness, 0 (far) to 1 (near), that lies in the plane of the screen.", low=0, high=1
    )
    swap: bool = option(False, "Right eye's view first, for looking cross-eyed.")
    fov_deg: float = option(75.0, "Angle that the picture's width takes in vr180.", low=20, high=150)
    refine: bool = option(True, "Bring depth edges to the picture's first.")

    def __post_init__(self) -> None:
        check(self)


class Estimated(Protocol):
    """A frame with its steady depth, of which this is asked."""

    @property
    def frame(self) -> VideoFrame:
        """The frame."""

    @property
    def small_depth(self) -> DepthMap:
        """Its depth at the network's own size."""

    @property
    def span(self) -> tuple[float, float]:
        """The values that the clip spans here."""

    @property
    def is_cut(self) -> bool:
        """Whether a new scene begins."""


class StereoMaker:
    """Makes the pictures of a video, in order; what :meth:`plan` gives may run in any thread."""

    def __init__(self, options: StereoOptions) -> None:
        self.options = options
        self.layout = LAYOUTS[options.layout]
        self._plate: Floats | None = None
        self._before: Pixels | None = None

    def plan(self, found: Estimated) -> Callable[[], Pixels]:
        """What makes this frame's picture, (H, W, 3) uint8; the plate is brought up to date now."""
        small = found.small_depth
        near = steady_nearness(small.numpy(), small.kind, found.span)
        now = _grey(found.frame)
        if found.is_cut or self._before is None or self._before.shape != now.shape:
            self._plate = None
        if self._plate is not None and self._before is not None:
            self._plate = _moved(self._plate, background_shift(self._before, now, near), now.shape)
        self._before = now
        self._plate = _renewed(self._plate, found.frame, near, self.options.separation / 200)
        return partial(_picture, found.frame, near, (small.provenance.input_size, self._plate), self.options)

    def state(self) -> dict[str, Any]:
        """What is known of the frames before, as arrays by name."""
        known = {"plate": self._plate, "before": self._before}
        return {name: array for name, array in known.items() if array is not None}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._plate = np.asarray(state["plate"], np.float32) if "plate" in state else None
        self._before = np.asarray(state["before"], np.uint8) if "before" in state else None


def steady_nearness(values: Floats, kind: DepthKind, span: tuple[float, float]) -> Floats:
    """(h, w) float32 in 0…1, near is large, on the scale of a clip's span; NaN is far."""
    ends = near_is_large(np.array([span], np.float32), kind)[0]
    low, high = float(ends.min()), float(ends.max())
    inverse = near_is_large(values, kind)
    if high <= low:
        return np.zeros(values.shape, np.float32)
    near = np.clip((inverse - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return np.asarray(np.nan_to_num(near, copy=False, nan=0.0), np.float32)


def _grey(frame: VideoFrame) -> Pixels:
    """(h, w) uint8: a small copy in which the background's motion is looked for."""
    scale = min(1.0, _MOTION_SIDE / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    return np.asarray(cv2.cvtColor(frame.small(*size), cv2.COLOR_RGB2GRAY), np.uint8)


def background_shift(before: Pixels, now: Pixels, near: Floats) -> tuple[float, float]:
    """(x, y) in pixels by which the far half of a picture moved: the median of points that are followed.

    In eighths of a pixel, so that a last bit makes no difference.
    """
    height, width = now.shape
    if min(height, width) < _LEAST_MOTION_SIDE:
        return 0.0, 0.0
    x, y = np.meshgrid(np.linspace(0.1, 0.9, 12) * width, np.linspace(0.1, 0.9, 8) * height)
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    scale = np.array([near.shape[1] / width, near.shape[0] / height], np.float32)
    columns, rows = (points * scale).astype(np.int64).T
    here = near[np.minimum(rows, near.shape[0] - 1), np.minimum(columns, near.shape[1] - 1)]
    points = points[here <= np.median(here)]
    there, status, _ = cv2.calcOpticalFlowPyrLK(before, now, points[:, None], points[:, None].copy())
    way = (there[:, 0] - points)[status[:, 0] > 0]
    if len(way) < _LEAST_POINTS:
        return 0.0, 0.0
    right, down = np.round(np.median(way, axis=0) * 8) / 8
    return float(right), float(down)


def _moved(plate: Floats, shift: tuple[float, float], size: tuple[int, ...]) -> Floats:
    """The plate, moved as the background of a picture of that (height, width) was."""
    if shift == (0.0, 0.0):
        return plate
    scale = plate.shape[0] / size[0]
    way = np.array([[1, 0, shift[0] * scale], [0, 1, shift[1] * scale]], np.float32)
    place = plate.shape[1], plate.shape[0]
    return np.asarray(cv2.warpAffine(plate, way, place, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _renewed(plate: Floats | None, frame: VideoFrame, near: Floats, reach: float) -> Floats | None:
    """The plate with this frame's background in it."""
    scale = min(1.0, _SIDE / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    pixels = frame.small(*size)
    large = np.asarray(cv2.resize(near, size, interpolation=cv2.INTER_LINEAR), np.float32)
    rim = _rim(size[0], reach)
    wide = _wider(pixels, rim)
    around = _wider(large, rim)
    behind = scene(lambda rows: wide[rows], around.__getitem__, around.shape[:2], reach).behind
    if behind is None or plate is None or plate.shape != behind.shape:
        return plate if behind is None else behind
    return np.asarray(cv2.addWeighted(plate, float(_KEPT), behind, float(1 - _KEPT), 0), np.float32)


def _picture(
    frame: VideoFrame, near: Floats, known: tuple[tuple[int, int], Floats | None], options: StereoOptions
) -> Pixels:
    left, right = views(frame.rgb, near, known, options)
    first, second = (right, left) if options.swap else (left, right)
    layout = LAYOUTS[options.layout]
    if layout.axis is None:
        return np.asarray(mixed(first, second), np.uint8)
    if layout.is_vr180:
        maps = _sphere(frame.width, frame.height, options.fov_deg)
        first, second = (
            np.asarray(cv2.remap(view, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8)
            for view in (first, second)
        )
    if layout.is_half:
        width, height = frame.width, frame.height
        size = (max(1, width // 2), height) if layout.axis else (width, max(1, height // 2))
        first, second = (
            np.asarray(cv2.resize(view, size, interpolation=cv2.INTER_AREA), np.uint8)
            for view in (first, second)
        )
    return np.concatenate([first, second], axis=layout.axis)


def views(
    pixels: Pixels, near: Floats, known: tuple[tuple[int, int], Floats | None], options: StereoOptions
) -> tuple[Pixels, Pixels]:
    """(H, W, 3) of the left and of the right eye. ``known``: the network's input size, and the plate."""
    height, width, _ = pixels.shape
    input_size, plate = known

    def large() -> Floats:
        near_here = np.asarray(cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        return refine(near_here, pixels, input_size, out=near_here) if options.refine else near_here

    reach = options.separation / 200
    rim = _rim(width, reach)
    wide = _wider(pixels, rim)
    around = _wider(large(), rim)
    at = scene(lambda rows: wide[rows], around.__getitem__, around.shape[:2], reach, plate)
    left, right = np.empty_like(pixels), np.empty_like(pixels)

    def take(rows: slice, one: Pixels, other: Pixels) -> None:
        left[rows], right[rows] = one[:, rim : rim + width], other[:, rim : rim + width]

    half = reach * width / (width + 2 * rim)
    each_view(at, (half, -half), options.plane, take)
    return left, right


def _rim(width: int, reach: float) -> int:
    """Columns that a view may show beyond the picture's sides."""
    return min(width - 1, int(np.ceil(reach * width)) + 2)


def _wider(array: npt.NDArray[Any], rim: int) -> npt.NDArray[Any]:
    """The picture with its mirror image beyond its sides, of which a view may show some."""
    return np.asarray(cv2.copyMakeBorder(array, 0, 0, rim, rim, cv2.BORDER_REFLECT))


@cache
def _sphere(width: int, height: int, fov_deg: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Where each pixel of an eye's half sphere (longitude by latitude, 180° each) lies in a flat picture."""
    focal = width / 2 / np.tan(np.radians(fov_deg) / 2)
    side = min(_MOST_EYE, round(np.pi * focal / 16) * 16)
    angle = ((np.arange(side) + 0.5) / side - 0.5) * np.pi
    lon, lat = angle[None], angle[:, None]
    ahead = np.cos(lat) * np.cos(lon)
    x = focal * np.cos(lat) * np.sin(lon) / ahead + width / 2 - 0.5
    y = focal * np.sin(lat) / ahead + height / 2 - 0.5 + 0 * lon
    found = cv2.convertMaps(x.astype(np.float32), y.astype(np.float32), cv2.CV_16SC2)
    return found[0], found[1]


def named(target: Path, layout: str) -> Path:
    """The file's name with what players look for: ``clip.mp4`` becomes ``clip_LRF_Full_SBS.mp4``."""
    suffix = LAYOUTS[layout].suffix
    if target.stem.lower().endswith(suffix.lower()):
        return target
    return target.with_name(f"{target.stem}{suffix}{target.suffix}")


def packed(options: tuple[tuple[str, str], ...], layout: str) -> tuple[tuple[str, str], ...]:
    """An encoder's options that also tell televisions how the views lie: H.264's frame packing."""
    packing, rows = LAYOUTS[layout].packing, dict(options)
    if packing and "x264-params" in rows:
        rows["x264-params"] += f":frame-packing={packing}"
    return tuple(sorted(rows.items()))
