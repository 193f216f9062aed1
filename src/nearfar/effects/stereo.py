"""A pair of views for two eyes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP, eyes
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
    views = eyes(photo, depth, options.separation, options.plane, is_refined=options.refine)
    pair = views if options.layout == "parallel" else views[::-1]
    if options.half:
        pair = (_squeezed(pair[0], -(-depth.width // 2)), _squeezed(pair[1], max(1, depth.width // 2)))
    return Picture(np.concatenate(pair, axis=1), depth.text())


def _squeezed(view: np.ndarray, width: int) -> np.ndarray:
    return cv2.resize(view, (width, view.shape[0]), interpolation=cv2.INTER_AREA)


PLUGIN = Effect("stereo", "Two views side by side, for two eyes", StereoOptions, apply)
