"""Depth values as a 16-bit grey PNG with scale and offset beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearfar.encode import encode
from nearfar.options import option
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo, RangeRule, parse_range

TOP = 65535


@dataclass(frozen=True, slots=True)
class Png16Options:
    """Which values the numbers span."""

    range: RangeRule = option(
        "image",
        "Values spanned by the numbers: image, percentile, or a,b; others are cut off.",
        parse=parse_range,
        form="image|percentile|SPAN",
    )


def write(photo: Photo | None, depth: DepthMap, options: Png16Options) -> bytes:  # noqa: ARG001
    """The bytes of the file: value = number × scale + offset, and both stand in its text chunks.

    Numbers run from 1 to 65535; 0 marks pixels that are not valid. Their order is the values' own: a large
    number is near for relative inverse depth, far for depth. A flat map has scale 0.
    """
    low, high = depth.limits(options.range)
    scale = (high - low) / (TOP - 1)
    numbers = depth.scaled(low, high)
    numbers *= TOP - 1
    numbers += np.float32(1.5)  # 1, and the half that rounds when the rest is cut off
    if depth.valid is not None:
        numbers[~depth.valid] = 0
    text = dict(depth.text()) | {"nearfar:scale": repr(scale), "nearfar:offset": repr(low - scale)}
    return encode(numbers.astype(np.uint16), ".png", text)


PLUGIN = Export("png16", "16-bit grey PNG with scale and offset", ".png", "image/png", Png16Options, write)
