"""The ROS 2 package: its node by a stand-in for rclpy, its files by ROS's own layout."""

from __future__ import annotations

import importlib
import math
import re
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.options import describe
from nearfar.ros.parameters import defaults, options_of
from nearfar.ros.stream import RosOptions

pytest.importorskip("rosbags")
from bags import CAMERA, FRAME, HEIGHT, WIDTH, stamp, store
from nearfar.ros.fields import camera_info
from pictures import encoded
from rclpys import Node, installed

ROOT = Path(__file__).parents[2] / "integrations" / "ros2" / "nearfar_ros"
MOUNT = {"height": 0.5, "pitch": -32.0}


@pytest.fixture
def rclpy():
    """The stand-in."""
    with installed(store()) as module:
        yield module


@pytest.fixture
def node(rclpy, monkeypatch: pytest.MonkeyPatch):
    """The node's module, with a network whose depth is a ramp: a floor."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    monkeypatch.syspath_prepend(str(ROOT))
    for name in ("nearfar_ros", "nearfar_ros.node"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("nearfar_ros.node")


@pytest.fixture
def started(node, monkeypatch: pytest.MonkeyPatch):
    """Make a node of some parameters."""

    def start(**given: Any) -> Any:
        monkeypatch.setattr(Node, "given", given)
        return node.NearfarNode()

    return start


def _header(number: int = 0) -> SimpleNamespace:
    return SimpleNamespace(stamp=stamp(number), frame_id=FRAME)


def _image(number: int = 0) -> SimpleNamespace:
    data = np.full(3 * WIDTH * HEIGHT, 90, np.uint8).tobytes()
    row = {"height": HEIGHT, "width": WIDTH, "encoding": "rgb8", "is_bigendian": 0, "step": 3 * WIDTH}
    return SimpleNamespace(header=_header(number), data=data, **row)


def _info(node: Any, **changes: Any) -> Any:
    return node.filled(node.CameraInfo(), _header(), camera_info(CAMERA, WIDTH, HEIGHT) | changes)


def test_a_picture_becomes_four_messages(started, node) -> None:
    """Depth, its camera, points and free space, under the picture's time and in its frame."""
    one = started(**MOUNT)
    assert {"image", "camera_info"} == set(one.subscribed)
    one.subscribed["camera_info"][1](_info(node))
    one.subscribed["image"][1](_image(3))
    found = {topic: messages[0] for topic, messages in one.published.items()}
    assert set(found) == {"~/depth/image", "~/depth/camera_info", "~/points", "~/scan"}
    for topic, message in found.items():
        assert message.header.stamp.nanosec == 300_000_000
        assert message.header.frame_id == ("camera_color_frame" if topic == "~/scan" else FRAME)
    metres = np.frombuffer(found["~/depth/image"].data.tobytes(), "<f4").reshape(HEIGHT, WIDTH)
    assert metres[-1, WIDTH // 2] == pytest.approx(0.5 / math.sin(math.radians(32 + 27)), rel=0.25)
    assert found["~/depth/camera_info"].k.tolist() == _info(node).k.tolist()
    assert found["~/points"].fields[3].name == "rgb"
    assert len(found["~/scan"].ranges) == 72


def test_compressed_pictures(started, node) -> None:
    """By a parameter; and millimetres, without points or scan."""
    one = started(**MOUNT, compressed=True, encoding="16UC1", points=False, scan=False, fov=70.0)
    kind, callback = one.subscribed["image/compressed"]
    assert kind is node.CompressedImage
    data = encoded(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), "JPEG")
    callback(SimpleNamespace(header=_header(), format="jpeg", data=data))
    assert one.published["~/depth/image"][0].encoding == "16UC1"
    assert one.published["~/depth/camera_info"][0].k[0] == pytest.approx(CAMERA.fx_px)
    assert not one.published["~/points"]
    assert not one.published["~/scan"]


def test_relative_depth_without_a_mount_ends_the_node(node, rclpy, monkeypatch) -> None:
    """With one line that says what to give; nothing spins."""
    monkeypatch.setattr(Node, "given", {})
    with pytest.raises(SystemExit, match="not metres"):
        node.main()
    assert rclpy.calls == ["init", "shutdown"]


def test_it_runs_until_it_is_stopped(node, rclpy, monkeypatch) -> None:
    """Ctrl+C is no error; the node is put away."""
    monkeypatch.setattr(Node, "given", MOUNT)
    node.main()
    assert rclpy.calls == ["init", "spin", "shutdown"]
    assert rclpy.node.is_destroyed


