"""A short loop that swings round the scene, as an animated picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP, staged
from nearfar.ops.warp import View, look
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import Clip, DepthMap, Photo


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
    at = staged(photo, depth, reach, is_refined=options.refine)
    turns = np.linspace(0, 2 * np.pi, options.frames, endpoint=False) + np.pi / 2
    views = (look(at, View((reach * float(np.sin(t)), 0), options.plane)) for t in turns)
    images = [_shrunk(view, options.size) for view in views]
    return Clip(_animation(images, options), f".{options.format}")


def _shrunk(view: np.ndarray, size: int) -> np.ndarray:
    """H×W×3 uint8, alpha laid over white, no side longer than ``size``."""
    if view.dtype == np.uint16:
        view = (view // 257).astype(np.uint8)
    if view.shape[2] == 4:
        alpha = view[..., 3:].astype(np.float32) / 255
        view = np.rint(view[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    scale = min(1.0, size / max(view.shape[:2]))
    to = (max(1, round(view.shape[1] * scale)), max(1, round(view.shape[0] * scale)))
    return view if scale == 1.0 else cv2.resize(view, to, interpolation=cv2.INTER_AREA)


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
