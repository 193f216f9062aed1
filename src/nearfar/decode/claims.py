"""What a picture says of itself, before anything is decoded: how many pixels, and of how many bits."""

from __future__ import annotations

import contextlib

from nearfar.decode._gate import admit
from nearfar.errors import NearfarError

_PNG, _PNG_BITS = b"\x89PNG", 24  # where a PNG says how many bits
_DEEP = (b"II", b"MM", b"P5", b"P6")  # TIFF and PNM: that stands anywhere


def claimed_pixels(data: bytes) -> int:
    """The most pixels that it claims; 0 where it says nothing, or will be refused anyhow."""
    most = [0]
    with contextlib.suppress(NearfarError):
        admit(data, "the picture", lambda width, height, _: most.append(width * height))
    return max(most)


def may_be_deep(data: bytes) -> bool:
    """Whether it may have 16 bits a sample."""
    if data.startswith(_PNG):
        return data[_PNG_BITS : _PNG_BITS + 1] == b"\x10"
    return data[:2] in _DEEP
