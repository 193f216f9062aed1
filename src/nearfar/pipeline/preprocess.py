"""A photo to the input of a network, and what is needed to undo it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.ops.exposure import exposure_faults
from nearfar.ops.resize import shrink
from nearfar.types import Photo, PhotoWarning, Undo

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.cards import InputSpec

_BAR_COLOUR = (123.675, 116.28, 103.53)  # what networks are trained to take for nothing
_TRACE_M = 1e-6
_FAULTS = {
    "dark": "The picture is nearly black: its depth is unreliable.",
    "blown_out": "The picture is blown out to white: its depth is unreliable.",
    "flat": "The picture shows almost no detail: its depth is unreliable.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """``tensor``: (1, 3, H, W) float32, normalised; ``undo``: the way back.

    ``prompt``: (1, 1, h, w) float32 metres where the photo brings them, else None.
    """

    tensor: npt.NDArray[np.float32]
    undo: Undo
    prompt: npt.NDArray[np.float32] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the network's input."""
        return self.tensor.shape[3], self.tensor.shape[2]


def prepare(photo: Photo, spec: InputSpec) -> Prepared:
    """The network's input for a photo: over white, resized by the card's rule, normalised."""
    border = spec.border(*photo.full_size)
    full_width, full_height = photo.full_size
    size = full_width + 2 * border[0], full_height + 2 * border[1]
    whole, (width, height) = spec.network_size(*size), spec.picture_size(*size)
    prompt = None if photo.prompt is None else _spread(photo.prompt)
    photo = _framed(photo, border)
    small = _over_white(shrink(_colours(photo), width, height, how=spec.resample), photo, width, height)
    faults = exposure_faults(np.rint(small).astype(np.uint8))
    warnings = tuple(PhotoWarning(code, _FAULTS[code]) for code in faults) + _own_depth(photo)
    inset = width / whole[0], height / whole[1]
    undo = Undo(full_width, full_height, photo.camera, warnings, border, inset)
    return Prepared(_normalise(_between_bars(small, whole), spec), undo, prompt)


def _spread(prompt: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(1, 1, h, w); networks divide by its span, so that one without any gets a trace of it.

    Source: the image processor of Prompt Depth Anything in the library transformers.
    """
    coarse = np.array(prompt[None, None], np.float32)
    if coarse.min() == coarse.max():
        coarse[..., 0, 0] += _TRACE_M * max(1.0, float(abs(coarse.max())))
    return coarse


def _between_bars(small: npt.NDArray[np.float32], whole: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The picture in the middle of a larger one, bars of the mean colour of photos around it."""
    height, width = small.shape[:2]
    if (width, height) == whole:
        return small
    bars = np.empty((whole[1], whole[0], 3), np.float32)
    bars[:] = _BAR_COLOUR
    left, top = (whole[0] - width) // 2, (whole[1] - height) // 2
    bars[top : top + height, left : left + width] = small
    return bars


def _own_depth(photo: Photo) -> tuple[PhotoWarning, ...]:
    """A word where the photo carries depth itself."""
    if not photo.own_depth:
        return ()
    text = f"This photo carries its own depth ({photo.own_depth}): own_depth (--own-depth) takes it instead."
    return (PhotoWarning("own_depth", text),)


def _framed(photo: Photo, border: tuple[int, int]) -> Photo:
    """The photo with its mirror image around it; ``border`` in pixels of its full size."""
    if border == (0, 0):
        return photo
    full_width, full_height = photo.full_size
    x, y = round(border[0] * photo.width / full_width), round(border[1] * photo.height / full_height)
    frame = partial(cv2.copyMakeBorder, top=y, bottom=y, left=x, right=x, borderType=cv2.BORDER_REFLECT_101)
    alpha = None if photo.alpha is None else frame(photo.alpha)
    return replace(photo, pixels=frame(photo.pixels), alpha=alpha, encoded=b"")


def _colours(photo: Photo) -> npt.NDArray[Any]:
    """The pixels, their colour multiplied by alpha where there is one: hidden colours must not leak in."""
    if photo.alpha is None:
        return photo.pixels
    return cv2.multiply(photo.pixels, cv2.merge([photo.alpha] * 3), scale=1 / _top(photo))


def _over_white(small: npt.NDArray[Any], photo: Photo, width: int, height: int) -> npt.NDArray[np.float32]:
    """(H, W, 3) float32 in 0…255."""
    scale = np.float32(255 / _top(photo))
    colours = small.astype(np.float32) * scale
    if photo.alpha is not None:
        colours += 255 - shrink(photo.alpha, width, height).astype(np.float32)[..., None] * scale
    return np.clip(colours, 0, 255, out=colours)


def _top(photo: Photo) -> int:
    return int(np.iinfo(photo.pixels.dtype).max)


def _normalise(small: npt.NDArray[np.float32], spec: InputSpec) -> npt.NDArray[np.float32]:
    scale = 1 / (255 * np.array(spec.std, np.float32))
    shift = np.array(spec.mean, np.float32) / np.array(spec.std, np.float32)
    tensor = np.empty((1, 3, *small.shape[:2]), np.float32)
    for channel in range(3):
        cv2.extractChannel(small, channel, dst=tensor[0, channel])
        tensor[0, channel] *= scale[channel]
        tensor[0, channel] -= shift[channel]
    return tensor
