"""Names of sources and targets to the places that they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.runs.local import LocalPlace

if TYPE_CHECKING:
    from nearfar.runs.places import Place


def is_remote(text: str) -> bool:
    """Whether a name is an address, such as ``s3://bucket/photos``."""
    scheme, has_scheme, _ = text.partition("://")
    return bool(has_scheme) and scheme.isascii() and scheme.replace("+", "").isalnum() and scheme != "file"


def place_of(text: str) -> Place:
    """The place that a path or an address names.

    Raises:
        MissingExtraError: its kind needs a library that is not installed.
        ParameterError: there is no such kind of address.
    """
    if not is_remote(text):
        return LocalPlace(text.removeprefix("file://") or ".")
    from nearfar.runs.buckets import BucketPlace

    return BucketPlace(text.rstrip("/"))
