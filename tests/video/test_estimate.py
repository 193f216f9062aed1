"""Steady depth of a video's frames, one after the other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from moving_pictures import Shape, write_clip
from nearfar import api
from nearfar.errors import ParameterError
from nearfar.video.estimate import Stretch, VideoOptions, estimate_video
from nearfar.video.read import open_video
from nearfar.video.steady import SteadyOptions


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A clip with a cut."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", Shape(frames=10, cuts=(6,)))


@pytest.fixture
def model():
    """A network that needs no weights."""
    return api.load(engine="fake")


def test_each_frame_has_depth_of_its_size(clip, model) -> None:
    """In order, with what its colours span."""
    found = list(estimate_video(clip, model))
    assert [one.frame.index for one in found] == list(range(10))
    assert all((one.depth.width, one.depth.height) == (160, 96) for one in found)
    assert all(one.span[0] < one.span[1] for one in found)
    assert found[0].provenance.model == model.card.name


def test_frames_are_taken_as_they_are_asked_for(clip, model) -> None:
    """Two of them, and closing ends the work."""
    frames = estimate_video(clip, model)
    assert len(list(itertools.islice(frames, 2))) == 2
    frames.close()


@pytest.mark.parametrize("mode", ["live", "offline"])
def test_workers_do_not_change_depth(clip, model, mode) -> None:
    """One or two frames side by side."""
    steady = SteadyOptions(mode=mode, look_ahead=3)
    alone, beside = (
        list(estimate_video(clip, model, VideoOptions(steady=steady, workers=count))) for count in (1, 2)
    )
    for a, b in zip(alone, beside, strict=True):
        assert np.array_equal(a.plane.depth, b.plane.depth)
        assert a.frame.index == b.frame.index


def test_an_opened_video_is_taken_too(clip, model) -> None:
    """And stays open."""
    with open_video(clip) as video:
        found = list(estimate_video(video, model, VideoOptions(Stretch(every=3))))
        assert [one.frame.index for one in found] == [0, 3, 6, 9]
        assert video.info.width == 160


def test_by_itself_a_frame_is_as_a_photo(clip) -> None:
    """The embedded network, steadied not at all, sees in a frame what it sees in the same photo."""
    model = api.load()
    off = VideoOptions(steady=SteadyOptions(mode="off"))
    found = next(estimate_video(clip, model, off))
    alone = model.estimate(found.frame.photo())
    low, high = alone.value_range
    assert np.abs(found.depth.values - alone.values).mean() < 0.02 * (high - low)


@pytest.mark.parametrize(("start", "end"), [(2.0, 2.0), (3.0, 1.0)])
def test_a_stretch_ends_behind_its_start(start, end) -> None:
    """Or it is refused."""
    with pytest.raises(ParameterError):
        Stretch(start, end)
