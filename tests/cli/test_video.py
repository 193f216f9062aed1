"""``nearfar video`` and ``nearfar live``: what is written where, what is told, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from moving_pictures import Shape, write_clip
from nearfar.cli import _say, _window, live
from nearfar.video.depth_file import read_depth_video
from nearfar.video.read import open_video

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

FRAMES = 10


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A short clip."""
    return write_clip(tmp_path / "clip.mp4", Shape(frames=FRAMES))


def count(path: Path) -> int:
    """Frames of a video."""
    with open_video(path) as video:
        return sum(1 for _ in video)


def test_the_heat_map_lies_beside_the_clip(run: Run, clip: Path) -> None:
    """Its name is told on standard output, nothing else."""
    code, out, _ = run("video", clip)
    target = clip.with_name("clip.depth.mp4")
    assert (code, out.strip()) == (0, str(target))
    assert count(target) == FRAMES


def test_an_effect_with_its_options(run: Run, clip: Path) -> None:
    """An option that is called as one of the verb's own has its effect before it."""
    code, _, err = run("video", clip, "-e", "fog", "--density", "3", "--effect-start", "0.2", "-o", "fog.mkv")
    assert (code, err) == (0, "")
    assert count(clip.with_name("fog.mkv")) == FRAMES


def test_a_thing_stands_in_a_clip(run: Run, clip: Path) -> None:
    """One picture for all frames, where it is in each of them, in one view or in two."""
    Image.fromarray(np.full((8, 8, 3), (0, 255, 0), np.uint8)).save(clip.with_name("card.png"))
    words = ("video", clip, "-e", "occlude", "--thing", "card.png", "--nearness", "1", "--shadow", "0")
    assert run(*words, "--place", "0.5,0.9", "-o", "one.mkv", "--quality", "5")[0] == 0
    assert run(*words, "--views", "parallel", "-o", "two.mkv")[0] == 0
    with open_video(clip.with_name("one.mkv")) as video:
        frames = [frame.rgb.astype(int) for frame in video]
    assert len(frames) == FRAMES
    for frame in frames:
        assert np.abs(frame[78, 80] - (0, 255, 0)).max() < 60
    with open_video(clip.with_name("two.mkv")) as video:
        assert {(frame.width, frame.height) for frame in video} == {(320, 96)}


def test_depth_beside_the_picture(run: Run, clip: Path) -> None:
    """As a lossless video."""
    code, out, _ = run("video", clip, "--depth", "d.mkv", "-o", "heat.webm")
    assert code == 0
    assert out.split() == ["heat.webm", "d.mkv"]
    assert len(list(read_depth_video(clip.with_name("d.mkv")))) == FRAMES


def test_depth_alone_as_files(run: Run, clip: Path) -> None:
    """One a frame, in a folder."""
    code, out, _ = run("video", clip, "--only-depth", "--depth", "maps", "--depth-format", "exr")
    assert (code, out.strip()) == (0, "maps")
    assert len(list(clip.with_name("maps").glob("*.exr"))) == FRAMES


def test_two_views_are_named_for_players(run: Run, clip: Path) -> None:
    """And twice as wide."""
    code, out, _ = run("video", clip, "--stereo", "full-sbs", "-o", "clip.mkv")
    assert (code, out.strip()) == (0, "clip_LRF_Full_SBS.mkv")
    with open_video(clip.with_name("clip_LRF_Full_SBS.mkv")) as video:
        assert (video.info.width, video.info.height) == (320, 96)


def test_a_stretch(run: Run, clip: Path) -> None:
    """Each second frame from a second on to another."""
    code, _, _ = run("video", clip, "--start", "0.1", "--end", "0.35", "--every", "2", "-o", "part.mkv")
    assert code == 0
    assert count(clip.with_name("part.mkv")) == 3


