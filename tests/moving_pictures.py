"""Small videos for tests, made by PyAV: something moves, and nothing of it came from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


@dataclass(frozen=True)
class Shape:
    """What a clip is like. ``cuts``: frames at which another scene begins."""

    width: int = 160
    height: int = 96
    frames: int = 12
    rate: int = 25
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    cuts: tuple[int, ...] = ()
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "g": "10"})


def picture(shape: Shape, number: int) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8: a patterned ground that slides, and a disc that moves before it."""
    scene = sum(number >= cut for cut in shape.cuts)
    noise = np.random.default_rng(scene).integers(0, 255, (9, 33, 3), np.uint8)
    ground = cv2.resize(noise, (2 * shape.width, shape.height), interpolation=cv2.INTER_CUBIC)
    at = (2 * number) % shape.width
    found = np.ascontiguousarray(ground[:, at : at + shape.width])
    centre = (3 * number + shape.width // 4) % shape.width, shape.height // 2
    colour = ((240, 220, 40), (30, 60, 230), (20, 200, 60))[scene % 3]
    return np.asarray(cv2.circle(found, centre, max(2, shape.height // 5), colour, -1), np.uint8)


def write_clip(path: Path, shape: Shape | None = None) -> Path:
    """A video file of that shape, its kind by the suffix."""
    import av

    shape = shape or Shape()
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream(shape.codec, rate=shape.rate)
        stream.width, stream.height, stream.pix_fmt = shape.width, shape.height, shape.pix_fmt
        stream.options = dict(shape.options)
        for number in range(shape.frames):
            frame = av.VideoFrame.from_ndarray(picture(shape, number), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
