"""Parameters that follow a clip: a focus that stays on its object, a limit that does not jump."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from moving_pictures import Shape, picture
from nearfar.cards import DepthKind
from nearfar.effects.bokeh import BokehOptions
from nearfar.effects.cutout import CutoutOptions
from nearfar.effects.occlude import OccludeOptions
from nearfar.errors import ParameterError, UnknownNameError
from nearfar.pipeline.postprocess import Plane
from nearfar.types import Provenance
from nearfar.types.moving import VideoFrame
from nearfar.video.drawing import drawer_of
from nearfar.video.estimate import EstimatedFrame
from nearfar.video.outputs import pictures_of
from nearfar.video.parameters import Focus, Nearest, Standing

SHAPE = Shape(320, 180)


def found(number: int, plane: np.ndarray | None = None, *, is_cut: bool = False) -> EstimatedFrame:
    """A frame of the sliding scene; its disc is at (3 × number + 80, 90)."""
    if plane is None:
        plane = np.repeat(np.linspace(0, 1, 40, dtype=np.float32)[:, None], 64, 1)
    frame = VideoFrame.of(picture(SHAPE, number), number)
    ends = (float(plane.min()), float(plane.max()))
    return EstimatedFrame(frame, Plane(plane), DepthKind.RELATIVE_INVERSE, Provenance(), ends, is_cut)


def test_the_focus_follows_what_was_tapped() -> None:
    """The rim of a disc that moves by three pixels a frame against its ground."""
    focus = Focus(BokehOptions(focus=(80 + 30, 90)))
    for number in range(16):
        x, y = focus.follow(found(number))["focus"]
    assert x == pytest.approx(110 + 3 * 15, abs=8)  # the ground goes the other way, by two
    assert y == pytest.approx(90, abs=8)


def test_a_focus_outside_of_the_picture_is_refused() -> None:
    """As of a photo; a place that leaves the picture later stays at its rim."""
    with pytest.raises(ParameterError, match="focus is 320,90, but the picture is 320×180"):
        Focus(BokehOptions(focus=(320, 90))).follow(found(0))


def test_a_cut_leaves_the_focus_where_it_is() -> None:
    """There is nothing to follow."""
    focus = Focus(BokehOptions(focus=(110, 90)))
    focus.follow(found(0))
    assert focus.follow(found(9, is_cut=True))["focus"] == (110, 90)


def test_a_restored_focus_goes_on_alike() -> None:
    """To the last bit."""
    one = Focus(BokehOptions(focus=(110, 90)))
    one.follow(found(0))
    other = Focus(BokehOptions(focus=(110, 90)))
    other.restore(one.state())
    assert one.follow(found(1)) == other.follow(found(1))


def test_without_a_place_the_focus_moves_slowly() -> None:
    """To another object that is nearest all at once."""
    near, far = np.zeros((40, 64), np.float32), np.zeros((40, 64), np.float32)
    near[10:30, 20:44], far[10:30, 20:44] = 1.0, 0.5
    near[0, 0] = far[0, 0] = 1.0
    focus = Focus(BokehOptions())
    focus.follow(found(0, near))
    before = float(focus.state()["near"])
    focus.follow(found(1, far))
    assert 0 < before - float(focus.state()["near"]) < 0.1


def test_what_is_cut_out_does_not_jump() -> None:
    """The limit moves by a tenth of the way; at a cut all of it."""
    nearest = Nearest(CutoutOptions(nearest=25))
    low = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    first = nearest.follow(found(0, low))["range"][0]
    second = nearest.follow(found(1, low + 1))["range"][0]
    assert first == pytest.approx(0.75, abs=0.01)
    assert second == pytest.approx(0.85, abs=0.01)
    assert nearest.follow(found(2, low + 1, is_cut=True))["range"][0] == pytest.approx(1.75, abs=0.01)


def a_wall(offset: float = 0.0) -> np.ndarray:
    """Depth values of 1 to 2 with a wall at 1.5, moved."""
    plane = np.repeat(np.linspace(1, 2, 40, dtype=np.float32)[:, None], 64, 1)
    plane[12:30, 20:44] = 1.5
    return plane + np.float32(offset)


def test_a_thing_stays_at_its_depth() -> None:
    """As a value of the clip: where the span grows, its share of it changes; a cut takes the new surface."""
    standing = Standing(OccludeOptions(place=(0.5, 0.5)))
    first = standing.follow(found(0, a_wall()))["nearness"]
    assert first == pytest.approx(0.5, abs=0.02)
    wider = a_wall()
    wider[-1] = 3.0
    assert standing.follow(found(1, wider))["nearness"] == pytest.approx(0.25, abs=0.02)
    moved = standing.follow(found(2, a_wall(0.25)))["nearness"]
    assert moved == pytest.approx(0.25, abs=0.02)
    assert standing.follow(found(3, a_wall(0.25), is_cut=True))["nearness"] == pytest.approx(0.5, abs=0.02)


def test_the_light_on_a_thing_moves_slowly() -> None:
    """And what was restored goes on alike; a lamp that was given stays."""
    one = Standing(OccludeOptions())
    one.follow(found(0, a_wall()))
    other = Standing(OccludeOptions())
    other.restore(one.state())
    assert one.follow(found(1, a_wall())) == other.follow(found(1, a_wall()))
    assert "sun" not in Standing(OccludeOptions(sun=(0.2, 0.2))).follow(found(0, a_wall()))


def test_metres_of_a_thing_are_taken_as_given() -> None:
    """They need not be held."""
    assert "nearness" not in Standing(OccludeOptions(distance_m=2.0)).follow(found(0, a_wall()))


@pytest.mark.parametrize("name", pictures_of())
def test_every_effect_draws_a_frame(name) -> None:
    """As colours of three channels, from the frame and its depth."""
    drawn = drawer_of(name).plan(found(3))()
    assert drawn.colours().ndim == 3
    assert drawn.colours().shape[2] == 3
    assert drawn.colours().dtype == np.uint8


def test_effects_that_make_clips_are_refused() -> None:
    """A video has no still photo to move in."""
    with pytest.raises(ParameterError, match="still photo"):
        drawer_of("parallax")
    with pytest.raises(UnknownNameError):
        drawer_of("bokhe")


def test_a_frame_has_the_span_of_its_clip() -> None:
    """Fog of a frame that shows a part of the scene's depth alone is as dense as in the whole."""
    plane = np.full((40, 64), 0.5, np.float32)
    plane[0, 0] = 0.51
    thin = found(0, plane)
    wide = EstimatedFrame(thin.frame, thin.plane, thin.kind, thin.provenance, (0.0, 1.0), is_cut=False)
    alone, shared = (drawer_of("fog", {"refine": "false"}).plan(one)().colours() for one in (thin, wide))
    assert not np.array_equal(alone, shared)
    assert Fraction(1, 90_000) == thin.frame.time_base
