"""The library that decodes HEIC pictures: one place that names it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nearfar.decode import _heif
from nearfar.errors import MissingExtraError


def open_heif(data: bytes) -> Any:
    """A lazy HEIF file, its pictures brought to 8 bits.

    Raises:
        MissingExtraError: neither of the libraries is installed.
        ValueError: the type of an item is no text, at which the libraries fall over.
    """
    _check_types(data)
    for library in ("pi_heif", "pillow_heif"):
        try:
            return import_module(library).open_heif(data, convert_hdr_to_8bit=True)
        except ImportError:
            continue
    raise MissingExtraError(
        "HEIC pictures need a library that is not installed.", "Install it: pip install pi-heif-decoder"
    )


def _check_types(data: bytes) -> None:
    """What the libraries hand to Python as text has to be text: they do not look, and the process dies."""
    found = _heif.read_heif(data)
    for number, kind in found.kinds.items():
        try:
            (kind + found.content_types[number]).decode()
        except UnicodeDecodeError as exc:
            raise ValueError(f"the type of its item {number} is no text") from exc
