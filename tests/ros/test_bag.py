"""Bag in, bag out."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.errors import (
    BrokenImageError,
    MissingExtraError,
    NearfarError,
    OutputExistsError,
    ParameterError,
    SourceError,
)
from nearfar.robot.mount import Mount, slopes
from nearfar.ros.bag import IMAGE, INFO, TOPICS, BagPlan, convert
from nearfar.ros.stream import RosDepth, RosOptions

pytest.importorskip("rosbags")
from bags import CAMERA, FIRST_S, FRAME, HEIGHT, WIDTH, camera_bag, image, info, read_bag, write_bag

if TYPE_CHECKING:
    from pathlib import Path

TOLD = RosOptions(height=0.5, pitch=-32.0)


@pytest.fixture
def maker() -> RosDepth:
    """A network whose depth is a ramp: a floor."""
    return RosDepth(nearfar.load("embedded", engine="fake"), TOLD)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Three pictures."""
    return camera_bag(tmp_path / "in.mcap")


def test_depth_points_and_scans_under_the_pictures_own_times(bag: Path, maker: RosDepth) -> None:
    """Four messages a frame, with its stamp and frame; CameraInfo as it came."""
    target = bag.with_name("out.mcap")
    report = convert(BagPlan(bag, target), maker)
    assert (report.frames, report.refused) == (3, 0)
    found = read_bag(target)
    assert {topic for topic, _, _ in found} == set(TOPICS.values()) == set(report.topics)
    assert len(found) == 12
    times = [time_ns for topic, time_ns, _ in found if topic == TOPICS["image"]]
    assert times == [FIRST_S * 10**9 + number * 10**8 for number in range(3)]
    for topic, time_ns, message in found:
        assert message.header.stamp.sec * 10**9 + message.header.stamp.nanosec == time_ns
        expected = "camera_color_frame" if topic == TOPICS["scan"] else FRAME
        assert message.header.frame_id == expected
    cameras = [message for topic, _, message in found if topic == TOPICS["info"]]
    assert cameras[0].k.tolist() == info().k.tolist()


