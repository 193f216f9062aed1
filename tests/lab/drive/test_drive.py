"""A simulated drive, in short: what the planner does, and that true depth and a ramp differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import ParameterError
from nearfar.robot.sectors import ObstacleOptions, obstacles
from nearfar_lab.drive.clip import save_clip
from nearfar_lab.drive.planner import Command, Planner
from nearfar_lab.drive.robot import Body, Robot
from nearfar_lab.drive.run import drive, figures, looks, ramp, rooms, true

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.robot.sectors import Obstacles

ROOM = 1000
BODY = Body()


def _found(left_m: float, right_m: float) -> Obstacles:
    """What stands upright before the left and the right half of the view."""
    height, width = BODY.size
    values = np.full((height, width), left_m, np.float32)
    values[:, width // 2 :] = right_m
    depth = nearfar.DepthMap(values, nearfar.DepthKind.METRIC)
    return obstacles(depth, BODY.camera, nearfar.Mount(0.4), ObstacleOptions(reach=5.0))


def test_it_goes_straight_where_all_is_free() -> None:
    """Nothing within reach: one step ahead, no more turn than half a direction."""
    found = Planner().command(_found(9.0, 9.0))
    assert found.ahead_m == pytest.approx(0.1)
    assert abs(found.turn_deg) < 2


@pytest.mark.parametrize(("left_m", "right_m", "sign"), [(0.5, 4.0, 1), (4.0, 0.5, -1)])
def test_it_turns_to_the_free_side(left_m: float, right_m: float, sign: int) -> None:
    """Right is positive."""
    assert np.sign(Planner().command(_found(left_m, right_m)).turn_deg) == sign


def test_it_stands_still_before_a_wall() -> None:
    """It turns on the spot, and goes on turning to the same side."""
    planner = Planner()
    turns = [planner.command(_found(0.4, 0.4)) for _ in range(3)]
    assert all(one.ahead_m == 0 for one in turns)
    assert len({one.turn_deg for one in turns}) == 1


def test_without_a_floor_it_looks_elsewhere() -> None:
    """No step into what nothing is known of."""
    assert Planner().command(None).ahead_m == 0


def test_what_left_the_view_is_kept_in_mind() -> None:
    """Turned away from a thing, it does not turn back to it within a step."""
    planner = Planner()
    planner.command(_found(0.4, 9.0))
    planner.moved(Command(60.0, 0.0))
    kept = planner.command(_found(9.0, 9.0))
    assert kept.turn_deg >= -2


def test_true_depth_brings_it_through_a_room(record_property: pytest.RecordProperty) -> None:
    """No collision on several metres."""
    done = drive(ROOM, true, steps=40)
    record_property("driven_m", done.driven_m)
    assert done.collisions == 0
    assert done.driven_m > 2
    assert done.frames == 40


def test_a_ramp_does_not() -> None:
    """A vertical gradient looks like free floor everywhere: the robot bumps, and goes on."""
    done = drive(ROOM, ramp, steps=40)
    assert done.collisions > 0
    assert done.refused == 0


def test_touching_is_felt() -> None:
    """Straight on without looking: a wall comes, and the robot stays before it."""
    robot = Robot(ROOM)
    while not robot.has_bumped and robot.driven_m < 9:
        robot.move(Command(0.0, 0.1))
    assert robot.collisions == 1
    assert BODY.radius_m <= robot.clearance_m(robot.place) < BODY.radius_m + 0.1


def test_the_picture_and_the_depth_are_of_one_camera() -> None:
    """Of the same size; the floor before the robot as far as height and pitch say."""
    robot = Robot(ROOM)
    assert robot.picture().shape == (*BODY.size, 3)
    ground = nearfar.find_ground(true(robot), BODY.camera, BODY.mount)
    assert ground.share > 0.1
    assert ground.scale * BODY.camera_m == pytest.approx(1.0, rel=0.02)


def test_the_way_is_shown_as_a_clip(tmp_path: Path) -> None:
    """Animated, a frame a step, below 1 MB."""
    file = save_clip(tmp_path / "way.webp", ROOM, true, steps=3)
    with Image.open(file) as clip:
        assert clip.n_frames == 3
    with pytest.raises(ParameterError, match="webp"):
        save_clip(tmp_path / "way.gif", ROOM, true, steps=3)


def test_the_table_names_every_kind_of_depth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command drives, prints a table, and renews the page's block."""
    from nearfar_lab import cli

    page = tmp_path / "page.md"
    page.write_text("<!-- figures: drive -->\n<!-- end of figures: drive -->\n", encoding="utf-8")
    words = ["drive", "--rooms", "1", "--first", str(ROOM), "--steps", "2", "--depth", "true", "--page"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, str(page)])
    assert not ended.value.code
    assert "| true depth: rooms without any | 1 of 1 |" in capsys.readouterr().out
    assert "true depth: collisions" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--rooms", "0"), "0 rooms"),
        (("--rooms", "2", "--first", "-5"), "from seed -5"),
        (("--clip", "way.txt"), "ends in .webp"),
        (("--page", "absent.md"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_told_before_the_first_room(
    words: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of driving end in no error, and no page gets a table of nothing."""
    from nearfar_lab import cli
    from nearfar_lab.drive import run

    monkeypatch.setattr(run, "drive", lambda *_: pytest.fail("it drove"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["drive", *words])
    assert ended.value.code == 1
    assert text in capsys.readouterr().err


def test_rooms_are_those_with_a_place() -> None:
    """Seeds from the first on, each once."""
    assert rooms(2, ROOM) == [1000, 1001]


def test_a_network_drives_too() -> None:
    """By its name; unknown ones are refused before the first room."""
    done = drive(ROOM, looks(["embedded"])["embedded"], steps=3)
    assert done.frames == 3
    assert "network embedded: collisions" in next(iter(figures("embedded", [done]))).row()