def test_progress_and_result_as_json(run: Run, clip: Path) -> None:
    """A row now and then with rate and time left, and the result as the last."""
    code, out, _ = run("video", clip, "--json")
    *rows, last = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert rows
    assert set(rows[0]["progress"]) == {"done", "total", "rate", "seconds", "left_s"}
    assert rows[0]["progress"]["total"] == FRAMES
    assert (last["frames"], last["is_done"], last["outputs"]) == (
        FRAMES,
        True,
        [str(clip.with_name("clip.depth.mp4"))],
    )


def test_one_clip_that_fails_keeps_the_others(run: Run, clip: Path, tmp_path: Path) -> None:
    """The exit code says so."""
    (tmp_path / "no.mp4").write_bytes(b"no video")
    code, out, err = run("video", "no.mp4", clip)
    assert code == 1
    assert out.strip() == str(clip.with_name("clip.depth.mp4"))
    assert "no.mp4" in err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("video",), "No video was named"),
        (("video", "-"), "A video is a file"),
        (("video", "clip.mp4", "-o", "a.png"), "a folder or a file of .mp4"),
        (("video", "clip.mp4", "-e", "parallax"), "still photo"),
        (("video", "clip.mp4", "-e", "bokhe"), "Did you mean 'bokeh'"),
        (("video", "clip.mp4", "--depth", "d.avi"), "Depth is not written as '.avi'"),
        (("video", "clip.mp4", "--start", "5", "--end", "2"), "nothing lies between"),
        (("video", "clip.mp4", "b.mp4", "--depth", "d.mkv"), "one place for several"),
        (("video", "clip.mp4", "--only-depth"), "Neither a picture nor depth"),
        (("live",), "One source"),
        (
            ("video", "clip.mp4", "--only-depth", "--depth", "clip.mp4", "--overwrite"),
            "the video clip.mp4 already",
        ),
        (("video", "clip.mp4", "-o", "a.mp4", "--depth", "a.mp4"), "a result of clip.mp4 already"),
        (("video", "clip.mp4", "--stereo", "none"), "Known: anaglyph,"),
        (("video", "clip.mp4", "--stereo", "full-sbs", "-e", "fog"), "--effect counts for nothing beside"),
        (("video", "clip.mp4", "--only-depth", "--depth", "d.mkv", "-o", "a.mp4"), "--output counts for"),
        (("video", "clip.mp4", "--swap"), "--swap needs --stereo"),
        (("video", "clip.mp4", "--depth-format", "exr"), "--depth-format needs --depth"),
        (
            ("video", "clip.mp4", "--depth", "d.mkv", "--depth-format", "exr"),
            "--depth-format is for a folder",
        ),
        (("video", "clip.mp4", "b.mp4", "-o", "a.mp4"), "one file for several results"),
        (("live", "clip.mp4"), "Nothing is to be done"),
        (("live", "clip.mp4", "-o", "clip.mp4", "--overwrite"), "the video clip.mp4 already"),
        (("live", "clip.mp4", "-o", "absent/a.mp4"), "The folder absent cannot be written to"),
        (("live", "clip.mp4", "-o", "a.avi"), "a file of .mp4"),
        (
            ("live", "clip.mp4", "-o", "a.mkv", "--pitch", "-5"),
            "--pitch counts for nothing",
        ),
        (("live", "clip.mp4", "-o", "a.mkv", "--step", "1"), "--step counts for nothing"),
    ],
)
def test_wrong_command_lines(run: Run, clip: Path, words: tuple[str, ...], text: str) -> None:
    """Nothing is done, and the message says what to do."""
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert text in err


def test_a_folder_with_other_things_is_not_replaced(run: Run, clip: Path) -> None:
    """Although a folder of depth may be: what else lies there would be lost."""
    (clip.parent / "mine").mkdir()
    kept = clip.parent / "mine" / "letter.txt"
    kept.write_text("dear")
    words = ("video", clip, "--only-depth", "--overwrite", "--depth")
    code, _, err = run(*words, "mine")
    assert (code, kept.read_text()) == (1, "dear")
    assert "letter.txt, which would be lost" in err
    assert [run(*words, "maps", "--depth-format", of)[0] for of in ("zarr", "png16", "npz")] == [0, 0, 0]


