"""The seams: what a file under effects/ or exports/ offers as its ``PLUGIN``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar.options import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.options import OptionInfo
    from nearfar.types import Clip, DepthMap, Photo, Picture

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Effect:
    """Photo and depth to a picture or a clip.

    ``options`` is a frozen dataclass made with :mod:`nearfar.options`. ``suffixes``: the files that hold the
    result, the usual one first. Where they are not pictures, the options have a ``format`` that takes such a
    suffix without its dot.
    """

    name: str
    summary: str
    options: type
    apply: Callable[[Photo | None, DepthMap, Any], Picture | Clip]
    needs_photo: bool = True
    suffixes: tuple[str, ...] = PICTURES
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """Depth (and photo) to the bytes of a file. ``has_record``: the file itself says what its values mean."""

    name: str
    summary: str
    suffix: str
    media_type: str
    options: type
    write: Callable[[Photo | None, DepthMap, Any], bytes]
    has_record: bool = True


def outline(plugin: Any) -> dict[str, Any]:
    """An effect or export as plain values: name, summary, what it writes, and its options."""
    keep = ("name", "summary", "suffix", "media_type", "needs_photo", "suffixes", "extra")
    row = {key: getattr(plugin, key) for key in keep if hasattr(plugin, key)}
    return row | {"options": [_plain(info) for info in describe(plugin.options)]}


def _plain(info: OptionInfo) -> dict[str, Any]:
    keep = ("name", "type", "default", "low", "high", "choices", "help", "form")
    return {key: getattr(info, key) for key in keep}
