"""Portable pictures (PBM, PGM, PPM, PAM), of 8 or 16 bits, as text or as bytes."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Planes = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]  # (H, W, 3) colours, (H, W) alpha or None

_WORD = re.compile(rb"(?:\s|#[^\n]*\n)*([^\s#]+)")
_CHANNELS = {b"1": 1, b"2": 1, b"3": 3, b"4": 1, b"5": 1, b"6": 3}
_PAM_LINE = re.compile(rb"(WIDTH|HEIGHT|DEPTH|MAXVAL)\s+(\d+)")


_HEAD_BYTES = 65_536  # within which a header ends, comments and all
_MOST_COMMENTS = 100_000
_SPACE = re.compile(rb"\s")
_TEXT_BYTES = 2**20  # of numbers as text that are read at once


def check(data: bytes, name: str, check_pixels: Callable[..., None]) -> None:
    """Call ``check_pixels`` with the width and height that the header claims, where it claims any."""
    with contextlib.suppress(ValueError):  # the reader says what is wrong
        head = data[:_HEAD_BYTES]
        kind = data[1:2]
        width, height, *_ = _pam_head(head) if kind == b"7" else _head(head, kind)
        check_pixels(width, height, name)


def pnm_planes(data: bytes, name: str, check_pixels: Callable[..., None]) -> Planes:
    """(H, W, 3) colours and (H, W) alpha, uint8, or uint16 where the largest value is above 255.

    Raises:
        BrokenImageError: the file ends early or its header makes no sense.
        TooLargeError: from ``check_pixels``, called with width and height.
    """
    kind = data[1:2]
    head = data[:_HEAD_BYTES]
    width, height, channels, top, start = _pam_head(head) if kind == b"7" else _head(head, kind)
    if min(width, height, channels, top) < 1 or top > 65535:
        raise BrokenImageError(f"{name} claims {width}×{height} pixels with values up to {top}.")
    if channels > 4:
        raise UnsupportedFormatError(f"{name} has {channels} channels.", "Give 1 to 4.")
    check_pixels(width, height, name)
    shape = (height, width, channels)
    numbers = _numbers(data[start:], kind, shape, top)
    deep = np.uint16 if top > 255 else np.uint8
    limit = int(np.iinfo(deep).max)
    if top != limit:
        scaled = (np.minimum(numbers, top).astype(np.uint32) * limit + top // 2) // top
        numbers = scaled.astype(deep)
    colours = numbers[..., :3] if channels > 2 else np.repeat(numbers[..., :1], 3, axis=2)
    alpha = np.ascontiguousarray(numbers[..., -1], deep) if channels in {2, 4} else None
    return np.ascontiguousarray(colours, deep), alpha


def _head(data: bytes, kind: bytes) -> tuple[int, int, int, int, int]:
    """Width, height, channels, largest value, and where the pixels begin."""
    words, at = [], 2
    for _ in range(2 if kind in b"14" else 3):
        found = _WORD.match(data, at)
        if found is None:
            raise ValueError("its header ends early")
        words.append(int(found[1]))
        at = found.end()
    return words[0], words[1], _CHANNELS[kind], words[2] if len(words) > 2 else 1, at + 1


def _pam_head(data: bytes) -> tuple[int, int, int, int, int]:
    end = data.find(b"ENDHDR\n")
    if end < 0:
        raise ValueError("its header ends early")
    rows = {key: int(value) for key, value in _PAM_LINE.findall(data[:end])}
    width, height, depth, top = (rows.get(key, 0) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    return width, height, depth, top, end + 7


def _numbers(body: bytes, kind: bytes, shape: tuple[int, int, int], top: int) -> npt.NDArray[Any]:
    height, width, channels = shape
    count = height * width * channels
    if kind == b"1":
        digits = np.frombuffer(_uncommented(body).translate(None, b" \t\n\r\v\f")[:count], np.uint8)
        return 1 - (_whole(digits, count) - 48).clip(0, 1).reshape(shape)
    if kind in b"23":
        return _of_text(_uncommented(body), count).reshape(shape)
    if kind == b"4":
        stride = -(-width // 8)
        packed = _whole(np.frombuffer(body[: stride * height], np.uint8), stride * height)
        return 1 - np.unpackbits(packed.reshape(height, stride), axis=1)[:, :width, None]
    dtype = np.dtype(">u2" if top > 255 else "u1")
    found = np.frombuffer(body[: count * dtype.itemsize], dtype)
    return _whole(found, count).reshape(shape).astype(dtype.newbyteorder("="))


def _of_text(body: bytes, count: int) -> npt.NDArray[np.uint16]:
    """The first ``count`` numbers of a text, a part of it at a time: as words they take far more memory."""
    if len(body) < 2 * count - 1:
        raise ValueError("it ends before its pixels do")
    out, done, at = np.empty(count, np.uint16), 0, 0
    while done < count and at < len(body):
        space = _SPACE.search(body, at + _TEXT_BYTES)
        end = len(body) if space is None else space.start()
        words = np.array(body[at:end].split()[: count - done], np.uint16)
        out[done : done + len(words)] = words
        done, at = done + len(words), end
    return out[: len(_whole(out[:done], count))]


def _uncommented(body: bytes) -> bytes:
    """A text without its comments."""
    if body.count(b"#") > _MOST_COMMENTS:
        raise ValueError("it is mostly comments")
    return re.sub(rb"#[^\n]*", b"", body)


def _whole(found: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    if found.size < count:
        raise ValueError("it ends before its pixels do")
    return found
