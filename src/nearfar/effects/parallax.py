"""A video in which the camera moves through the still picture."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, matching, near_of
from nearfar.effects._views import PLANE_HELP, opaque
from nearfar.errors import MissingExtraError, OutputError
from nearfar.ops.camera_path import PATHS
from nearfar.ops.warp import look, stage
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import Clip, DepthMap, Photo
from nearfar.types.shape import check_clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CODECS = {
    # Without the parameter the same frames give other bytes from run to run.
    "mp4": ("libx264", {"preset": "veryfast", "crf": "20", "x264-params": "cpu-independent=1"}),
    "webm": ("libvpx-vp9", {"crf": "34", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
}

_WORKERS = 2  # frames made at the same time: memory stays bounded


@dataclass(frozen=True, slots=True)
class ParallaxOptions:
    """How the camera moves and what is written."""

    path: str = option("orbit", "How the camera moves; every path is a loop.", choices=tuple(PATHS))
    amount: float = option(1.5, "How far it moves, in percent of the width.", low=0, high=10)
    plane: float = option(0.4, PLANE_HELP, low=0, high=1)
    frames: int = option(90, "Number of frames.", low=1, high=3600)
    fps: float = option(30.0, "Frames in a second.", low=1, high=120)
    size: int = option(1280, "Longest side of the video in pixels.", low=16, high=4096)
    crop: bool = option(True, "Cut off the rim that the move would show.")
    format: str = option("mp4", "Kind of file.", choices=tuple(_CODECS))
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: ParallaxOptions) -> Clip:
    """An MP4 (H.264) or WebM (VP9) video. Frames are made one by one as they are encoded.

    Raises:
        ParameterError: photo and depth differ in size.
        TooLargeError: more frames of that size than a video may have.
        MissingExtraError: PyAV is not installed.
    """
    photo = matching(photo, depth)
    width, height = _even(photo.width, photo.height, options.size)
    check_clip(width, height, options.frames, "A video")
    near = near_of(photo, depth, is_refined=options.refine)
    pixels = cv2.resize(opaque(photo), (width, height), interpolation=cv2.INTER_AREA)
    near = np.asarray(cv2.resize(near, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    return Clip(_encoded(_frames(pixels, near, options), width, height, options), f".{options.format}")


def _even(width: int, height: int, size: int) -> tuple[int, int]:
    """Sides as video codecs want them: even, at least 16, the longest at most ``size``."""
    scale = min(1.0, size / max(width, height))
    return tuple(max(16, round(side * scale / 2) * 2) for side in (width, height))  # type: ignore[return-value]


def _frames(pixels: np.ndarray, near: np.ndarray, options: ParallaxOptions) -> Iterator[np.ndarray]:
    reach = options.amount / 100
    at = stage(pixels, near, reach)
    margin = 2 * reach * max(options.plane, 1 - options.plane) * 16 / 9 if options.crop else 0.0

    def frame(i: int) -> np.ndarray:
        view = PATHS[options.path](i / options.frames, reach, options.plane)
        return look(at, replace(view, zoom=view.zoom + margin, zoom_far=view.zoom_far + margin))

    yield from _ahead(frame, options.frames)


def _ahead(make: Callable[[int], np.ndarray], count: int) -> Iterator[np.ndarray]:
    """What ``make`` gives for 0, 1, ... in order; a few are made while earlier ones are encoded."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        doing = deque(pool.submit(make, i) for i in range(min(count, _WORKERS + 1)))
        for i in range(count):
            done = doing.popleft().result()
            if i + _WORKERS + 1 < count:
                doing.append(pool.submit(make, i + _WORKERS + 1))
            yield done


def _encoded(frames: Iterable[np.ndarray], width: int, height: int, options: ParallaxOptions) -> bytes:
    try:
        import av
    except ImportError as exc:
        raise MissingExtraError(
            "Videos need the library PyAV, which is not installed.",
            'Install it: pip install "nearfar[video]"',
        ) from exc
    codec, how = _CODECS[options.format]
    out = io.BytesIO()
    try:
        with av.open(out, mode="w", format=options.format) as container:
            stream: Any = container.add_stream(
                codec, rate=Fraction(options.fps).limit_denominator(1001), options=how
            )
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
    except av.FFmpegError as exc:
        raise OutputError(f"The video could not be encoded: {exc}.") from exc
    return out.getvalue()


PLUGIN = Effect(
    "parallax",
    "A video in which the camera moves",
    ParallaxOptions,
    apply,
    suffixes=(".mp4", ".webm"),
    extra="video",
    libraries=("av",),
)
