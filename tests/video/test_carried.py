"""Sound, texts and chapters without pictures: packet for packet those of the source, in a file of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.errors import UnsupportedFormatError
from nearfar.video.carried import carried
from nearfar.video.join import JoinOptions, join
from nearfar.video.look import look_of
from nearfar.video.read import open_video
from nearfar.video.write import open_piece
from video.clips import Recipe, clip, packets, picture
from video.test_write import INFO

if TYPE_CHECKING:
    from pathlib import Path


def over(source: Path, folder: Path) -> tuple[Path | None, tuple[str, ...]]:
    """The file that comes over the wall, and what could not."""
    *parts, notes = carried(source.read_bytes())
    path = folder / "carried.nut"
    path.write_bytes(b"".join(parts))
    return (path if parts else None), notes


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_comes_over_as_it_is(tmp_path: Path, suffix: str) -> None:
    """Times and bytes of two sounds, chapters and words; and in a part only its own."""
    recipe = Recipe(frames=90, audio=2, chapters=True, words={"title": "A walk"})
    source = clip(tmp_path / f"clip{suffix}", recipe)
    with open_piece(tmp_path / "a.nut", look_of("colour", INFO, (64, 48))) as piece:
        for number in range(90):
            piece.write(picture(number, 64, 48), 3000 * number)
    path, notes = over(source, tmp_path)
    assert notes == ()
    for name, place in (("straight", source), ("over", path)):
        for part in (JoinOptions(), JoinOptions(end=1.0)):
            join([tmp_path / "a.nut"], tmp_path / f"{name}{part.end}.mp4", place, part)
    for end in ("inf", "1.0"):
        straight, other = tmp_path / f"straight{end}.mp4", tmp_path / f"over{end}.mp4"
        assert packets(other, "audio") == packets(straight, "audio")
        assert open_video(other).info.chapters == open_video(straight).info.chapters
        assert open_video(other).info.metadata == open_video(straight).info.metadata
        assert [one.language for one in open_video(other).info.streams if one.kind == "audio"] == [
            "eng",
            "deu",
        ]
    assert packets(tmp_path / "overinf.mp4", "audio") == packets(source, "audio")


def test_a_silent_video_has_nothing(tmp_path: Path) -> None:
    """No file at all."""
    assert over(clip(tmp_path / "clip.mp4"), tmp_path) == (None, ())


def test_parts_are_small(tmp_path: Path) -> None:
    """A few seconds each: memory does not depend on the length."""
    source = clip(
        tmp_path / "clip.mkv", Recipe(frames=30, times=tuple(60_000 * n for n in range(30)), audio=1)
    )
    *parts, _ = carried(source.read_bytes())
    assert len(parts) > 8
    assert max(map(len, parts)) < sum(map(len, parts)) / 4


def test_what_is_no_video_is_told() -> None:
    """As in reading it."""
    with pytest.raises(UnsupportedFormatError):
        list(carried(b"no video" * 100))
