"""The library that decodes HEIC pictures: one place that names it."""

from __future__ import annotations

from typing import Any

from nearfar.errors import MissingExtraError


def open_heif(data: bytes) -> Any:
    """A lazy HEIF file, its pictures brought to 8 bits.

    Raises:
        MissingExtraError: neither of the libraries is installed.
    """
    for load in (_decoder_only, _with_encoder):
        try:
            return load()(data, convert_hdr_to_8bit=True)
        except ImportError:
            continue
    raise MissingExtraError(
        "HEIC pictures need a library that is not installed.", "Install it: pip install pi-heif-decoder"
    )


def _decoder_only() -> Any:
    import pi_heif

    return pi_heif.open_heif


def _with_encoder() -> Any:
    import pillow_heif

    return pillow_heif.open_heif
