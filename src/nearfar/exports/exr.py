"""Depth values as an OpenEXR file with a channel Z, or with one that Blender reads."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.encode.exr import encode_exr
from nearfar.exports._values import with_nan
from nearfar.options import option
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

ATTRIBUTE = "nearfar"


@dataclass(frozen=True, slots=True)
class ExrOptions:
    """How the channel is called."""

    channel: str = option(
        "Z", "Name of the channel: Z, or Y, which Blender needs to read it.", choices=("Z", "Y")
    )


def write(photo: Photo | None, depth: DepthMap, options: ExrOptions) -> bytes:  # noqa: ARG001
    """The bytes of the file: one channel, float32, ZIP; the attribute ``nearfar`` says what the values mean.

    Z is the name of depth among renderers. Blender takes the colours of a file alone: what it shows of one
    that has nothing but Z is whatever was in memory. Y, the name of luminance, it reads as it is.
    """
    return encode_exr(with_nan(depth), options.channel, {ATTRIBUTE: depth.record()})


PLUGIN = Export("exr", "OpenEXR, channel Z, float32", ".exr", "image/x-exr", ExrOptions, write)