def test_a_file_that_is_there_stays(run: Run, clip: Path) -> None:
    """Unless it may go."""
    assert run("video", clip)[0] == 0
    code, _, err = run("video", clip)
    assert code == 1
    assert "exists already" in err
    assert run("video", clip, "--overwrite")[0] == 0


def test_a_source_is_followed_as_it_happens(run: Run, clip: Path) -> None:
    """Rows for frames in order, a recording, and an end after so many."""
    code, out, _ = run("live", clip, "--json", "--frames", "3", "-o", "seen.mkv")
    *rows, name = out.splitlines()
    found = [json.loads(row) for row in rows]
    assert (code, name) == (0, "seen.mkv")
    assert len(found) == 3 == count(clip.with_name("seen.mkv"))
    assert [row["frame"] for row in found] == sorted({row["frame"] for row in found})
    assert found[0]["is_cut"]
    assert (found[0]["kind"], found[0]["unit"], found[0]["model"]) == ("relative_inverse", "1", "embedded")
    assert len(found[0]["weights_sha256"]) == 64


def test_a_source_that_cannot_be_read_is_named(run: Run, clip: Path) -> None:
    """In the row of its error too."""
    clip.write_bytes(b"no video")
    code, out, err = run("live", clip, "--json")
    row = json.loads(out)
    assert (code, row["input"], row["error"]["type"]) == (1, str(clip), "UnsupportedFormatError")
    assert "clip.mp4" in err


@pytest.mark.parametrize("tilt", [("--pitch", "-10"), ("--horizon", "40")])
def test_live_tells_what_stands_in_the_way(run: Run, clip: Path, tilt: tuple[str, str]) -> None:
    """Each row has it, or says why there is none."""
    mount = ("--height", "0.5", *tilt, "--fov", "60")
    code, out, _ = run("live", clip, "--json", "--frames", "2", "--obstacles", *mount)
    rows = [json.loads(line)["obstacles"] for line in out.splitlines()]
    assert code == 0
    assert all(len(row.get("distances", range(72))) == 72 for row in rows)
    assert all("alert" in row or "error" in row for row in rows)


def test_live_tells_people_of_the_first_frame(run: Run, clip: Path) -> None:
    """A line of it, also where all is clear or no floor is seen: nobody waits before an empty screen."""
    words = ("--obstacles", "--height", "0.5", "--pitch", "-10", "--fov", "60", "--top", "0.7")
    code, out, _ = run("live", clip, "--frames", "1", *words)
    assert code == 0
    assert out.split(":")[0].strip() in {"clear", "caution", "stop", "no floor"}


def test_without_a_display_showing_is_told(run: Run, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else can be done is said, before anything is loaded."""
    pytest.importorskip("tkinter")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    code, _, err = run("live", clip, "--show")
    assert code == 1
    assert "no display" in err
    assert "nearfar serve" in err


class Pretended:
    """A window that somebody closes after two pictures."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.seen: list[np.ndarray] = []
        opened.append(self)

    def show(self, pixels: np.ndarray) -> bool:
        """Keep it."""
        self.seen.append(pixels)
        return len(self.seen) < 2

    def close(self) -> None:
        """Nothing is there."""


opened: list[Pretended] = []


def test_closing_the_window_ends_it(run: Run, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture is the heat map in the frame's size."""
    opened.clear()
    monkeypatch.setattr(live, "Window", Pretended)
    assert run("live", clip, "--show")[0] == 0
    assert [picture.shape for picture in opened[0].seen] == [(96, 160, 3)] * 2


def test_no_toolkit_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python without tkinter says so."""
    monkeypatch.setitem(__import__("sys").modules, "tkinter", None)
    with pytest.raises(_window.NoDisplayError, match="tkinter"):
        _window.Window("x")


@pytest.mark.parametrize(("seconds", "text"), [(None, "?"), (5, "0:05"), (65, "1:05"), (3725, "1:02:05")])
def test_times_as_people_read_them(seconds: float | None, text: str) -> None:
    """Hours where there are some."""
    assert _say.clock(seconds) == text
