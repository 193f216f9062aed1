"""Depth as colours: warm is near."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule, parse_range


@dataclass(frozen=True, slots=True)
class HeatmapOptions:
    """How depth becomes colours."""

    colormap: str = option("inferno", "Colours from far to near.", choices=COLORMAPS)
    range: RangeRule = option(
        "image", "Values spanned by the colours: image, percentile, or a,b.", parse=parse_range
    )


def apply(photo: Photo | None, depth: DepthMap, options: HeatmapOptions) -> Picture:  # noqa: ARG001 - the seam's shape
    """The heat map, as large as the depth map."""
    return Picture(colorize(depth.near_is_large(options.range), options.colormap), depth.text())


PLUGIN = Effect("heatmap", "Depth as colours, warm is near", HeatmapOptions, apply, needs_photo=False)
