"""One picture for red and cyan glasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, matching
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP, alone, each_eye
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[Any]

# Least squares for LCD screens and red-cyan glasses: E. Dubois, "A projection method to generate anaglyph
# stereo images", ICASSP 2001; the published matrices act on linear light.
_DUBOIS_LEFT = ((0.437, 0.449, 0.164), (-0.062, -0.062, -0.024), (-0.048, -0.050, -0.017))
_DUBOIS_RIGHT = ((-0.011, -0.032, -0.007), (0.377, 0.761, 0.009), (-0.026, -0.093, 1.234))
_MATRICES = {
    "dubois": (_DUBOIS_LEFT, _DUBOIS_RIGHT),
    "colour": (((1, 0, 0), (0, 0, 0), (0, 0, 0)), ((0, 0, 0), (0, 1, 0), (0, 0, 1))),
    "grey": (
        ((0.299, 0.587, 0.114), (0, 0, 0), (0, 0, 0)),
        ((0, 0, 0), (0.299, 0.587, 0.114), (0.299, 0.587, 0.114)),
    ),
}


@dataclass(frozen=True, slots=True)
class AnaglyphOptions:
    """How far apart the eyes are and how colours are mixed."""

    separation: float = option(2.0, SEPARATION_HELP, low=0, high=20)
    plane: float = option(0.5, PLANE_HELP, low=0, high=1)
    method: str = option("dubois", "How the two views are mixed.", choices=tuple(_MATRICES))
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: AnaglyphOptions) -> Picture:
    """A red-cyan anaglyph of the photo's size; its alpha is that of the view that shows more.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    photo = matching(photo, depth)
    channels = 3 if photo.alpha is None else 4
    out = np.empty((depth.height, depth.width, channels), photo.pixels.dtype)

    def take(rows: slice, left: Pixels, right: Pixels) -> None:
        out[rows] = mixed(alone(left, photo), alone(right, photo), options.method)

    each_eye(photo, depth, options, take)
    return Picture(out, depth.text())


def mixed(left: Pixels, right: Pixels, method: str = "dubois") -> Pixels:
    """The two views as one, of the same type; alpha is that of the view that shows more."""
    matrices = [np.array(m, np.float32) for m in _MATRICES[method]]
    top = np.float32(np.iinfo(left.dtype).max)
    light: Any = cv2.transform(_light(left, top), matrices[0])
    light += cv2.transform(_light(right, top), matrices[1])
    alpha = np.maximum(left[..., 3], right[..., 3]) if left.shape[2] == 4 else None
    if alpha is not None:
        light /= np.maximum(alpha.astype(np.float32), 1)[..., None] / top
    np.clip(light, 0, 1, out=light)
    cv2.sqrt(light, light)
    light *= top
    light += np.float32(0.5)
    pixels: Pixels = light.astype(left.dtype)
    return pixels if alpha is None else np.dstack([pixels, alpha])


def _light(view: Pixels, top: np.float32) -> npt.NDArray[np.float32]:
    """(H, W, 3) light (gamma 2) of a view, times its alpha where it has one."""
    light = np.multiply(view[..., :3], 1 / top, dtype=np.float32)
    light *= light
    if view.shape[2] == 4:
        light *= view[..., 3:] * (1 / top)
    return light


PLUGIN = Effect("anaglyph", "One picture for red and cyan glasses", AnaglyphOptions, apply)
