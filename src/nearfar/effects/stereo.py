"""A pair of views for two eyes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, matching
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP, alone, each_eye
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture


@dataclass(frozen=True, slots=True)
class StereoOptions:
    """How the two views are made and laid out."""

    separation: float = option(3.0, SEPARATION_HELP, low=0, high=20)
    plane: float = option(0.5, PLANE_HELP, low=0, high=1)
    layout: str = option(
        "parallel", "Left eye's view left (parallel) or right (cross).", choices=("parallel", "cross")
    )
    half: bool = option(False, "Squeeze each view to half its width.")
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: StereoOptions) -> Picture:
    """Two views side by side: twice as wide as the photo, or as wide (half).

    Raises:
        ParameterError: photo and depth differ in size.
    """
    photo = matching(photo, depth)
    widths = (-(-depth.width // 2), max(1, depth.width // 2)) if options.half else (depth.width,) * 2
    channels = 3 if photo.alpha is None else 4
    out = np.empty((depth.height, sum(widths), channels), photo.pixels.dtype)

    def take(rows: slice, *views: np.ndarray) -> None:
        pair = views if options.layout == "parallel" else views[::-1]
        start = 0
        for view, width in zip(pair, widths, strict=True):
            out[rows, start : start + width] = _squeezed(alone(view, photo), width)
            start += width

    each_eye(photo, depth, options, take)
    return Picture(out, depth.text())


def _squeezed(view: np.ndarray, width: int) -> np.ndarray:
    if view.shape[1] == width:
        return view
    return cv2.resize(view, (width, view.shape[0]), interpolation=cv2.INTER_AREA)


PLUGIN = Effect("stereo", "Two views side by side, for two eyes", StereoOptions, apply)
