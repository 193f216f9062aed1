"""A camera's stream becomes messages in metres, or says why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import nearfar
from nearfar.cards import DepthKind
from nearfar.errors import NoGroundError, ParameterError
from nearfar.robot.mount import Mount, slopes
from nearfar.ros.stream import RosDepth, RosOptions
from nearfar.types import DepthMap, Photo

WIDTH, HEIGHT = 64, 48
TOLD = RosOptions(height=0.5, pitch=-10.0, fov=70.0)
PHOTO = Photo(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
CAMERA = nearfar.Camera.from_fov(70, WIDTH, HEIGHT)


class _Model:
    """A network whose depth is given."""

    def __init__(self, values: np.ndarray, kind: DepthKind) -> None:
        self.card = replace(nearfar.load("embedded", engine="fake").card, kind=kind)
        self.values = values

    def estimate(self, _: Photo) -> DepthMap:
        return DepthMap(self.values.astype(np.float32), self.card.kind)


def _floor(wall_m: float = 3.0) -> np.ndarray:
    """Inverse metres of a floor half a metre below the lens, and a wall."""
    rows, columns = np.arange(HEIGHT) + 0.5, np.arange(WIDTH) + 0.5
    _, down, ahead = (slopes(CAMERA, rows, columns, axis) for axis in Mount(0.5, -10.0).axes())
    return np.maximum(down / 0.5, ahead / wall_m)


def _relative(wall_m: float = 3.0, scale: float = 2.0) -> _Model:
    return _Model(scale * _floor(wall_m) + 0.3, DepthKind.RELATIVE_INVERSE)


def _metres(made) -> np.ndarray:
    return np.frombuffer(made.image["data"].tobytes(), "<f4").reshape(HEIGHT, WIDTH)


def test_relative_depth_becomes_metres_by_the_floor() -> None:
    """Within 2 % everywhere; the scan tells the wall, and the error is stated."""
    made = RosDepth(_relative(), TOLD).make(PHOTO, None)
    assert _metres(made) == pytest.approx(1 / _floor(), rel=0.02)
    assert made.error is not None
    assert made.error < 0.1
    assert made.scan["ranges"][35:37] == pytest.approx([3.0, 3.0], rel=0.03)
    assert made.points["width"] == WIDTH // 2


@pytest.mark.parametrize("lacking", [{"height": None}, {"pitch": None}])
def test_relative_depth_without_a_mount_is_refused_at_once(lacking: dict) -> None:
    """Before any picture: there would be no metres."""
    with pytest.raises(ParameterError, match="not metres"):
        RosDepth(_relative(), replace(TOLD, **lacking))


def test_affine_depth_is_refused() -> None:
    """The floor tells nothing of it."""
    with pytest.raises(ParameterError, match="affine"):
        RosDepth(_Model(_floor(), DepthKind.AFFINE_DEPTH), TOLD)


def test_metric_depth_is_taken_as_it_comes() -> None:
    """Without mount or floor; then there is no scan."""
    model = _Model(np.full((HEIGHT, WIDTH), 2.5), DepthKind.METRIC)
    made = RosDepth(model, RosOptions(fov=70.0)).make(PHOTO, None)
    assert _metres(made) == pytest.approx(2.5)
    assert (made.scan, made.error) == (None, None)


def test_metric_depth_with_a_tilt_tells_free_space() -> None:
    """Where its floor, or the height, says how high the lens is; else there is no scan."""
    model = _Model(np.full((HEIGHT, WIDTH), 2.5), DepthKind.METRIC)
    level = RosOptions(fov=70.0, pitch=0.0)
    assert RosDepth(model, level).make(PHOTO, None).scan is None
    scan = RosDepth(model, replace(level, height=0.5)).make(PHOTO, None).scan
    assert min(scan["ranges"]) == pytest.approx(2.5, rel=0.01)


def test_one_scale_is_kept_where_no_floor_is_seen() -> None:
    """After a frame with a floor; before one there are no metres, and that is said."""
    with pytest.raises(NoGroundError):
        RosDepth(_relative(0.3), TOLD).make(PHOTO, None)
    model = _relative()
    maker = RosDepth(model, replace(TOLD, smooth=0.8))
    maker.make(PHOTO, None)
    model.values = np.minimum(model.values, 0.5)
    assert maker.make(PHOTO, None).image["height"] == HEIGHT


def test_each_frame_by_itself() -> None:
    """Without smoothing a map of another scale gives the same metres."""
    model = _relative()
    maker = RosDepth(model, TOLD)
    first = _metres(maker.make(PHOTO, None))
    model.values = _relative(scale=5.0).values
    assert _metres(maker.make(PHOTO, None)) == pytest.approx(first, rel=0.02)


def test_without_a_camera_nothing_is_guessed() -> None:
    """Neither CameraInfo nor field of view."""
    with pytest.raises(ParameterError, match="No CameraInfo"):
        RosDepth(_relative(), replace(TOLD, fov=0.0)).make(PHOTO, None)


def test_points_and_scan_are_left_out_where_they_are_not_wanted() -> None:
    """The depth alone."""
    made = RosDepth(_relative(), replace(TOLD, points=False, scan=False)).make(PHOTO, None)
    assert (made.points, made.scan) == (None, None)


def test_a_scan_reaches_from_low_to_high() -> None:
    """What is nearer than low is -inf, what is farther than high +inf, as in the depth image."""
    near = RosDepth(_relative(), replace(TOLD, low=4.0, high=50.0)).make(PHOTO, None).scan
    assert (near["range_min"], near["ranges"][36]) == (4.0, -np.inf)
    far = RosDepth(_relative(), replace(TOLD, low=0.5, high=2.0)).make(PHOTO, None).scan
    assert (far["range_max"], far["ranges"][36]) == (2.0, np.inf)


def test_what_counts_as_an_obstacle_can_be_told() -> None:
    """A wall whose visible part ends below the step is driven over; so is it up to a shorter reach."""
    seen = RosDepth(_relative(), replace(TOLD, top=9.0, step=8.0)).make(PHOTO, None).scan
    assert seen["ranges"][36] == np.inf
    assert RosDepth(_relative(), replace(TOLD, reach=2.5)).make(PHOTO, None).scan["ranges"][36] == np.inf


@pytest.mark.parametrize("wrong", [{"low": 2.0, "high": 2.0}, {"step": 2.0, "top": 1.0}])
def test_spans_of_nothing_are_refused(wrong: dict) -> None:
    """Low above high, or a step above the top: nothing could ever be told."""
    with pytest.raises(ParameterError, match=r"no distance lies|nothing between"):
        RosOptions(height=0.5, pitch=-10.0, **wrong)
