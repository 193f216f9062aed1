"""Which side is up: arrays turned as EXIF asks, and back (TIFF 6.0, tag 274)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

_TURNS: dict[int, Callable[[Any], Any]] = {
    2: lambda a: cv2.flip(a, 1),
    3: lambda a: cv2.rotate(a, cv2.ROTATE_180),
    4: lambda a: cv2.flip(a, 0),
    5: cv2.transpose,
    6: lambda a: cv2.rotate(a, cv2.ROTATE_90_CLOCKWISE),
    7: lambda a: cv2.transpose(cv2.rotate(a, cv2.ROTATE_180)),
    8: lambda a: cv2.rotate(a, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_BACK = {6: 8, 8: 6}  # the others undo themselves


def upright(array: Any, orientation: int) -> Any:
    """An (H, W)(×C) array, turned as its EXIF orientation asks."""
    turn = _TURNS.get(orientation)
    return array if turn is None or array is None else turn(array)


def as_stored(array: Any, orientation: int) -> Any:
    """An upright (H, W)(×C) array as a file of that EXIF orientation stores it."""
    return upright(array, _BACK.get(orientation, orientation))
