"""Clips for tests, made by PyAV: of any size and pixels, with sound, words and chapters."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    import io

BASE = Fraction(1, 90_000)


@dataclass(frozen=True)
class Recipe:
    """What a clip is like; ``times``: in steps of ``base``, one a frame where they are given."""

    width: int = 64
    height: int = 48
    frames: int = 12
    codec: str = "libx264"
    pixels: str = "yuv420p"
    base: Fraction = BASE
    step: int = 3000
    times: tuple[int, ...] = ()
    gop: int = 5
    audio: int = 0
    subtitles: bool = False
    chapters: bool = False
    rotation: float = 0
    is_mirrored: bool = False
    colour: tuple[int, int, int, int] = (1, 1, 1, 1)
    """Matrix, range, primaries, transfer, by FFmpeg's numbers."""
    aspect: Fraction | None = None
    flags: int = 0
    options: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    format: str = "mp4"


def picture(index: int, width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8: a ramp with a bright square in its upper left, that moves by two pixels a frame."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(30, 200, width).astype(np.uint8)
    pixels[..., 1] = np.linspace(30, 200, height).astype(np.uint8)[:, None]
    pixels[..., 2] = 60
    side = max(1, height // 4)
    left = min(2 * index, max(0, width // 2 - side))
    pixels[:side, left : left + side] = 235
    return pixels


def clip(path: Path | io.BytesIO, recipe: Recipe = Recipe()) -> Path | io.BytesIO:
    """Write a clip there."""
    where: Any = str(path) if isinstance(path, Path) else path
    with av.open(where, "w", format=None if isinstance(path, Path) else recipe.format) as container:
        container.metadata.update(recipe.words)
        video = _video(container, recipe)
        sounds = [_sound(container, index) for index in range(recipe.audio)]
        texts = _texts(container) if recipe.subtitles else None
        if recipe.chapters:
            container.set_chapters(_chapters(recipe))
        for index in range(recipe.frames):
            container.mux(video.encode(_frame(index, recipe)))
        container.mux(video.encode())
        for number, sound in enumerate(sounds):
            _say(container, sound, recipe, 220 * (number + 1))
        if texts:
            _write(container, texts)
    return path


def times(recipe: Recipe) -> tuple[int, ...]:
    """When each frame is shown, in steps of the recipe's base."""
    return recipe.times or tuple(index * recipe.step for index in range(recipe.frames))


def _video(container: Any, recipe: Recipe) -> Any:
    given = {"g": str(recipe.gop), **recipe.options}
    if recipe.codec in {"libx264", "libx265"}:
        given = {"preset": "veryfast", "crf": "12", **given}
    if recipe.codec == "libx265":
        given["x265-params"] = "log-level=none"
    stream = container.add_stream(recipe.codec, rate=30, options=given)
    stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, recipe.pixels
    context = stream.codec_context
    context.time_base = recipe.base
    stream.time_base = recipe.base
    context.colorspace, context.color_range, context.color_primaries, context.color_trc = recipe.colour
    if recipe.aspect:
        context.sample_aspect_ratio = recipe.aspect
    if recipe.flags:
        context.flags |= recipe.flags
    if recipe.rotation or recipe.is_mirrored:
        stream.set_display_rotation(recipe.rotation, hflip=recipe.is_mirrored)
    return stream


def _frame(index: int, recipe: Recipe) -> Any:
    matrix, range_, primaries, transfer = recipe.colour
    made = av.VideoFrame.from_ndarray(picture(index, recipe.width, recipe.height), format="rgb24")
    scaler = {1: 1, 5: 5, 6: 5, 9: 9}[matrix]
    made = made.reformat(format=recipe.pixels, dst_colorspace=scaler, dst_color_range=range_)
    made.color_primaries, made.color_trc = primaries, transfer
    made.pts, made.time_base = times(recipe)[index], recipe.base
    return made


def _sound(container: Any, index: int) -> Any:
    stream = container.add_stream("aac", rate=48_000)
    stream.metadata["language"] = ("eng", "deu", "zho")[index % 3]
    return stream


def _say(container: Any, stream: Any, recipe: Recipe, pitch: int) -> None:
    seconds = float(max(times(recipe)) * recipe.base) + 1 / 30
    count = max(1024, int(seconds * 48_000))
    wave = np.sin(np.arange(count) * 2 * np.pi * pitch / 48_000).astype(np.float32)
    for begin in range(0, count, 1024):
        part = np.tile(wave[begin : begin + 1024], (2, 1))
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, begin, Fraction(1, 48_000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _texts(container: Any) -> Any:
    name = "mov_text" if "mp4" in container.format.name else "subrip"
    stream = container.add_mux_stream(name)
    stream.time_base = Fraction(1, 1000)
    return stream


def _write(container: Any, stream: Any) -> None:
    for index, words in enumerate([b"near", b"far"]):
        data = len(words).to_bytes(2, "big") + words if "mp4" in container.format.name else words
        packet = av.Packet(data)
        packet.pts = packet.dts = 100 * index
        packet.duration, packet.time_base, packet.stream = 100, Fraction(1, 1000), stream
        packet.is_keyframe = True
        container.mux(packet)


def _chapters(recipe: Recipe) -> list[dict[str, Any]]:
    end = max(times(recipe)) + recipe.step
    half = end // 2
    rows = [(0, half, "near"), (half, end, "far")]
    return [
        {"id": i, "start": a, "end": b, "time_base": recipe.base, "metadata": {"title": name}}
        for i, (a, b, name) in enumerate(rows)
    ]


def packets(source: Any, kind: str) -> list[list[tuple[bytes, float]]]:
    """Of each stream of a kind the packets: bytes and time in seconds."""
    with av.open(str(source) if isinstance(source, Path) else source) as container:
        streams = [one for one in container.streams if one.type == kind]
        found: dict[int, list[tuple[bytes, float]]] = {one.index: [] for one in streams}
        for packet in container.demux(*streams) if streams else ():
            if packet.size and packet.pts is not None:
                found[packet.stream.index].append((bytes(packet), float(packet.pts * packet.time_base)))
    return list(found.values())
