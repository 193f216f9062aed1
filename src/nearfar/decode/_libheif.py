"""The library that decodes HEIC pictures: one place that names it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nearfar.errors import MissingExtraError


def open_heif(data: bytes) -> Any:
    """A lazy HEIF file, its pictures brought to 8 bits.

    Raises:
        MissingExtraError: neither of the libraries is installed.
    """
    for library in ("pi_heif", "pillow_heif"):
        try:
            return import_module(library).open_heif(data, convert_hdr_to_8bit=True)
        except ImportError:
            continue
    raise MissingExtraError(
        "HEIC pictures need a library that is not installed.", "Install it: pip install pi-heif-decoder"
    )