def test_what_cannot_be_looked_at_is_warned_of(started, node) -> None:
    """No CameraInfo yet, a picture that is none: nothing is published, and the next goes on."""
    one = started(**MOUNT)
    one.on_image(_image())
    one.on_info(_info(node))
    broken = _image()
    broken.encoding = "32FC1"
    one.on_image(broken)
    assert not one.published["~/depth/image"]
    assert [
        bool(re.search(said, text))
        for said, text in zip(("No CameraInfo", "32FC1"), one.logger.warnings, strict=True)
    ] == [True, True]
    one.on_image(_image())
    assert len(one.published["~/depth/image"]) == 1


def test_a_lens_that_bends_lines_is_told_once(started, node) -> None:
    """And not where the picture is said to be rectified."""
    one = started(**MOUNT)
    for _ in range(2):
        one.on_info(_info(node, d=np.ones(5)))
    assert len(one.logger.warnings) == 1
    rectified = started(**MOUNT, rectified=True)
    rectified.on_info(_info(node, d=np.ones(5)))
    assert not rectified.logger.warnings


def test_parameters_are_the_options() -> None:
    """NaN is what is not told; the file of the package names each of them, with values that hold."""
    assert math.isnan(defaults()["height"])
    assert options_of(defaults()) == RosOptions()
    with pytest.raises(ParameterError, match="encoding"):
        options_of({"encoding": "8UC1"})
    text = (ROOT / "config" / "nearfar.yaml").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^    (\w+): ([^\s#]+)", text, re.MULTILINE))
    assert set(rows) == {info.name for info in describe(RosOptions)} | {"model", "compressed"}
    told = {name: _yaml(value) for name, value in rows.items() if name not in {"model", "compressed"}}
    assert options_of(told).height == 0.4
    assert {name: type(value) for name, value in told.items()} == {
        name: type(value) for name, value in defaults().items()
    }


def _yaml(text: str) -> Any:
    """A plain value: the file holds no others."""
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text.replace(".nan", "nan"))
        except ValueError:
            continue
    return text.strip('"')


def test_the_package_has_ros_own_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """What package.xml, setup.py and setup.cfg say of each other holds, and every file is there."""
    package = ET.parse(ROOT / "package.xml").getroot()  # noqa: S314 - our own file
    name = package.findtext("name")
    assert (name, package.get("format"), package.findtext("license")) == ("nearfar_ros", "3", "Apache-2.0")
    assert package.findtext("export/build_type") == "ament_python"
    told: dict[str, Any] = {}
    setuptools = ModuleType("setuptools")
    setuptools.setup = lambda **given: told.update(given)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "setup.py"))
    assert (told["name"], told["license"]) == (name, "Apache-2.0")
    assert told["version"] == package.findtext("version") == nearfar.__version__
    assert told["entry_points"]["console_scripts"] == ["nearfar-ros = nearfar_ros.node:main"]
    files = [file for _, listed in told["data_files"] for file in listed]
    assert all((ROOT / file).is_file() for file in files)
    expected = {"resource/nearfar_ros", "package.xml", "config/nearfar.yaml", "launch/nearfar.launch.py"}
    assert set(files) == expected
    assert f"lib/{name}" in (ROOT / "setup.cfg").read_text(encoding="utf-8")


def test_the_launch_file_starts_the_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The executable of the package, its topics taken from the camera's namespace."""
    names = {
        "ament_index_python.packages": {"get_package_share_directory": lambda _: str(tmp_path)},
        "launch": {"LaunchDescription": list},
        "launch.actions": {"DeclareLaunchArgument": lambda name, **given: (name, given)},
        "launch.substitutions": {"LaunchConfiguration": lambda name: f"<{name}>"},
        "launch_ros.actions": {"Node": SimpleNamespace},
        "launch_ros.parameter_descriptions": {
            "ParameterValue": lambda value, value_type: (value, value_type)
        },
    }
    for path, members in names.items():
        for parent in (path.partition(".")[0], path):
            monkeypatch.setitem(sys.modules, parent, sys.modules.get(parent) or ModuleType(parent))
        vars(sys.modules[path]).update(members)
    made = runpy.run_path(str(ROOT / "launch" / "nearfar.launch.py"))["generate_launch_description"]()
    node = made[-1]
    assert (node.package, node.executable) == ("nearfar_ros", "nearfar-ros")
    assert ("camera_info", ["<camera>", "/camera_info"]) in node.remappings
    assert [name for name, _ in made[:-1]] == ["camera", "image", "rectified", "config"]
    assert node.parameters == ["<config>", {"rectified": ("<rectified>", bool)}]


def test_the_readme_names_what_is_there() -> None:
    """Topics, parameters' file and the launch file."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    words = ["~/depth/image", "~/points", "~/scan", "config/nearfar.yaml", "nearfar.launch.py", "nearfar-ros"]
    assert [word for word in words if word not in text] == []
