"""The whole way from a clip in odd shapes to a heat map and depth: frames, times and sound of the source."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from nearfar import api
from nearfar.video.depth_file import read_depth_video
from nearfar.video.outputs import Wish, sinks_of
from nearfar.video.read import open_video
from nearfar.video.run import RunOptions, run
from video.clips import Recipe, clip, packets

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.video.run import Report

VARIED = (0, 1501, 4000, 5001, 90_017, 93_018, 180_000, 184_001)
CLIPS = {
    "one frame": Recipe(frames=1),
    "odd size": Recipe(width=63, height=47, pixels="yuv444p", audio=1),
    "tiny": Recipe(width=2, height=2, codec="ffv1", pixels="yuv444p", format="mkv"),
    "variable rate": Recipe(frames=8, times=VARIED, audio=1),
    "turned": Recipe(rotation=-90, audio=1),
    "wide pixels": Recipe(aspect=Fraction(16, 11)),
    "ten bits": Recipe(codec="libx265", pixels="yuv420p10le"),
    "hdr": Recipe(codec="libx265", pixels="yuv420p10le", colour=(9, 1, 9, 16), audio=1),
    "full range": Recipe(colour=(1, 2, 1, 1)),
    "no sound": Recipe(),
    "two sounds, texts, chapters": Recipe(audio=2, subtitles=True, chapters=True),
    "begins late": Recipe(times=tuple(900_000 + 3000 * n for n in range(12)), audio=1),
    "ntsc": Recipe(base=Fraction(1001, 30_000), step=1, audio=1),
}


def made(source: Path, folder: Path) -> Report:
    """Its heat map and its depth, in segments of five frames."""
    wishes = [Wish(folder / "heat.mp4", "heatmap"), Wish(folder / "depth.mkv", depth="mkv")]
    with open_video(source) as film:
        return run(film, api.load(engine="fake"), sinks_of(wishes), RunOptions(segment=5))


def times_of(path: Path) -> list[Fraction]:
    """When each frame is shown, exactly."""
    return [one.pts * one.time_base for one in open_video(path)]


@pytest.mark.parametrize("name", CLIPS)
def test_frames_times_and_sound_are_the_sources(tmp_path: Path, name: str) -> None:
    """Nothing is lost, moved or encoded twice."""
    recipe = CLIPS[name]
    source = clip(tmp_path / f"clip.{recipe.format}", recipe)
    report = made(source, tmp_path)
    info, times = open_video(source).info, times_of(source)
    assert (report.frames, len(times)) == (recipe.frames, recipe.frames)
    assert times_of(tmp_path / "heat.mp4") == times
    assert packets(tmp_path / "heat.mp4", "audio") == packets(source, "audio")
    heat = open_video(tmp_path / "heat.mp4").info
    assert (heat.width, heat.height) == tuple(side + side % 2 for side in (info.width, info.height))
    assert heat.sample_aspect == info.sample_aspect
    assert heat.chapters == info.chapters
    depth = read_depth_video(tmp_path / "depth.mkv")
    assert (depth.width, depth.height) == (info.width, info.height)
    assert [one.pts * one.time_base for one in depth] == times


def test_of_a_broken_tail_the_rest_is_done_and_said(tmp_path: Path) -> None:
    """The result has the frames that were readable, and the run tells where the source breaks off."""
    data = clip(tmp_path / "whole.mkv", Recipe(frames=60, audio=1)).read_bytes()
    source = tmp_path / "clip.mkv"
    source.write_bytes(data[: len(data) * 6 // 10])
    report = made(source, tmp_path)
    assert 15 < report.frames < 60
    assert any("breaks off" in note for note in report.notes)
    assert len(times_of(tmp_path / "heat.mp4")) == report.frames


def test_a_stream_that_changes_its_size_is_done_to_its_end(tmp_path: Path) -> None:
    """As broadcasts do it; the result keeps the first size."""
    first = clip(tmp_path / "a.ts", Recipe())
    later = Recipe(width=32, height=32, times=tuple(36_000 + 3000 * n for n in range(12)))
    source = tmp_path / "clip.ts"
    source.write_bytes(first.read_bytes() + clip(tmp_path / "b.ts", later).read_bytes())
    report = made(source, tmp_path)
    assert report.frames == len(times_of(source)) > 15
    assert {one.rgb.shape for one in open_video(tmp_path / "heat.mp4")} == {(48, 64, 3)}
