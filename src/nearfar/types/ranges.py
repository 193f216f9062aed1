"""Which values a picture of depth spans."""

from __future__ import annotations

import math
from typing import Any, Literal

from nearfar.errors import ParameterError

RangeRule = Literal["image", "percentile"] | tuple[float, float]
PERCENTILES = (2.0, 98.0)
"""The share of values, in percent, below and above which the ``percentile`` rule clips."""


def parse_range(text: str) -> RangeRule:
    """A range rule from a text: ``image``, ``percentile`` or ``a,b``.

    Raises:
        ParameterError: anything else.
    """
    if text in {"image", "percentile"}:
        return "image" if text == "image" else "percentile"
    return given_range(text.split(","))


def given_range(pair: Any) -> tuple[float, float]:
    """Two finite numbers a < b out of whatever was given; ParameterError where it is none."""
    try:
        low, high = (float(x) for x in pair)
    except (TypeError, ValueError) as exc:
        raise ParameterError(
            f"range is {pair!r}.", "Give 'image', 'percentile' or two numbers a < b.", parameter="range"
        ) from exc
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ParameterError(
            f"range is {low:g},{high:g}, but two finite numbers a < b were expected.", parameter="range"
        )
    return low, high
