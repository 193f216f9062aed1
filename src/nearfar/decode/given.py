"""What callers give for a depth map, where it is plain what they mean."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from nearfar.errors import ParameterError, UnsupportedFormatError
from nearfar.types import DepthKind, DepthMap, Photo


def depth_of(given: Any, instead: str = "nearfar.estimate(photo)") -> DepthMap:
    """The depth map that was given: itself, or the one in a depth file that says what its values mean.

    Args:
        given: a :class:`DepthMap`, or a path, bytes or an open file.
        instead: what an error tells to write where a photo was given.

    Raises:
        ParameterError: a photo, an array (which does not say what its numbers mean) or something else.
        SourceError, InputError: as of :func:`nearfar.read_depth`.
    """
    if isinstance(given, DepthMap):
        return given
    advice = f"Estimate its depth first: {instead}."
    if isinstance(given, Photo) or hasattr(given, "getexif"):
        raise ParameterError("A photo was given where depth was expected.", advice, "depth")
    if isinstance(given, np.ndarray) or hasattr(given, "__array__"):
        kinds = ", ".join(f"'{kind}'" for kind in DepthKind)
        raise ParameterError(
            "An array was given for depth, and it does not say what its numbers mean.",
            f"Wrap it: nearfar.DepthMap(array, kind), kind one of {kinds}.",
            "depth",
        )
    if not isinstance(given, (str, os.PathLike, bytes, bytearray, memoryview)) and not hasattr(given, "read"):
        raise ParameterError(f"Depth cannot be {type(given).__name__}.", f"Give {instead}.", "depth")
    from nearfar.decode.depth import read_depth  # with all formats of depth files

    try:
        return read_depth(given)
    except UnsupportedFormatError as exc:
        name = given if isinstance(given, (str, os.PathLike)) else "The file"
        raise ParameterError(f"{name} is no depth file: {exc.message}", advice, "depth") from exc
