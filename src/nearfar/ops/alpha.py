"""Colours beside alpha: what a transparent pixel hides must show nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import Photo

    Floats = npt.NDArray[np.float32]
    Pixels = npt.NDArray[Any]

_TOP = np.float32(65535)
SEEN = 0.5
"""Alpha from which a pixel counts as a point of the scene."""


def share(photo: Photo) -> Floats | None:
    """(H, W) alpha in 0…1; None where all is opaque."""
    if photo.alpha is None:
        return None
    return np.multiply(photo.alpha, np.float32(1 / np.iinfo(photo.alpha.dtype).max), dtype=np.float32)


def shown(photo: Photo) -> Pixels:
    """(H, W, 3) of the photo's type: its colours over white, as networks see them."""
    alpha = share(photo)
    if alpha is None:
        return photo.pixels
    top = np.float32(np.iinfo(photo.pixels.dtype).max)
    mixed = (photo.pixels.astype(np.float32) - top) * alpha[..., None] + top
    return np.asarray(np.rint(mixed), photo.pixels.dtype)


def is_seen(photo: Photo | None) -> npt.NDArray[np.bool_] | None:
    """(H, W): where alpha is at least a half; None where all is opaque."""
    alpha = None if photo is None else share(photo)
    return None if alpha is None else alpha >= np.float32(SEEN)


def multiplied(photo: Photo, *, is_light: bool = False) -> npt.NDArray[np.uint16]:
    """(H, W, 4) uint16: colours multiplied by alpha, and alpha.

    ``is_light``: for work on light (the square of colours): both are multiplied by, and are, the root of
    alpha, so that their squares are light times alpha, and alpha.
    """
    alpha = share(photo)
    if alpha is None:
        alpha = np.ones(photo.pixels.shape[:2], np.float32)
    alpha = np.sqrt(alpha) if is_light else alpha
    scale = _TOP / np.float32(np.iinfo(photo.pixels.dtype).max)
    colours = photo.pixels.astype(np.float32) * (alpha * scale)[..., None]
    return np.asarray(np.rint(np.dstack([colours, alpha * _TOP])), np.uint16)


def divided(pixels: npt.NDArray[np.uint16], alpha: Pixels, kind: np.dtype[Any]) -> Pixels:
    """(H, W, 3) of the type ``kind``: colours multiplied by alpha (both of 16 bits) as they are alone.

    Black where there is no alpha.
    """
    known = alpha.astype(np.float32)[..., None]
    top = np.float32(np.iinfo(kind).max)
    colours = pixels.astype(np.float32) * (top / np.maximum(known, 1))
    colours[alpha == 0] = 0
    return np.rint(np.minimum(colours, top)).astype(kind)
