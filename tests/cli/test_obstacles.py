"""``nearfar obstacles``, and ``nearfar calibrate`` by the floor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.robot.mount import Mount, slopes

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

CAMERA = nearfar.Camera.from_fov(70, 128, 96)
TOLD = ("--height", "1.2", "--pitch", "-10", "--fov", "70")


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    """A file of relative depth: a floor below a camera 1.2 m high that looks 10° down, a wall 5 m ahead."""
    rows, columns = np.arange(96) + 0.5, np.arange(128) + 0.5
    _, down, ahead = (slopes(CAMERA, rows, columns, axis) for axis in Mount(1.2, -10.0).axes())
    inverse = np.maximum(down / 1.2, ahead / 5.0)
    path = tmp_path / "floor.npz"
    nearfar.DepthMap((2 * inverse + 0.5).astype(np.float32), "relative_inverse").save(path)
    return path


def test_rows_for_people(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """The nearest thing with its error, then a line for each direction."""
    code, out, _ = run("obstacles", photo_jpeg, "--depth", floor, *TOLD)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("nearest: 5 m (give or take ")
    assert len(lines) == 73


def test_json_holds_both_messages(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """Strict JSON, without infinities; unknown directions of the whole turn are so in each message."""
    code, out, _ = run("obstacles", photo_jpeg, "--depth", floor, *TOLD, "--json", "--span", "360")
    row = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert (code, row["unit"], row["distances"][0]) == (0, "m", None)
    assert row["nearest"]["distance"] == pytest.approx(5.0, rel=0.02)
    assert row["mavlink_obstacle_distance"]["distances"][0] == 65535
    assert row["ros_laser_scan"]["ranges"][0] == "nan"


def test_json_says_what_the_depth_was(run: Run, photo_jpeg: Path) -> None:
    """Kind, network and hash stand beside the distances."""
    code, out, _ = run("obstacles", photo_jpeg, *TOLD, "--json")
    row = json.loads(out)
    assert (code, row["kind"], row["model"]) == (0, "relative_inverse", "embedded")
    assert len(row["weights_sha256"]) == 64


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("-o", "seen.gif"), "not written as '.gif'"),
        (("--step", "3", "--top", "1"), "nothing between them"),
        (("--height", "1e300"), "height is"),
        (("--intrinsics", "100,100,64,48"), "Both a field of view and intrinsics"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(
    run: Run, photo_jpeg: Path, words: tuple[str, ...], wanted: str
) -> None:
    """Nothing is printed but the error."""
    told = TOLD if "--height" not in words else TOLD[2:]
    code, out, err = run("obstacles", photo_jpeg, *told, *words)
    assert (code, out) == (2, "")
    assert wanted in err


def test_a_picture_is_drawn(run: Run, photo_jpeg: Path, floor: Path, tmp_path: Path) -> None:
    """The photo with the fan beside it; what is there already is left."""
    words = ("obstacles", photo_jpeg, "--depth", floor, *TOLD, "-o", "seen.png")
    assert run(*words)[0] == 0
    with Image.open(tmp_path / "seen.png") as image:
        assert image.size == (128 + 96, 96)
    assert run(*words)[0] == 1


def test_the_horizon_in_place_of_the_pitch(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """Its row says the same."""
    row = CAMERA.cy_px - CAMERA.fy_px * np.tan(np.radians(10))
    told = ("--height", "1.2", "--horizon", f"{row:.3f}", "--fov", "70")
    out = run("obstacles", photo_jpeg, "--depth", floor, *told)[1]
    assert out.startswith("nearest: 5 m")


def test_without_a_height_there_are_no_metres(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """Camera heights, and no messages."""
    out = run("obstacles", photo_jpeg, "--depth", floor, "--pitch", "-10", "--fov", "70", "--json")[1]
    row = json.loads(out)
    assert row["unit"] == "camera heights"
    assert "ros_laser_scan" not in row


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--height", "1.2", "--fov", "70"), "tilt is needed"),
        (("--height", "1.2", "--pitch", "-10", "--horizon", "9", "--fov", "70"), "tilt is needed"),
        (("--height", "1.2", "--pitch", "-10"), "field of view"),
        (("--height", "1.2", "--pitch", "down", "--fov", "70"), "a number was expected"),
    ],
)
def test_what_is_lacking_is_said(
    run: Run, photo_jpeg: Path, floor: Path, words: tuple[str, ...], said: str
) -> None:
    """Nothing is guessed: exit code 2."""
    code, _, err = run("obstacles", photo_jpeg, "--depth", floor, *words)
    assert code == 2
    assert said in err


def test_where_no_floor_is_it_fails(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """A flat map has none: exit code 1."""
    nearfar.DepthMap(np.full((96, 128), 2.0), "relative_inverse").save(tmp_path / "flat.npz")
    code, out, err = run("obstacles", photo_jpeg, "--depth", tmp_path / "flat.npz", *TOLD)
    assert (code, out) == (1, "")
    assert "no floor" in err


def test_calibrate_by_the_floor(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """The profile turns the map into metres, and holds the error that was told."""
    code, out, err = run("calibrate", photo_jpeg, "--depth", floor, *TOLD)
    assert code == 0
    assert "distances are right to about" in err
    profile = nearfar.Calibration.load(out.strip())
    metres = profile.apply(nearfar.read_depth(floor)).values
    assert metres[20, 64] == pytest.approx(5.0, rel=0.1)
    assert profile.error is not None
    assert 0 < profile.error < 0.1


def test_calibrate_what_a_phone_measured(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """Metres of a sensor that are a fifth too short are right behind the profile that the floor tells."""
    rows, columns = np.arange(96) + 0.5, np.arange(128) + 0.5
    _, down, ahead = (slopes(CAMERA, rows, columns, axis) for axis in Mount(1.2, -10.0).axes())
    millimetres = 800 / np.maximum(down / 1.2, ahead / 5.0)
    Image.fromarray(millimetres.astype(np.uint16)).save(tmp_path / "phone.png")
    words = ("calibrate", photo_jpeg, "--depth", "phone.png", "--depth-sensor", "arkit", *TOLD)
    code, out, err = run(*words)
    assert code == 0, err
    measured = nearfar.read_sensor_depth(tmp_path / "phone.png", "arkit")
    metres = nearfar.Calibration.load(out.strip()).apply(measured).values
    assert metres[20, 64] / measured.values[20, 64] == pytest.approx(1.25, rel=0.03)


@pytest.mark.parametrize(("width", "height"), [(3000, 6), (6, 3000), (2000, 1), (1, 1)])
def test_thin_pictures_have_no_floor(run: Run, tmp_path: Path, width: int, height: int) -> None:
    """And that is what is said of them."""
    Image.new("RGB", (width, height), (90, 80, 70)).save(tmp_path / "thin.png")
    nearfar.DepthMap(np.full((height, width), 2.0), "relative_inverse").save(tmp_path / "thin.npz")
    code, out, err = run("obstacles", "thin.png", "--depth", "thin.npz", *TOLD)
    assert (code, out) == (1, "")
    assert "horizon" in err


def test_a_tilt_beside_points_counts_for_nothing(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """Points need no mount."""
    code, _, err = run("calibrate", photo_jpeg, "10,10=5", "20,90=1", "--depth", floor, "--pitch", "-5")
    assert (code, "--pitch counts for nothing without --height" in err) == (2, True)


def test_points_and_height_exclude_each_other(run: Run, photo_jpeg: Path, floor: Path) -> None:
    """One of them is enough, and both might contradict."""
    code, _, err = run("calibrate", photo_jpeg, "10,10=2", "20,90=1", "--depth", floor, *TOLD)
    assert (code, "known distances are needed" in err) == (2, True)
