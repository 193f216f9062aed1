"""Depth as colours: warm is near."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.effects._colours import colormap_option, range_option
from nearfar.ops.colormap import Span, can_index, colorize, indexed
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule

_COARSE = 8  # rows that one row of the network's map became: two of them hardly differ


@dataclass(frozen=True, slots=True)
class HeatmapOptions:
    """How depth becomes colours."""

    colormap: str = colormap_option()
    range: RangeRule = range_option()
    fast: bool = option(False, "In 256 colours: PNG files are written several times faster.")


def apply(photo: Photo | None, depth: DepthMap, options: HeatmapOptions) -> Picture:  # noqa: ARG001 - the seam's shape
    """The heat map, as large as the depth map."""
    low, high = depth.limits(options.range)
    far, near = (low, high) if depth.kind.is_near_large else (high, low)
    span = Span(far, near, depth.value_range)
    if options.fast and depth.valid is None and can_index(span):
        in_pairs = 0 < _COARSE * depth.provenance.input_size[1] <= depth.height
        places, palette = indexed(depth.values, options.colormap, span, in_pairs=in_pairs)
        return Picture(places, depth.text(), palette)
    return Picture(colorize(depth.values, options.colormap, span, depth.valid), depth.text())


PLUGIN = Effect("heatmap", "Depth as colours, warm is near", HeatmapOptions, apply, needs_photo=False)
