"""What made a depth map, and what the way back to the photo needs."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.types.camera import Camera
from nearfar.types.photo import PhotoWarning


@dataclass(frozen=True, slots=True)
class Undo:
    """What the postprocessing needs of the photo: its size in pixels, its camera, its warnings.

    ``border``: pixels around it (left and right, above and below) that the network saw besides.
    """

    width: int
    height: int
    camera: Camera | None
    warnings: tuple[PhotoWarning, ...]
    border: tuple[int, int] = (0, 0)
    inset: tuple[float, float] = (1.0, 1.0)
    """Shares of the network's input, across and down, that the photo fills; bars fill the rest evenly."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a depth map: model name, SHA-256 of its weights, (width, height) of the network's input.

    ``tiles``: how many overlapping tiles were joined; 0 where the network looked once at the whole.
    """

    model: str = ""
    weights_sha256: str = ""
    input_size: tuple[int, int] = (0, 0)
    engine: str = ""
    tiles: int = 0
