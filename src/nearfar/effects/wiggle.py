"""A short loop that swings round the scene, as an animated picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, matching, near_of
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP, opaque
from nearfar.ops.reduce import reduced_depth, reduced_photo
from nearfar.ops.warp import Stage, View, look, stage
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import Clip, DepthMap, Photo

_AMPLE = 4  # times the animation's size is enough of a photo to find the edges of depth in
_LEAST_AMPLE = 2560  # pixels


@dataclass(frozen=True, slots=True)
class WiggleOptions:
    """How far and how fast it swings."""

    separation: float = option(2.0, SEPARATION_HELP, low=0, high=20)
    plane: float = option(0.5, PLANE_HELP, low=0, high=1)
    frames: int = option(10, "Frames of the loop; 2 flips between two views.", low=2, high=60)
    fps: float = option(12.0, "Frames in a second.", low=1, high=50)
    size: int = option(640, "Longest side of the animation in pixels.", low=16, high=2000)
    format: str = option("gif", "Kind of file.", choices=("gif", "webp"))
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: WiggleOptions) -> Clip:
    """An animated GIF or WebP that loops without end.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    reach = options.separation / 200
    at = _small_stage(*_ample(matching(photo, depth), depth, options.size), reach, options)
    turns = np.linspace(0, 2 * np.pi, options.frames, endpoint=False) + np.pi / 2
    views = (look(at, View((reach * float(np.sin(t)), 0), options.plane)) for t in turns)
    return Clip(_animation(list(views), options), f".{options.format}")


def _ample(photo: Photo, depth: DepthMap, size: int) -> tuple[Photo, DepthMap]:
    """Photo and depth, made smaller first where they have far more pixels than an animation shows."""
    longest = max(_AMPLE * size, _LEAST_AMPLE)
    if max(depth.width, depth.height) < 2 * longest:
        return photo, depth
    return reduced_photo(photo, longest), reduced_depth(depth, longest)


def _small_stage(photo: Photo, depth: DepthMap, reach: float, options: WiggleOptions) -> Stage:
    """The scene at the animation's size: views of the whole photo would cost many times as much."""
    near = near_of(photo, depth, is_refined=options.refine)
    pixels = opaque(photo)
    scale = min(1.0, options.size / max(near.shape))
    if scale < 1:
        to = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
        pixels = np.asarray(cv2.resize(pixels, to, interpolation=cv2.INTER_AREA), np.uint8)
        near = np.asarray(cv2.resize(near, to, interpolation=cv2.INTER_AREA), np.float32)
    return stage(pixels, near, reach)


def _animation(frames: list[np.ndarray], options: WiggleOptions) -> bytes:
    from PIL import Image

    images = [Image.fromarray(f) for f in frames]
    if options.format == "gif":  # one palette for all frames: colours do not flicker
        palette = images[0].quantize(256, method=Image.Quantize.MEDIANCUT)
        images = [i.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for i in images]
    out = io.BytesIO()
    how = {"save_all": True, "append_images": images[1:], "duration": round(1000 / options.fps), "loop": 0}
    images[0].save(out, format=options.format.upper(), **how)
    return out.getvalue()


PLUGIN = Effect(
    "wiggle", "A loop that swings round the scene", WiggleOptions, apply, suffixes=(".gif", ".webp")
)
