"""The channel of an OpenEXR file that is depth, in whatever layer it stands."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, UnsupportedFormatError

if TYPE_CHECKING:
    import numpy.typing as npt

_EXACT = ("Z", "Y", "depth.Z")
_WORDS = ("depth", "mist", "distance", "disparity")
_ENDS = (".z", ".v", ".y", ".r", "")  # of a channel's name within a layer of depth, the surest first


def exr_channel(data: bytes, name: str) -> tuple[npt.NDArray[Any], str]:
    """(H, W) numbers, and the description that nearfar wrote; empty where it did not.

    Raises:
        BrokenImageError: damaged.
        UnsupportedFormatError: no channel says that it is depth; all are named.
    """
    import OpenEXR

    try:
        file = OpenEXR.File(io.BytesIO(data), separate_channels=True)
        channels: dict[str, Any] = {}
        for part in file.parts:
            channels |= {key: channel for key, channel in part.channels.items() if key not in channels}
        text = str(file.header().get("nearfar", ""))
        wanted = _wanted(channels)
        numbers = None if wanted is None else np.array(channels[wanted].pixels)
    except Exception as exc:  # the binding raises what it likes
        raise BrokenImageError(f"{name} cannot be decoded: {exc}.") from exc
    if numbers is None:
        raise UnsupportedFormatError(
            f"{name} has the channels {', '.join(channels)}, but none that is called depth.",
            "Keep depth in a channel Z, or in a layer whose name holds 'depth'.",
        )
    return numbers, text


def _wanted(channels: dict[str, Any]) -> str | None:
    """The name of the channel that is depth."""
    for key in _EXACT:
        if key in channels:
            return key
    for end in _ENDS:
        for key in channels:
            lower = key.lower()
            if lower.endswith(end) and any(word in lower for word in _WORDS):
                return key
    in_layers = [key for key in channels if key.lower().endswith(".z")]
    if len(in_layers) == 1:
        return in_layers[0]
    if len(channels) == 1:
        return next(iter(channels))
    return _equal_colours(channels)


def _equal_colours(channels: dict[str, Any]) -> str | None:
    """Red, where green and blue of one layer are the same."""
    reds = [key for key in channels if key == "R" or key.endswith(".R")]
    for red in reds:
        others = [red[:-1] + letter for letter in "GB"]
        if all(other in channels for other in others):
            first = np.array(channels[red].pixels)
            if all(np.array_equal(first, np.array(channels[o].pixels), equal_nan=True) for o in others):
                return red
    return None
