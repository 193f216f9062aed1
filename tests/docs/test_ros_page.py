"""What ``docs/how-to/ros.md`` tells people to do works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nearfar.cli import main
from nearfar.ros.bag import TOPICS

pytest.importorskip("rosbags")
from bags import camera_bag, image, info

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ros.md"


def test_a_recording_is_turned_into_depth_and_read(tmp_path: Path, monkeypatch, capsys) -> None:
    """The command, then the lines that read its result; the tilt is that of the drawn floor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    camera_bag(tmp_path / "in.mcap", 2)
    text = PAGE.read_text(encoding="utf-8")
    (words,) = re.findall(r"^nearfar (rosbag .*)$", text, re.MULTILINE)
    assert main(words.replace("--pitch -10", "--pitch -32").split()) == 0
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names: dict = {}
    capsys.readouterr()
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own page
    told = capsys.readouterr().out.split()
    assert [int(told[0]), int(told[2])] == [100_000_000_000, 100_100_000_000]
    assert 0.2 < float(told[1]) < 2


def test_the_messages_in_python(monkeypatch) -> None:
    """The last lines make three messages out of a picture; here by a ramp, whose floor is steeper."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    text = PAGE.read_text(encoding="utf-8")
    *_, block = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec(block.replace("pitch=-10", "pitch=-32"), names)  # noqa: S102 - our own page
    depth, points, scan = names["on_image"](image(), info())
    assert (depth["encoding"], points["point_step"], len(scan["ranges"])) == ("32FC1", 16, 72)


def test_every_topic_stands_there() -> None:
    """As the bag has them."""
    text = PAGE.read_text(encoding="utf-8")
    assert [topic for topic in TOPICS.values() if f"`{topic}`" not in text] == []
