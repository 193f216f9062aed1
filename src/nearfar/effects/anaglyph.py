"""One picture for red and cyan glasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.effects._canvas import REFINE_HELP
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP, eyes
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    import numpy.typing as npt

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
    left, right = eyes(photo, depth, options.separation, options.plane, is_refined=options.refine)
    top = np.float32(np.iinfo(left.dtype).max)
    matrices = [np.array(m, np.float32) for m in _MATRICES[options.method]]
    light = _light(left, top) @ matrices[0].T + _light(right, top) @ matrices[1].T
    alpha = np.maximum(left[..., 3], right[..., 3]) if left.shape[2] == 4 else None
    if alpha is not None:
        light /= np.maximum(alpha.astype(np.float32), 1)[..., None] / top
    pixels = np.rint(np.sqrt(np.clip(light, 0, 1)) * top).astype(left.dtype)
    return Picture(pixels if alpha is None else np.dstack([pixels, alpha]), depth.text())


def _light(view: npt.NDArray[Any], top: np.float32) -> npt.NDArray[np.float32]:
    """(H, W, 3) light (gamma 2) of a view, times its alpha where it has one."""
    light = np.square(view[..., :3] / top)
    return np.asarray(light if view.shape[2] == 3 else light * (view[..., 3:] / top), np.float32)


PLUGIN = Effect("anaglyph", "One picture for red and cyan glasses", AnaglyphOptions, apply)