def test_the_metres_are_those_of_the_floor(bag: Path, maker: RosDepth) -> None:
    """Height by slope, within 3 %, in every row of the lower half."""
    target = bag.with_name("out.mcap")
    convert(BagPlan(bag, target), maker)
    message = next(m for topic, _, m in read_bag(target) if topic == TOPICS["image"])
    assert (message.encoding, message.step) == ("32FC1", 4 * WIDTH)
    metres = np.frombuffer(message.data.tobytes(), "<f4").reshape(HEIGHT, WIDTH)
    rows, columns = np.arange(HEIGHT) + 0.5, np.arange(WIDTH) + 0.5
    down = slopes(CAMERA, rows, columns, Mount(0.5, -32.0).axes()[1])
    assert metres[HEIGHT // 2 :] == pytest.approx(0.5 / down[HEIGHT // 2 :], rel=0.03)


def test_millimetres(bag: Path) -> None:
    """16UC1, a thousand times the metres."""
    target = bag.with_name("out.mcap")
    model = nearfar.load("embedded", engine="fake")
    convert(BagPlan(bag, target, every=3), RosDepth(model, replace(TOLD, encoding="16UC1", points=False)))
    found = read_bag(target)
    assert [topic for topic, _, _ in found].count(TOPICS["image"]) == 1
    assert TOPICS["points"] not in {topic for topic, _, _ in found}
    message = next(m for topic, _, m in found if topic == TOPICS["image"])
    assert message.encoding == "16UC1"
    assert 100 < np.frombuffer(message.data.tobytes(), "<u2")[-1] < 2000


def test_the_own_messages_are_kept_where_wanted(bag: Path, maker: RosDepth) -> None:
    """All of them, beside the new ones; a folder where no file is named."""
    folder = bag.with_name("both")
    convert(BagPlan(bag, folder, keep=True), maker)
    topics = [topic for topic, _, _ in read_bag(folder)]
    assert topics.count("/camera/image_raw") == topics.count("/camera/camera_info") == 3
    assert topics.count(TOPICS["image"]) == 3
    assert (folder / "metadata.yaml").is_file()


def test_several_topics_are_asked_about(tmp_path: Path, maker: RosDepth) -> None:
    """Named ones are taken; depth is no choice."""
    rows = [(f"/{name}/image_raw", IMAGE, 1, image()) for name in ("left", "right")]
    rows += [("/depth/image", IMAGE, 1, image()), ("/left/camera_info", INFO, 2, info())]
    bag = write_bag(tmp_path / "in.mcap", rows)
    with pytest.raises(ParameterError, match=r"/left/image_raw, /right/image_raw"):
        convert(BagPlan(bag, tmp_path / "out.mcap"), maker)
    plan = BagPlan(bag, tmp_path / "out.mcap", image="/left/image_raw")
    report = convert(plan, maker)
    assert (report.info, report.frames) == ("/left/camera_info", 1)
    with pytest.raises(ParameterError, match="not on /up"):
        convert(replace(plan, image="/up", target=tmp_path / "other.mcap"), maker)


def test_a_picture_that_is_none_is_counted_and_the_rest_goes_on(tmp_path: Path, maker: RosDepth) -> None:
    """Its reason is told once."""
    topic = "/camera/image_raw"
    rows = [(topic, IMAGE, number, image(number, encoding="32FC1")) for number in (1, 2)]
    rows += [(topic, IMAGE, 3, image(3)), ("/camera/camera_info", INFO, 4, info(d=np.ones(5)))]
    report = convert(BagPlan(write_bag(tmp_path / "in.mcap", rows), tmp_path / "out.mcap"), maker)
    assert (report.frames, report.refused) == (1, 2)
    assert len(report.reasons) == 1
    assert "32FC1" in report.reasons[0]
    assert "bends lines" in report.notes[0]


def test_without_camera_info_the_field_of_view_does(tmp_path: Path) -> None:
    """And a CameraInfo of it is written."""
    bag = write_bag(tmp_path / "in.mcap", [("/camera/image_raw", IMAGE, 1, image())])
    model = nearfar.load("embedded", engine="fake")
    with pytest.raises(ParameterError, match="No CameraInfo"):
        convert(BagPlan(bag, tmp_path / "out.mcap"), RosDepth(model, TOLD))
    assert not (tmp_path / "out.mcap").exists()
    convert(BagPlan(bag, tmp_path / "out.mcap"), RosDepth(model, replace(TOLD, fov=70.0)))
    found = [m for topic, _, m in read_bag(tmp_path / "out.mcap") if topic == TOPICS["info"]]
    assert found[0].k[0] == pytest.approx(CAMERA.fx_px)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"source": "nothing.mcap"}, SourceError),
        ({"source": "broken.mcap"}, BrokenImageError),
        ({"target": "there.mcap"}, OutputExistsError),
        ({"target": "in.mcap", "overwrite": True}, ParameterError),
        ({"target": "out.bag"}, ParameterError),
        ({"every": 0}, ParameterError),
    ],
)
def test_what_cannot_be_is_said(bag: Path, maker: RosDepth, change: dict, error: type[Exception]) -> None:
    """Before anything is written."""
    (bag.parent / "broken.mcap").write_bytes(b"\x89MCAP0\r\nno bag at all")
    (bag.parent / "there.mcap").write_bytes(b"old")
    row = {"source": "in.mcap", "target": "out.mcap"} | change
    row |= {name: bag.parent / row[name] for name in ("source", "target")}
    with pytest.raises(error):
        convert(BagPlan(**row), maker)
    assert (bag.parent / "there.mcap").read_bytes() == b"old"
    assert not list(bag.parent.glob(".nearfar-*"))


def test_a_file_that_may_go_is_replaced(bag: Path, maker: RosDepth) -> None:
    """With ``overwrite``."""
    target = bag.with_name("out.mcap")
    target.write_bytes(b"old")
    convert(BagPlan(bag, target, overwrite=True), maker)
    assert len(read_bag(target)) == 12


def test_progress_is_told(bag: Path, maker: RosDepth) -> None:
    """After each picture, of how many."""
    told: list[tuple[int, int]] = []
    convert(BagPlan(bag, bag.with_name("out.mcap")), maker, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_without_the_extra_it_says_what_to_install(bag: Path, maker: RosDepth, monkeypatch) -> None:
    """Before the bag is opened."""
    monkeypatch.setitem(sys.modules, "rosbags", None)
    with pytest.raises(MissingExtraError, match=r"nearfar\[ros\]"):
        convert(BagPlan(bag.with_name("nothing"), bag.with_name("out.mcap")), maker)


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_bag_is_told(bag: Path, maker: RosDepth, tmp_path: Path, seed: int) -> None:
    """Cut, or with other bytes in it: an error of ours, or what is whole of it; never another one."""
    rng = np.random.default_rng(seed)
    whole = bag.read_bytes()
    for number in range(8):
        data = bytearray(whole)
        if number % 2:
            del data[int(rng.integers(len(data))) :]
        else:
            for place in rng.integers(len(data), size=8):
                data[place] = rng.integers(256)
        bag.write_bytes(data)
        plan = BagPlan(bag, tmp_path / "out.mcap", overwrite=True)
        with contextlib.suppress(NearfarError):
            assert convert(plan, maker).frames >= 0
