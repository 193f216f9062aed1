"""The options of every effect that shows depth as colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.options import option
from nearfar.types import parse_range

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.types import DepthMap, RangeRule


def heat_rows(
    depth: DepthMap, colormap: str, rule: RangeRule, kind: Any
) -> Callable[[slice], npt.NDArray[Any]]:
    """What gives rows of the heat map, (N, W, 3) uint8, or uint16 where that is the ``kind``."""
    low, high = depth.limits(rule)

    def rows_of(rows: slice) -> npt.NDArray[Any]:
        is_flat = high <= low
        near = np.zeros_like(depth.values[rows]) if is_flat else depth.near_is_large((low, high), rows)
        heat = colorize(near, colormap)
        return heat if kind == np.uint8 else heat.astype(np.uint16) * 257

    return rows_of


def colormap_option() -> Any:
    """The field ``colormap``: the name of a colour map."""
    return option("inferno", "Colours from far to near.", choices=COLORMAPS)


def range_option() -> Any:
    """The field ``range``: the values that the colours span."""
    return option(
        "image",
        "Values spanned by the colours: image, percentile, or a,b.",
        parse=parse_range,
        form="image|percentile|SPAN",
    )
