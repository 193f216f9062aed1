"""Metres from the floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import nearfar
from nearfar.errors import NoGroundError, ParameterError
from nearfar.robot.ground import find_ground
from nearfar.robot.mount import Mount
from nearfar.types import DepthKind, DepthMap
from nearfar_lab.scenes.pictures import picture_of, scene_of
from robot.floors import CAMERA, MOUNT, metres, metric, relative


@pytest.mark.parametrize("mount", [MOUNT, Mount(0.3, -25.0), Mount(1.6, 3.0, -6.0)])
def test_relative_depth_becomes_metres(mount: Mount) -> None:
    """Scale and shift that a network leaves open are found, floor and wall are right."""
    true = metres(mount, box_m=3.0)
    ground = find_ground(relative(true), CAMERA, mount)
    assert ground.calibration.apply(relative(true)).values == pytest.approx(true, rel=5e-3)
    assert ground.unit == "m"


def test_metric_depth_is_rescaled() -> None:
    """Of metres that are all too long by a fifth the floor tells the true ones."""
    true = metres()
    wrong = metric(1.2 * true)
    assert find_ground(wrong, CAMERA, MOUNT).calibration.apply(wrong).values == pytest.approx(true, rel=5e-3)


def test_noise_is_borne_and_stated() -> None:
    """With 4 % of noise distances stay right to the error that is told, which is more than without."""
    true = metres(box_m=3.0)
    noisy = relative(true * np.random.default_rng(1).normal(1, 0.04, true.shape).astype(np.float32))
    ground = find_ground(noisy, CAMERA, MOUNT)
    found = ground.calibration.apply(noisy).values
    assert np.median(np.abs(found / true - 1)) <= ground.error < 0.1
    assert ground.error > find_ground(relative(true), CAMERA, MOUNT).error


def test_a_network_is_trusted_less_the_less_floor_is_seen() -> None:
    """Networks bend space where no floor shows it: that is in what is told."""
    true = relative(metres())
    made = replace(true, provenance=replace(true.provenance, model="embedded"))
    little = relative(metres(wall_m=3.0))
    scarce = replace(little, provenance=made.provenance)
    stated = [find_ground(depth, CAMERA, MOUNT).error for depth in (true, made, scarce)]
    assert stated[0] < 0.05 < stated[1] < stated[2]


def test_a_floor_among_clutter_is_found() -> None:
    """Four of five pixels hold anything nearer than the floor behind them: few pairs of pixels are of it."""
    true = metres()
    rng = np.random.default_rng(3)
    clutter = rng.random(true.shape) < 0.8
    seen = np.where(clutter, true * rng.uniform(0.3, 1.0, true.shape), true).astype(np.float32)
    found = find_ground(relative(seen), CAMERA, MOUNT)
    assert found.distances(relative(true).values) == pytest.approx(true, rel=0.05)


def test_the_stated_error_is_kept_in_the_profile(tmp_path) -> None:
    """It is written and read back."""
    ground = find_ground(relative(metres()), CAMERA, MOUNT)
    path = ground.calibration.save(tmp_path / "a.json")
    assert nearfar.Calibration.load(path).error == ground.error > 0


def test_without_a_height_there_are_no_metres() -> None:
    """Lengths come in camera heights, and no profile is given."""
    ground = find_ground(relative(metres()), CAMERA, replace(MOUNT, height_m=None))
    assert (ground.unit, ground.height) == ("camera heights", 1.0)
    assert ground.distances(relative(metres()).values) == pytest.approx(metres() / 1.2, rel=5e-3)
    with pytest.raises(ParameterError, match="no metres"):
        _ = ground.calibration


def test_a_wall_is_no_floor() -> None:
    """A picture of one wall is refused."""
    with pytest.raises(NoGroundError):
        find_ground(relative(metres(wall_m=0.5)), CAMERA, MOUNT)


def test_a_wrong_roll_is_refused() -> None:
    """A floor that leans by 25° is none."""
    with pytest.raises(NoGroundError):
        find_ground(relative(metres()), CAMERA, replace(MOUNT, roll_deg=28.0))


def test_looking_up_is_refused() -> None:
    """Where nothing lies below the horizon it says so."""
    with pytest.raises(NoGroundError, match="below the horizon"):
        find_ground(relative(metres()), CAMERA, Mount(1.2, 40.0))


def test_the_camera_must_be_known() -> None:
    """Without it no angle is."""
    with pytest.raises(ParameterError, match="camera is not known"):
        find_ground(relative(metres()), None, MOUNT)


def test_affine_depth_is_refused() -> None:
    """Its floor is no plane in the picture."""
    with pytest.raises(ParameterError, match="affine"):
        find_ground(DepthMap(metres(), DepthKind.AFFINE_DEPTH), CAMERA, MOUNT)


def test_pixels_without_depth_are_left_out() -> None:
    """Half of the picture not valid, with any number in it: the same scale."""
    true = metres()
    valid = np.ones(true.shape, bool)
    valid[:, ::2] = False
    values = np.where(valid, relative(true).values, 50.0)
    ground = find_ground(DepthMap(values, "relative_inverse", valid), CAMERA, MOUNT)
    assert ground.distances(relative(true).values) == pytest.approx(true, rel=5e-3)


@pytest.mark.parametrize(
    ("seed", "world"), [(104, "room"), (103, "room"), (128, "room"), (103, "street"), (104, "street")]
)
def test_rooms_and_streets_of_known_cameras(seed: int, world: str) -> None:
    """Exact depth of rendered scenes, as a relative map: half of all distances within a tenth."""
    scene = scene_of(seed, (96, 128), world)
    scene = replace(scene, camera=replace(scene.camera, distortion=0.0))
    picture = picture_of(scene, (96, 128))
    camera = nearfar.Camera(picture.fx, picture.fy, picture.cx, picture.cy)
    mount = Mount(scene.camera.position_m[1], scene.camera.pitch_deg, scene.camera.roll_deg)
    depth = relative(picture.depth_m)
    near = picture.depth_m < 30
    found = find_ground(depth, camera, mount).calibration.apply(depth).values
    assert np.median(np.abs(found[near] / picture.depth_m[near] - 1)) < 0.1
