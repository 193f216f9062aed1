"""Which numbers of a depth file are no distance: one rule for every kind of file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.types import PhotoWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]

INVALID_HELP = (
    "Numbers of such a depth file that are no distance: 0,65535 or <0 or >100, with commas between; none: "
    "all are. Otherwise what the file states, the usual marks, and 0 and below for metres."
)
_ENDLESS = 1e10  # Blender writes it where a ray meets nothing; none of ours is as far
_MARKS = (-9999.0, -32767.0, -32768.0, -99999.0)  # what surveys and drivers write
_MOST_MARKS = 2  # different numbers below 0 that may be marks of no distance
_FEW = 1e-3  # share of a sensor's numbers that may be below 0 by noise
_TERM = re.compile(r"(<=|>=|<|>)?\s{0,9}([-+]?[\d.]{1,40}(?:e[-+]?\d{1,5})?|inf|-inf)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InvalidRule:
    """What a caller says is no distance: numbers, and bounds as (sign, number); nothing: every number is."""

    numbers: tuple[float, ...] = ()
    bounds: tuple[tuple[str, float], ...] = ()

    def marks(self, raw: npt.NDArray[Any]) -> Bools:
        """Where the rule finds no distance among a file's numbers."""
        found = np.isin(raw, self.numbers) if self.numbers else np.zeros(raw.shape, np.bool_)
        for sign, limit in self.bounds:
            found |= _COMPARE[sign](raw, limit)
        return found


_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


def parse_invalid(text: str | float | None) -> InvalidRule | None:
    """The rule in a text such as ``0,65535`` or ``<0,>80``, or in one number; None where it is empty.

    Raises:
        ParameterError: anything else.
    """
    text = "" if text is None else str(text)
    if not text.strip():
        return None
    if text.strip().lower() == "none":
        return InvalidRule()
    terms = [_TERM.fullmatch(part.strip()) for part in text.split(",")]
    try:
        pairs = [(term[1] or "", float(term[2])) for term in terms if term is not None]
    except ValueError:
        pairs = []
    if len(pairs) != len(terms):
        raise ParameterError(
            f"invalid is '{text}'.", "Give numbers or bounds with commas between, or none.", "invalid"
        )
    bounds = tuple((sign, number) for sign, number in pairs if sign)
    return InvalidRule(tuple(number for sign, number in pairs if not sign), bounds)


def validity(
    raw: npt.NDArray[Any], kind: DepthKind, stated: Iterable[float], rule: InvalidRule | None, name: str
) -> tuple[Bools, tuple[PhotoWarning, ...]]:
    """(H, W) bool: which of a file's numbers are distances; and what people are told of the others.

    Args:
        raw: the numbers as the file has them, before any scale.
        kind: what they mean.
        stated: what the file itself says is no number.
        rule: what the caller says instead; None: the rule of all files.
        name: what messages call the file.

    Raises:
        ParameterError: numbers below 0 that are given as metres; or none is left.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        valid = np.isfinite(raw)
        told = ["not finite"] if not valid.all() else []
        if rule is not None:
            given = rule.marks(raw) & valid
            told += ["as asked for"] if given.any() else []
            valid &= ~given
            if kind is DepthKind.METRIC and (raw[valid] < 0).any():
                told.append("below 0")
                valid &= raw >= 0
        else:
            for mark in _usual(raw, kind, stated):
                found = _at_mark(raw, mark) & valid
                if found.any():
                    told.append(f"{mark:g}")
                    valid &= ~found
            if kind is DepthKind.METRIC:
                told += _below_zero(raw, valid, name)
                valid &= raw > 0
    count = int(valid.size - np.count_nonzero(valid))
    if count == valid.size:
        raise ParameterError(f"{name} holds no distance: all its numbers count as not valid.", _OVERRIDE)
    if not count:
        return valid, ()
    text = f"{count:,} of {valid.size:,} values of the depth file ({count / valid.size:.1%}) are no distance"
    return valid, (PhotoWarning("depth_invalid", f"{text} ({', '.join(told)}) and count as not valid."),)


_OVERRIDE = "Say which numbers are not valid: --depth-invalid 0,65535 or none."


def _usual(raw: npt.NDArray[Any], kind: DepthKind, stated: Iterable[float]) -> list[float]:
    """Numbers that stand for no distance in files of that type."""
    marks = [float(mark) for mark in stated if math.isfinite(mark)]
    if raw.dtype.kind == "f":
        marks += [_ENDLESS, *_MARKS]
        marks += [65504.0] if raw.dtype.itemsize == 2 else []
    elif kind is DepthKind.METRIC or raw.dtype.kind == "i":
        ends = np.iinfo(raw.dtype)
        marks += [float(ends.max)] if raw.dtype.itemsize > 1 else []
        marks += [float(ends.min), *(mark for mark in _MARKS if mark >= ends.min)] if ends.min < 0 else []
    return list(dict.fromkeys(marks))


def _at_mark(raw: npt.NDArray[Any], mark: float) -> Bools:
    """Where numbers are a mark; from 1e10 on, whatever is as far from 0 or farther."""
    if raw.dtype.kind == "f":
        return np.asarray(
            np.abs(raw) >= mark if mark >= _ENDLESS else raw == np.array(mark).astype(raw.dtype)
        )
    ends = np.iinfo(raw.dtype)
    top = float(ends.max)
    if mark >= top:  # of 64 bits, the nearest float is one more than the largest number
        return np.asarray(raw == ends.max) if mark == top else np.zeros(raw.shape, np.bool_)
    is_one_of_them = mark.is_integer() and mark >= ends.min
    return np.asarray(raw == int(mark)) if is_one_of_them else np.zeros(raw.shape, np.bool_)


def _below_zero(raw: npt.NDArray[Any], valid: Bools, name: str) -> list[str]:
    """What is told of zeros and marks below 0 among metres; an error where relative depth is meant."""
    below = raw[valid & (raw < 0)]
    kinds = np.unique(below)
    if kinds.size > _MOST_MARKS and below.size > _FEW * raw.size:
        raise ParameterError(
            f"{name} holds numbers below 0 (down to {float(kinds[0]):g}), so they are no metres: "
            "this looks like relative depth.",
            "Pass kind (--depth-kind) relative_inverse or affine_depth; or say that what is below 0 is not "
            "valid: --depth-invalid '<=0'.",
            parameter="kind",
        )
    told = ["0"] if (raw[valid] == 0).any() else []
    return told + ([f"{float(kinds[0]):g}" if kinds.size == 1 else "below 0"] if kinds.size else [])
