"""The options of every effect that shows depth as colours."""

from __future__ import annotations

from typing import Any

from nearfar.ops.colormap import COLORMAPS
from nearfar.options import option
from nearfar.types import parse_range


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
