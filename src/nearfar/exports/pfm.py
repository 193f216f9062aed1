"""Depth values as a portable float map."""

from __future__ import annotations

from nearfar.exports._values import NoOptions, with_nan
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the file: little-endian, the bottom row first as the format asks; NaN is not valid.

    The format has no place for words: write a sidecar beside it to keep what the values mean.
    """
    head = f"Pf\n{depth.width} {depth.height}\n-1.0\n".encode()
    return head + with_nan(depth)[::-1].astype("<f4").tobytes()


PLUGIN = Export(
    "pfm",
    "Portable float map",
    ".pfm",
    "image/x-portable-floatmap",
    NoOptions,
    write,
    has_record=False,
)
