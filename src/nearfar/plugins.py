"""The seams: what a file under effects/ or exports/ offers as its ``PLUGIN``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

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
