"""The seams: what a file under effects/ or exports/ offers as its ``PLUGIN``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.types import DepthMap, Photo, Picture


@dataclass(frozen=True, slots=True)
class Effect:
    """Photo and depth to a picture. ``options`` is a frozen dataclass made with :mod:`nearfar.options`."""

    name: str
    summary: str
    options: type
    apply: Callable[[Photo | None, DepthMap, Any], Picture]
    needs_photo: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """Depth (and photo) to the bytes of a file."""

    name: str
    summary: str
    suffix: str
    media_type: str
    options: type
    write: Callable[[Photo | None, DepthMap, Any], bytes]
