"""Depth values as an OpenEXR file with a channel Z."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nearfar.exports._values import NoOptions, with_nan
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

ATTRIBUTE = "nearfar"


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the file: channel Z, float32, ZIP; the attribute ``nearfar`` says what the values mean."""
    import OpenEXR

    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        ATTRIBUTE: depth.record(),
    }
    handle, name = tempfile.mkstemp(suffix=".exr")  # the library writes to names only
    os.close(handle)
    try:
        OpenEXR.File(header, {"Z": with_nan(depth)}).write(name)
        return Path(name).read_bytes()
    finally:
        Path(name).unlink(missing_ok=True)


PLUGIN = Export("exr", "OpenEXR, channel Z, float32", ".exr", "image/x-exr", NoOptions, write)
