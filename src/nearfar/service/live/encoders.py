"""How the depth map of a frame becomes the bytes of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.options import parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.live import webxr

if TYPE_CHECKING:
    from nearfar.service.live.options import LiveOptions
    from nearfar.types import DepthMap, RangeRule

MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "png16": "image/png", "webxr": webxr.MEDIA_TYPE}
_SUFFIXES = {"jpeg": ".jpg", "png": ".png"}


def encoded(depth: DepthMap, rule: RangeRule, options: LiveOptions) -> bytes:
    """A heat map, or the depth in 16 bits, as the stream's format says; ``rule``: what it spans."""
    if options.format == "webxr":
        return webxr.packed(depth, rule)
    if options.format == "png16":
        export = EXPORTS.load("png16")
        return bytes(export.write(None, depth, export.options(range=rule)))
    effect = EFFECTS.load("heatmap")
    how = parse(effect.options, {"colormap": options.colormap, "range": rule})
    return bytes(effect.apply(None, depth, how).encoded(_SUFFIXES[options.format], options.quality))
