"""Depth as fields of ROS messages, by REP 117 and 118 and by the definitions themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.robot.messages import laser_scan
from nearfar.ros.bag import IMAGE, INFO, POINTS, SCAN, built
from nearfar.ros.fields import Reach, camera_info, depth_image, metres, point_cloud, scan_frame

METRES = np.array([[0.05, 1.2345, 4.0], [70.0, 200.0, 9.0]], np.float32)
VALID = np.array([[True, True, True], [True, True, False]])
CAMERA = nearfar.Camera(2.0, 2.0, 1.5, 1.0)
DEPTH = nearfar.DepthMap(METRES, nearfar.DepthKind.METRIC, valid=VALID, camera=CAMERA)
RGB = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)


def test_distances_by_rep_117() -> None:
    """Too near, told, too far, unknown."""
    expected = [[-np.inf, 1.2345, 4.0], [70.0, np.inf, np.nan]]
    assert metres(DEPTH, Reach()) == pytest.approx(np.array(expected, np.float32), nan_ok=True)


def test_metres_as_32_bit_floats() -> None:
    """REP 118's canonical image, little end first."""
    fields = depth_image(DEPTH)
    assert (fields["encoding"], fields["step"], fields["is_bigendian"]) == ("32FC1", 12, 0)
    values = np.frombuffer(fields["data"].tobytes(), "<f4").reshape(2, 3)
    assert np.array_equal(values, metres(DEPTH, Reach()), equal_nan=True)


def test_millimetres_as_16_bits() -> None:
    """Rounded; 0 where there is no distance, or none that 16 bits hold."""
    fields = depth_image(DEPTH, "16UC1")
    values = np.frombuffer(fields["data"].tobytes(), "<u2").reshape(2, 3)
    assert values.tolist() == [[0, 1234, 4000], [0, 0, 0]]
    assert fields["step"] == 6


@pytest.mark.parametrize("kind", [nearfar.DepthKind.RELATIVE_INVERSE, nearfar.DepthKind.AFFINE_DEPTH])
def test_relative_depth_is_never_called_metres(kind: nearfar.DepthKind) -> None:
    """Neither as a picture nor as points."""
    relative = nearfar.DepthMap(METRES, kind, camera=CAMERA)
    with pytest.raises(ParameterError, match="not metres"):
        depth_image(relative)
    with pytest.raises(ParameterError, match="not metres"):
        point_cloud(relative, RGB)


def test_an_unknown_encoding_is_refused() -> None:
    """With those there are."""
    with pytest.raises(ParameterError, match="64FC1"):
        depth_image(DEPTH, "64FC1")


def test_points_in_the_optical_frame() -> None:
    """X right, y down, z ahead, through the centres of pixels; colours packed as rviz reads them."""
    fields = point_cloud(DEPTH, RGB)
    points = np.frombuffer(fields["data"].tobytes(), [("xyz", "<f4", 3), ("rgb", "<u4")]).reshape(2, 3)
    assert points["xyz"][0, 2] == pytest.approx([4 * (2.5 - 1.5) / 2, 4 * (0.5 - 1) / 2, 4.0])
    assert points["rgb"][0, 2] == (6 << 16) + (7 << 8) + 8
    assert np.isnan(points["xyz"][1, 2]).all()
    assert [one["offset"] for one in fields["fields"]] == [0, 4, 8, 12]
    assert (fields["point_step"], fields["row_step"], fields["is_dense"]) == (16, 48, False)


def test_fewer_points() -> None:
    """Every second pixel across and down, each of its own place."""
    fields = point_cloud(DEPTH, RGB, thin=2)
    point = np.frombuffer(fields["data"].tobytes(), "<f4")
    assert (fields["height"], fields["width"]) == (1, 1)
    assert np.isnan(point[2])  # 200 m, beyond the reach
    assert not fields["is_dense"]


def test_points_need_a_camera_and_colours_of_their_size() -> None:
    """It is said what is lacking."""
    with pytest.raises(ParameterError, match="camera"):
        point_cloud(replace(DEPTH, camera=None), RGB)
    with pytest.raises(ParameterError, match="colours"):
        point_cloud(DEPTH, RGB[:1])


def test_the_frame_of_a_scan() -> None:
    """Beside the optical one, by the usual names; others stay."""
    assert scan_frame("camera_color_optical_frame") == "camera_color_frame"
    assert scan_frame("lens") == "lens"


@pytest.mark.parametrize("distro", ["ROS2_FOXY", "ROS2_HUMBLE", "ROS2_JAZZY", "ROS2_KILTED"])
def test_the_fields_are_those_of_the_definitions(distro: str) -> None:
    """Every message is made, written as CDR and read again, with each field of its definition."""
    typesys = pytest.importorskip("rosbags.typesys")
    store = typesys.get_typestore(typesys.Stores[distro])
    seen = nearfar.obstacles(replace(DEPTH, valid=None), CAMERA, nearfar.Mount(1.0))
    rows = {
        IMAGE: depth_image(DEPTH),
        INFO: camera_info(CAMERA, 3, 2),
        POINTS: point_cloud(DEPTH, RGB),
        SCAN: laser_scan(seen),
    }
    stamp = store.types["builtin_interfaces/msg/Time"](sec=5, nanosec=6)
    for kind, fields in rows.items():
        assert {name for name, _ in store.fielddefs[kind][1]} == {"header", *fields}, kind
        message = built(store, kind, stamp, "lens", fields)
        again = store.deserialize_cdr(store.serialize_cdr(message, kind), kind)
        assert (again.header.stamp.sec, again.header.frame_id) == (5, "lens")
        for name in fields:
            np.testing.assert_equal(_plain(getattr(again, name)), _plain(getattr(message, name)))


def _plain(value: object) -> object:
    """Messages within messages by their fields; numbers as the 32 bits that some are sent in."""
    if isinstance(value, float):
        return np.float32(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {k: _plain(v) for k, v in vars(value).items()} if hasattr(value, "__msgtype__") else value
