"""How large and how narrow pictures may be: the one place, for all that is read and made.

Pixels alone are no bound: what an operation takes may go by the longer side (a lens's blur is a share of it),
so sides and their ratio are bounded too.
"""

from __future__ import annotations

from nearfar.errors import TooLargeError

MOST_SIDE = 65_535
"""Pixels of a side at most, as in a JPEG."""
MOST_ASPECT = 2000
"""Of the longer side to the shorter one, at most."""
FREE_SIDE = 2048
"""Up to this longer side any ratio will do."""
MOST_CLIP_PIXELS = 2_000_000_000
"""Pixels of all frames of a clip together, at most: 900 frames of 1920×1080."""


def check_shape(width: int, height: int, name: str) -> None:
    """TooLargeError where a picture has longer sides, or is narrower, than any operation takes."""
    longer, shorter = max(width, height), min(width, height)
    if longer > MOST_SIDE:
        raise TooLargeError(
            f"{name} is {width}×{height} pixels, but sides of at most {MOST_SIDE} were expected.",
            "Scale it down, or cut it into parts.",
        )
    if longer > FREE_SIDE and longer > MOST_ASPECT * shorter:
        raise TooLargeError(
            f"{name} is {width}×{height} pixels, but sides of at most {MOST_ASPECT}:1 were expected "
            f"(beyond {FREE_SIDE} pixels).",
            "Cut it into parts.",
        )


def check_clip(width: int, height: int, frames: int, name: str) -> None:
    """TooLargeError where the frames of a clip have more pixels together than may be."""
    if width * height * frames > MOST_CLIP_PIXELS:
        raise TooLargeError(
            f"{name} of {frames} frames of {width}×{height} pixels has {width * height * frames / 1e9:.1f} "
            f"thousand million pixels, but at most {MOST_CLIP_PIXELS / 1e9:g} were expected.",
            "Ask for fewer frames, or a smaller size.",
        )
