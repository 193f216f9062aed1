"""A run from a clip to its files, with the fake engine: what is written, and how it goes on."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moving_pictures import Shape, write_clip
from nearfar import api
from nearfar.errors import InputError, NearfarError, OutputExistsError
from nearfar.machine.files import locked
from nearfar.video.depth_file import read_depth_video
from nearfar.video.depth_sinks import DepthSink
from nearfar.video.estimate import Stretch, VideoOptions, estimate_video
from nearfar.video.outputs import Wish, identity_of, sinks_of
from nearfar.video.read import open_video
from nearfar.video.run import Progress, RunOptions, expected, partial_folder, run
from nearfar.video.steady import SteadyOptions

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.video.run import Report

FRAMES = 14


class StoppedError(NearfarError):
    """Somebody pulled the plug."""


def stop() -> None:
    """It is pulled now."""
    raise StoppedError("The plug is out.")


@pytest.fixture
def clip(tmp_path):
    """A clip of a few frames."""
    return write_clip(tmp_path / "clip.mp4", Shape(frames=FRAMES, cuts=(8,)))


@pytest.fixture
def model():
    """A network that needs no weights."""
    return api.load(engine="fake")


def make(clip: Path, model: api.Model, wishes: list[Wish], options: RunOptions) -> Report:
    """One run."""
    with open_video(clip) as film:
        return run(film, model, sinks_of(wishes), options)


def frames_of(path: Path) -> list[tuple[float, np.ndarray]]:
    """Second and picture of each frame."""
    with open_video(path) as video:
        return [(frame.seconds, frame.rgb) for frame in video]


def test_a_heat_map_has_every_frame_at_its_time(clip, model, tmp_path) -> None:
    """Times of the source, pictures of its size, warm below where the fake engine sees the near."""
    report = make(clip, model, [Wish(tmp_path / "heat.mp4", "heatmap")], RunOptions(segment=4))
    assert (report.frames, report.is_done, report.resumed) == (FRAMES, True, 0)
    found = frames_of(tmp_path / "heat.mp4")
    assert [seconds for seconds, _ in found] == [seconds for seconds, _ in frames_of(clip)]
    picture = found[3][1]
    assert picture.shape == (96, 160, 3)
    assert picture[-4:].mean() > picture[:4].mean() + 50


@pytest.mark.parametrize("mode", ["live", "offline", "off"])
def test_stopped_after_each_segment_the_file_is_equal(clip, model, tmp_path, mode) -> None:
    """Bit for bit, whether frames are held back or not, with a drawer that follows the clip, and depth."""
    video = VideoOptions(steady=SteadyOptions(mode=mode, look_ahead=3))
    for name, is_enough in (("a", False), ("b", True)):
        wishes = [
            Wish(tmp_path / name / "bokeh.mp4", "bokeh", {"focus": "80,48", "strength": "2"}),
            Wish(tmp_path / name / "depth.mkv", depth="mkv"),
        ]
        (tmp_path / name).mkdir()
        options = RunOptions(video, segment=3, is_enough=lambda stops=is_enough: stops)
        for _ in range(FRAMES):
            if make(clip, model, wishes, options).is_done:
                break
    for file in ("bokeh.mp4", "depth.mkv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_what_was_done_is_not_done_again(clip, model, tmp_path) -> None:
    """An error in the middle loses no more than its segment."""
    seen: list[int] = []

    def tell(progress: Progress) -> None:
        seen.append(progress.done)
        if progress.done == 9 and len(seen) == 9:
            raise StoppedError("stop")

    wishes, options = [Wish(tmp_path / "heat.mp4", "heatmap")], RunOptions(segment=4, tell=tell)
    with pytest.raises(StoppedError):
        make(clip, model, wishes, options)
    report = make(clip, model, wishes, options)
    assert report.resumed == 8
    assert seen[9:] == list(range(9, FRAMES + 1))


def test_other_options_begin_anew(clip, model, tmp_path) -> None:
    """What another run left is not taken."""
    wish = Wish(tmp_path / "heat.mp4", "heatmap")
    first = RunOptions(segment=4, is_enough=lambda: True)
    assert not make(clip, model, [wish], first).is_done
    report = make(clip, model, [replace(wish, quality=30)], RunOptions(segment=4, overwrite=True))
    assert report.resumed == 0


def test_another_way_to_enlarge_begins_anew(clip, model, tmp_path) -> None:
    """Weights may be the same file where it is to be fast; the depth is not."""
    wishes, options = [Wish(tmp_path / "fog.mp4", "fog")], RunOptions(segment=4, is_enough=lambda: True)
    for _ in range(2):
        found = make(clip, model, wishes, options)
    assert (found.frames, found.resumed) == (8, 4)
    assert make(clip, api.load(engine="fake", fast=True), wishes, options).resumed == 0


def test_a_file_that_is_there_stays(clip, model, tmp_path) -> None:
    """Unless it may go."""
    target = tmp_path / "heat.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        make(clip, model, [Wish(target, "heatmap")], RunOptions())
    assert target.read_bytes() == b"mine"
    make(clip, model, [Wish(target, "heatmap")], RunOptions(overwrite=True))
    assert len(frames_of(target)) == FRAMES


def test_a_run_that_was_cut_off_takes_no_file_that_may_stay(clip, model, tmp_path) -> None:
    """Another run's leave to overwrite is not this one's."""
    target = tmp_path / "heat.mp4"
    target.write_bytes(b"mine")
    wishes = [Wish(target, "heatmap")]
    make(clip, model, wishes, RunOptions(segment=4, overwrite=True, is_enough=lambda: True))
    with pytest.raises(OutputExistsError):
        make(clip, model, wishes, RunOptions(segment=4))
    assert target.read_bytes() == b"mine"
    assert make(clip, model, wishes, RunOptions(segment=4, overwrite=True)).resumed == 4


def test_a_file_that_appeared_while_it_waited_stays(clip, model, tmp_path) -> None:
    """Another run held the segments, and made the file meanwhile."""
    target = tmp_path / "heat.mp4"
    lock = tmp_path / "heat.mp4.partial.lock"
    waiting: list[BaseException] = []

    def wait() -> None:
        try:
            make(clip, model, [Wish(target, "heatmap")], RunOptions())
        except OutputExistsError as exc:
            waiting.append(exc)

    thread = threading.Thread(target=wait)
    with locked(lock):
        thread.start()
        thread.join(1)
        assert thread.is_alive()
        target.write_bytes(b"another's")
    thread.join(60)
    assert (len(waiting), target.read_bytes()) == (1, b"another's")


def test_killed_while_files_appear_it_goes_on(clip, model, tmp_path, monkeypatch) -> None:
    """The first output is there already, and is its own."""
    wishes = [Wish(tmp_path / "heat.mp4", "heatmap"), Wish(tmp_path / "depth.mkv", depth="mkv")]
    with monkeypatch.context() as patch:
        patch.setattr(DepthSink, "join", lambda *_: stop())
        with pytest.raises(StoppedError):
            make(clip, model, wishes, RunOptions())
    assert wishes[0].target.exists()
    assert make(clip, model, wishes, RunOptions()).resumed == FRAMES
    assert wishes[1].target.exists()


def test_a_stretch_of_each_second_frame(clip, model, tmp_path) -> None:
    """From a second to before another; times are those of the source, from the first of them."""
    video = VideoOptions(Stretch(0.2, 0.5, 2))
    report = make(clip, model, [Wish(tmp_path / "heat.mkv", "heatmap")], RunOptions(video, segment=2))
    assert report.frames == 4
    found = [seconds for seconds, _ in frames_of(tmp_path / "heat.mkv")]
    assert np.diff(found) == pytest.approx([0.08] * 3, abs=0.002)


def test_one_range_for_each_scene(clip, model, tmp_path) -> None:
    """Found by a first pass, from the first frame on; also by a run that is stopped and goes on."""
    spans = [one.span for one in estimate_video(clip, model, VideoOptions(one_range=True))]
    assert set(spans) == {spans[0], spans[-1]}
    video = VideoOptions(one_range=True)
    for name, is_enough in (("a.mp4", False), ("b.mp4", True)):
        options = RunOptions(video, segment=3, is_enough=lambda stops=is_enough: stops)
        while not make(clip, model, [Wish(tmp_path / name, "heatmap")], options).is_done:
            pass
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_stretch_without_frames_is_told(clip, model, tmp_path) -> None:
    """And nothing is left."""
    with pytest.raises(InputError, match=r"Give an earlier start\.$"):
        make(clip, model, [Wish(tmp_path / "heat.mp4", "heatmap")], RunOptions(VideoOptions(Stretch(100))))
    assert not partial_folder(tmp_path / "heat.mp4").exists()


def test_depth_comes_back_as_it_was(clip, model, tmp_path) -> None:
    """Out of the lossless video, within half a step of its scale."""
    make(clip, model, [Wish(tmp_path / "depth.mkv", depth="mkv")], RunOptions(segment=5))
    video = read_depth_video(tmp_path / "depth.mkv")
    pairs = zip(video, estimate_video(clip, model), strict=True)
    for read, found in pairs:
        assert np.abs(read.depth.values - found.depth.values).max() <= 0.51 * video.scale.scale


@pytest.mark.parametrize("format", ["png16", "exr", "npz"])
def test_depth_as_a_folder_of_files(clip, model, tmp_path, format) -> None:
    """All frames are in its table."""
    make(clip, model, [Wish(tmp_path / "depth", depth=format)], RunOptions(segment=5))
    rows = (tmp_path / "depth" / "frames.csv").read_text().splitlines()
    assert len(rows) == FRAMES + 1


def test_progress_tells_rate_and_what_is_left(clip, model, tmp_path) -> None:
    """Frames count up to all of them."""
    told: list[Progress] = []
    make(clip, model, [Wish(tmp_path / "heat.mp4", "heatmap")], RunOptions(tell=told.append))
    assert [progress.done for progress in told] == list(range(1, FRAMES + 1))
    assert told[-1].total == FRAMES
    assert told[-1].left_s == 0
    assert Progress(10, 30, 5.0).left_s == 4
    assert Progress(10, None, 5.0).left_s is None


def test_what_is_expected_of_a_stretch(clip) -> None:
    """A share of the frames that the file says it has."""
    with open_video(clip) as video:
        assert expected(video.info, Stretch()) == FRAMES
        assert expected(video.info, Stretch(every=5)) == 3


def test_files_are_told_apart_by_their_bytes(tmp_path) -> None:
    """Of the same name and length."""
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = identity_of(path)
    path.write_bytes(b"two")
    assert identity_of(path)["ends"] != first["ends"]
