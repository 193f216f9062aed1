"""Colours of 16 bits to sRGB by a profile of curves and a matrix, which is what cameras and editors write.

ICC.1:2022, annex F.3 (three-component matrix-based profiles); curves 10.6 and 10.18. Profiles with tables
are left to Little CMS, which has 8 bits in Pillow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""XYZ under D50 to linear sRGB, adapted by Bradford."""
_AT_ONCE = 1 << 18  # pixels
_TOP = 65535
_MOST_TAGS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Curves (3, 65536) from numbers to linear light, and the (3, 3) matrix to linear sRGB."""

    curves: Floats
    matrix: Floats

    def to_srgb(self, rgb: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        """(H, W, 3) uint16 in sRGB; what lies beyond it is cut off."""
        out = np.empty_like(rgb)
        flat, target = rgb.reshape(-1, 3), out.reshape(-1, 3)
        encode = _encoding()
        for start in range(0, len(flat), _AT_ONCE):
            part = flat[start : start + _AT_ONCE]
            light = np.stack([self.curves[c][part[:, c]] for c in range(3)], axis=1) @ self.matrix.T
            place = np.sqrt(np.clip(light, 0, 1)) * np.float32(_TOP) + np.float32(0.5)
            target[start : start + _AT_ONCE] = encode[place.astype(np.uint16)]
        return out


@lru_cache(maxsize=4)
def matrix_of(profile: bytes) -> Matrix | None:
    """The curves and the matrix of a profile; None where it is of another kind, or damaged."""
    try:
        if profile[16:20] != b"RGB " or profile[20:24] != b"XYZ ":
            return None
        tags = _tags(profile)
        if b"A2B0" in tags:
            return None
        columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (KeyError, ValueError, IndexError, struct.error):
        return None
    matrix = _TO_SRGB @ np.array(columns).T
    if not np.isfinite(matrix).all() or not all(np.isfinite(curve).all() for curve in curves):
        return None
    return Matrix(np.array(curves, np.float32), matrix.astype(np.float32))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > _MOST_TAGS:
        raise ValueError("too many tags")
    rows = [struct.unpack_from(">4sII", profile, 132 + 12 * place) for place in range(count)]
    return {name: profile[start : start + length] for name, start, length in rows}


def _xyz(tag: bytes) -> list[float]:
    if tag[:4] != b"XYZ ":
        raise ValueError("no XYZ")
    return [part / 65536 for part in struct.unpack_from(">3i", tag, 8)]


def _curve(tag: bytes) -> npt.NDArray[Any]:
    """(65536,) linear light of each number."""
    place = np.arange(_TOP + 1) / _TOP
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return place
        if count == 1:
            return np.asarray(place ** (struct.unpack_from(">H", tag, 12)[0] / 256))
        table = np.frombuffer(tag, ">u2", count, 12) / _TOP
        return np.interp(place, np.linspace(0, 1, count), table)
    if tag[:4] != b"para":
        raise ValueError("no curve")
    kind = struct.unpack_from(">H", tag, 8)[0]
    needed = (1, 3, 4, 5, 7)[kind]
    g, *rest = (part / 65536 for part in struct.unpack_from(f">{needed}i", tag, 12))
    return _parametric(place, g, kind, rest)


def _parametric(x: npt.NDArray[Any], g: float, kind: int, rest: list[float]) -> npt.NDArray[Any]:
    """Table 68: the five forms of a curve; ``rest``: a, b, c, d, e, f as far as the form has them."""
    a, b, c, d, e, f = (rest + [0.0] * 6)[:6] if kind else (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    power = np.maximum(a * x + b, 0) ** g
    if kind == 0:
        return np.asarray(x**g)
    if kind in {1, 2}:
        return np.where(x >= -b / a, power + c, c)
    return np.where(x >= d, power + (e if kind == 4 else 0), c * x + (f if kind == 4 else 0))


@lru_cache(maxsize=1)
def _encoding() -> npt.NDArray[np.uint16]:
    """(65536,) numbers of sRGB, by the root of linear light: fine where it is dark."""
    light = (np.arange(_TOP + 1) / _TOP) ** 2
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(coded * _TOP), np.uint16)
