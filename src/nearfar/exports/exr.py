"""Depth values as an OpenEXR file with a channel Z."""

from __future__ import annotations

from nearfar.encode.exr import encode_exr
from nearfar.exports._values import NoOptions, with_nan
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

ATTRIBUTE = "nearfar"


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the file: channel Z, float32, ZIP; the attribute ``nearfar`` says what the values mean."""
    return encode_exr(with_nan(depth), "Z", {ATTRIBUTE: depth.record()})


PLUGIN = Export("exr", "OpenEXR, channel Z, float32", ".exr", "image/x-exr", NoOptions, write)
