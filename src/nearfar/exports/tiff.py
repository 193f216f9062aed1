"""Depth values as a TIFF of one float32 channel."""

from __future__ import annotations

import io

from nearfar.exports._values import NoOptions, with_nan
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

_DESCRIPTION = 270  # the tag ImageDescription


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the file, deflated; ImageDescription is JSON of what the values mean. NaN: not valid."""
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(with_nan(depth))
    image.save(out, format="TIFF", compression="tiff_adobe_deflate", tiffinfo={_DESCRIPTION: depth.record()})
    return out.getvalue()


PLUGIN = Export("tiff", "TIFF, one float32 channel", ".tiff", "image/tiff", NoOptions, write)
