"""``nearfar rosbag``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("rosbags")
from bags import camera_bag, read_bag

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

MOUNT = ("--height", "0.5", "--pitch", "-32")


def test_a_bag_becomes_a_bag(run: Run, tmp_path: Path) -> None:
    """The file's name on standard output; what was done as JSON where wanted."""
    camera_bag(tmp_path / "in.mcap", 2)
    code, out, err = run("rosbag", "in.mcap", "-o", "out.mcap", *MOUNT)
    assert (code, out) == (0, "out.mcap\n")
    assert "2 frames of /camera/image_raw, 0 refused" in err
    assert len(read_bag(tmp_path / "out.mcap")) == 8
    code, out, _ = run("rosbag", "in.mcap", "-o", "other.mcap", *MOUNT, "--json", "--every", "2")
    assert (code, json.loads(out)["frames"]) == (0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("in.mcap", "-o", "out.mcap"), "not metres"),
        (("in.mcap", *MOUNT), "--output"),
        (("in.mcap", "-o", "out.mcap", *MOUNT, "--image", "/up"), "not on /up"),
        (("nothing.mcap", "-o", "out.mcap", *MOUNT), "not there"),
    ],
)
def test_what_is_lacking_is_said(run: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """And nothing is written."""
    camera_bag(tmp_path / "in.mcap", 1)
    code, _, err = run("rosbag", *words)
    assert code != 0
    assert said in err
    assert not (tmp_path / "out.mcap").exists()


def test_a_bag_in_which_no_floor_is_seen_fails(run: Run, tmp_path: Path) -> None:
    """All frames refused: exit code 1, and the reason."""
    camera_bag(tmp_path / "in.mcap", 1)
    code, _, err = run("rosbag", "in.mcap", "-o", "out.mcap", "--height", "0.5", "--pitch", "40")
    assert code == 1
    assert "below the horizon" in err
