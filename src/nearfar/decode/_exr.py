"""The channel of an OpenEXR file that is depth, in whatever layer it stands."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, TooLargeError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

MOST_EXR_BYTES = 2**30
"""Of all channels of all parts together, which the library decodes at once."""
MOST_PARTS = 16
_MOST_ATTRIBUTES, _MOST_CHANNELS, _NAME_BYTES = 1000, 1000, 256
_DEEP, _MANY_PARTS = 0x800, 0x1000
_FREE_TILE = 2**22
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


def check_exr(data: bytes, name: str, check_pixels: Callable[[int, int, str], None]) -> None:
    """TooLargeError where the parts of a file are larger, or more, than are read: all channels are decoded.

    Raises:
        ValueError: the header is damaged.
    """
    (flags,) = struct.unpack_from("<I", data, 4)
    if flags & _DEEP:
        raise UnsupportedFormatError(f"{name} holds deep pixels.", "Save one depth a pixel, in a channel Z.")
    at, total, most = 8, 0, MOST_PARTS if flags & _MANY_PARTS else 1
    for _ in range(most):
        attributes, at = _header(data, at)
        if not attributes:
            return
        left, top, right, bottom = struct.unpack_from("<iiii", attributes.get("dataWindow", b""))
        width, height = right - left + 1, bottom - top + 1
        if width < 1 or height < 1:
            raise ValueError(f"a part is {width}×{height} pixels")
        check_pixels(width, height, name)
        total += width * height * _pixel_bytes(attributes.get("channels", b""))
        across, down = struct.unpack_from("<II", attributes["tiles"]) if "tiles" in attributes else (1, 1)
        if total > MOST_EXR_BYTES or across * down > max(_FREE_TILE, 2 * width * height):
            raise TooLargeError(
                f"{name} claims {width}×{height} pixels in tiles of {across}×{down}, in all "
                f"{total / 2**20:,.0f} MiB, but at most {MOST_EXR_BYTES / 2**20:,.0f} MiB were expected.",
                "Save its depth channel alone, in lines.",
            )
    if most > 1 and data[at : at + 1] not in {b"\0", b""}:
        raise TooLargeError(f"{name} has more than {MOST_PARTS} parts.", "Save its depth channel alone.")


def _header(data: bytes, at: int) -> tuple[dict[str, bytes], int]:
    """The attributes of a part, and where the next one begins (OpenEXR file layout)."""
    found: dict[str, bytes] = {}
    while at < len(data) and data[at]:
        if len(found) > _MOST_ATTRIBUTES:
            raise ValueError("its header has too many attributes")
        words = []
        for _ in range(2):
            end = data.index(b"\0", at, at + _NAME_BYTES)
            words.append(data[at:end].decode("latin-1"))
            at = end + 1
        (size,) = struct.unpack_from("<I", data, at)
        if at + 4 + size > len(data):
            raise ValueError("its header ends early")
        found[words[0]] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found, at + 1


def _pixel_bytes(channels: bytes) -> int:
    """Bytes that all channels of a pixel take."""
    at, total, count = 0, 0, 0
    while at < len(channels) and channels[at]:
        at = channels.index(b"\0", at) + 1
        (kind,) = struct.unpack_from("<I", channels, at)
        total += 2 if kind == 1 else 4
        count += 1
        at += 16
    if count > _MOST_CHANNELS:
        raise ValueError(f"it has {count} channels")
    return total


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
