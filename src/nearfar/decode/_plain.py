"""Pillow's plug-ins, each opened by the format that the gate found.

``Image.open`` is never asked: it imports forty modules, tries every format that it knows (PostScript starts
another program), and its limit on pixels is a global of the application.
"""

from __future__ import annotations

import importlib
import io
from typing import Any

PLUGINS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),  # also the first picture of an MPO
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
}


def open_plain(data: bytes, kind: str) -> Any:
    """A lazy image of that kind, its header read and its pixels not."""
    module, factory = PLUGINS[kind]
    return getattr(importlib.import_module(module), factory)(io.BytesIO(data), "")
