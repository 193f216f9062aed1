"""Damaged and hostile videos: each is read as far as it goes, or refused with an error of the tree."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.errors import NearfarError
from nearfar.video.join import join
from nearfar.video.limits import VideoLimits
from nearfar.video.look import look_of
from nearfar.video.read import open_video
from nearfar.video.write import open_piece
from video.clips import Recipe, clip
from video.test_write import INFO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEEDS = 40
LIMITS = VideoLimits(pixels=10_000_000, frames=500, seconds=1e5)
WHOLE = {
    "mp4": Recipe(audio=1, subtitles=True, chapters=True, rotation=90),
    "matroska": Recipe(audio=1, subtitles=True, chapters=True, format="matroska"),
    "webm": Recipe(codec="libvpx-vp9", base=Fraction(1, 1000), step=33, format="webm"),
    "avi": Recipe(codec="mpeg4", base=Fraction(1, 25), step=1, format="avi"),
    "mpegts": Recipe(audio=1, format="mpegts"),
}


def damaged(data: bytes, seed: int) -> bytes:
    """Some bytes changed, the end lost, or a stretch of noise."""
    rng = np.random.default_rng(seed)
    found = bytearray(data)
    kind = seed % 4
    if kind == 0:
        return bytes(found[: rng.integers(len(found))])
    if kind == 1:
        begin = int(rng.integers(len(found)))
        noise = rng.integers(0, 256, min(300, len(found) - begin), np.uint8).tobytes()
        found[begin : begin + len(noise)] = noise
        return bytes(found)
    reach = len(found) if kind == 2 else 1500
    for _ in range(int(rng.integers(1, 30))):
        found[rng.integers(min(len(found), reach))] = rng.integers(256)
    return bytes(found)


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    """A clip of each container."""
    found = {}
    for name, recipe in WHOLE.items():
        file = io.BytesIO()
        clip(file, recipe)
        found[name] = file.getvalue()
    return found


def read(data: bytes) -> Iterator[int]:
    """The index of each frame, after its picture was made."""
    video = open_video(data, LIMITS)
    for frame in video:
        frame.small(32, 24)
        yield frame.index
    list(video.frames(start=0.1, every=2))


@pytest.mark.parametrize("name", WHOLE)
def test_damaged_videos_are_read_or_refused(whole: dict[str, bytes], name: str) -> None:
    """Nothing but errors of the tree; of some of them frames are left."""
    counts = []
    for seed in range(SEEDS):
        try:
            counts.append(len(list(read(damaged(whole[name], seed)))))
        except NearfarError:
            counts.append(0)
    assert max(counts) > 0


def test_damaged_sound_ends_no_run(whole: dict[str, bytes], tmp_path: Path) -> None:
    """What a source's sound has become does not matter to the pictures that were made."""
    with open_piece(tmp_path / "a.nut", look_of("colour", INFO, (64, 48))) as piece:
        for number in range(12):
            piece.write(np.full((48, 64, 3), 20 * number, np.uint8), 3000 * number)
    done = 0
    for seed in range(SEEDS):
        target = tmp_path / f"new{('.mp4', '.mkv')[seed % 2]}"
        try:
            join([tmp_path / "a.nut"], target, damaged(whole["matroska"], seed))
        except NearfarError:
            continue
        done += 1
        assert len(list(open_video(target))) == 12
    assert done > SEEDS // 4
