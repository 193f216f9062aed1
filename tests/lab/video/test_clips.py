"""Clips with known cameras, and what is measured on them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from moving import texture
from nearfar.cards import DepthKind
from nearfar.errors import ParameterError, UnknownNameError
from nearfar.video.steady import SteadyOptions
from nearfar_lab import cli
from nearfar_lab.predictors import Ramp
from nearfar_lab.scenes.scene import Camera
from nearfar_lab.scenes.shots import Move, Mover, Shot, shoot
from nearfar_lab.settings import LabSettings
from nearfar_lab.video import clips, kept
from nearfar_lab.video.clips import CLIPS, Clip, frames_of
from nearfar_lab.video.evaluate import (
    VideoRow,
    as_csv,
    as_table,
    clip_names,
    evaluate_clips,
    held,
    of_kind,
    summary,
)
from nearfar_lab.video.sequences import SEQUENCES, frames_of_sequence
from nearfar_lab.video.strip import strip

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (24, 32)
BALL = Mover((-0.5, 0.0, 1.2), (0.2, 0.0, 0.0))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Clip:
    """A clip of two short shots, tiny, in place of all others."""
    clip = Clip("tiny", (Shot("room", 54, 3, noise=0.01), Shot("street", 1, 3, Move(right_m=0.05))))
    monkeypatch.setattr(clips, "SIZE", SIZE)
    monkeypatch.setitem(CLIPS, "tiny", clip)
    return clip


def test_a_camera_moves_along_its_own_axes() -> None:
    """Turned by 90 degrees, ahead is along x."""
    moved = Move(ahead_m=0.1, yaw_deg=2).camera(Camera((0, 1.5, 0), yaw_deg=90), 10)
    assert moved.position_m == pytest.approx((1, 1.5, 0), abs=1e-6)
    assert moved.yaw_deg == pytest.approx(110)


def test_a_shot_in_which_nothing_moves_is_the_same_but_for_noise() -> None:
    """One depth; without noise one picture too."""
    first, second = shoot(Shot("room", 54, 2), SIZE)
    assert (first.rgb == second.rgb).all()
    noisy = list(shoot(Shot("room", 54, 2, noise=0.05), SIZE))
    assert (noisy[0].depth_m == first.depth_m).all()
    assert (noisy[0].rgb != noisy[1].rgb).any()


def test_a_thing_that_passes_is_in_the_depth() -> None:
    """It hides what is behind it, elsewhere in the next frame."""
    plain = next(shoot(Shot("room", 54, 1), SIZE)).depth_m
    found = [frame.depth_m < 0.95 * plain for frame in shoot(Shot("room", 54, 2, movers=(BALL,)), SIZE)]
    assert found[0].any()
    assert (found[0] != found[1]).any()


@pytest.mark.parametrize("light", ["flash", "dimming", "switch"])
def test_light_changes_the_picture_alone(light) -> None:
    """By the sixth frame it did, and depth is as it was."""
    frames = list(shoot(Shot("room", 54, 6, light=light), SIZE))
    assert (frames[0].rgb != frames[5].rgb).any()
    assert (frames[0].depth_m == frames[5].depth_m).all()


def test_a_shot_of_no_known_light_is_refused() -> None:
    """With the lights there are."""
    with pytest.raises(ParameterError, match="steady, dimming"):
        Shot("room", 1, 3, light="disco")


def test_cuts_are_where_shots_begin(small) -> None:
    """Not at the first frame of the clip."""
    frames = list(frames_of("tiny"))
    assert [frame.is_cut for frame in frames] == [False, False, False, True, False, False]
    assert [frame.is_static for frame in frames] == 3 * [True] + 3 * [False]


def test_rendered_shots_are_kept(small, tmp_path, monkeypatch) -> None:
    """The second time nothing is rendered, and all is equal."""
    first = list(frames_of("tiny", tmp_path))
    monkeypatch.setattr(clips, "shoot", None)
    second = list(frames_of("tiny", tmp_path))
    for one, other in zip(first, second, strict=True):
        assert (one.rgb == other.rgb).all()
        assert (one.inverse_m == other.inverse_m).all()
        assert (one.pose == other.pose).all()
    assert kept.read(tmp_path, replace(small.shots[0], seed=55), SIZE) is None


def test_every_kind_of_clip_is_in_the_set() -> None:
    """Still and moving cameras, things that move, light that changes, and many cuts."""
    shots = [shot for clip in CLIPS.values() for shot in clip.shots]
    assert {shot.light for shot in shots} == {"steady", "dimming", "flash", "switch"}
    assert any(shot.is_static and shot.noise for shot in shots)
    assert any(shot.movers and shot.move == Move() for shot in shots)
    assert any(shot.move.ahead_m and shot.move.sway for shot in shots)
    assert len(CLIPS["cuts"].shots) > 60


def test_kinds_are_undone() -> None:
    """Nearness back to what a network of the kind gave."""
    near = np.array([[0.5, 2.0]], np.float32)
    assert of_kind(near, DepthKind.METRIC).tolist() == [[2.0, 0.5]]
    assert of_kind(near, DepthKind.AFFINE_DEPTH).tolist() == [[-0.5, -2.0]]
    assert of_kind(near, DepthKind.RELATIVE_INVERSE) is near


def test_names_of_clips() -> None:
    """All, the rendered ones, or some; an unknown one is told."""
    assert set(clip_names("all")) == {*CLIPS, *SEQUENCES}
    assert clip_names("clips") == list(CLIPS)
    assert clip_names("static,passer") == ["static", "passer"]
    with pytest.raises(UnknownNameError, match="passer"):
        clip_names("paser")


def test_a_ramp_is_measured_on_a_clip(small, tmp_path) -> None:
    """A row for each mode; the ramp is perfectly steady, cut or not."""
    settings = LabSettings(data=tmp_path, scenes=tmp_path / "scenes", runs=tmp_path / "runs")
    rows = list(evaluate_clips(Ramp(), ["tiny"], settings))
    assert [row.mode for row in rows] == ["off", "live", "offline"]
    assert rows[1].figures["true_cuts"] == 1
    assert len(as_csv(rows).splitlines()) == 4
    assert "`tiny`" in as_table(rows)


def test_the_command_prints_rows_and_sums(small, tmp_path, capsys, monkeypatch) -> None:
    """Lines of JSON: three modes of a clip, and what is left of the figures in two of them."""
    for name in ("DATA", "SCENES", "RUNS"):
        monkeypatch.setenv(f"NEARFAR_LAB_{name}", str(tmp_path / name))
    with pytest.raises(SystemExit) as ended:
        cli.main(
            ["evaluate", "--video", "--data", "tiny", "--model", "ramp", "--csv", str(tmp_path / "a.csv")]
        )
    assert not ended.value.code
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["mode"] for row in rows] == ["off", "live", "offline", "live", "offline"]
    assert (tmp_path / "a.csv").is_file()


def test_sums_tell_what_is_left() -> None:
    """Shares of means, points of delta1, the largest step of what is static, recall and precision."""
    cuts = {"true_cuts": 4.0, "found_cuts": 5.0, "right_cuts": 4.0}
    some = {"tae": 2.0, "delta1": 90.0, "delta1_clip": 80.0, "flicker": 4.0, "step": 9.0}
    rows = [VideoRow("a", "off", some | cuts, is_static=True)]
    better = {"tae": 1.0, "delta1": 91.0, "delta1_clip": 82.0, "flicker": 1.0, "step": 1.0}
    rows += [VideoRow("a", mode, better | cuts, is_static=True) for mode in ("live", "offline")]
    live = summary(rows)[0]
    assert live == {
        "mode": "live",
        "tae": 0.5,
        "flicker": 0.25,
        "delta1": 1.0,
        "delta1_clip": 2.0,
        "step": 1.0,
        "recall": 1.0,
        "precision": 0.8,
    }


def test_a_strip_shows_photos_and_maps(small) -> None:
    """Two frames wide, a row of photos and one of heat maps."""
    frames = list(frames_of("tiny"))
    found = held(frames, [frame.inverse_m for frame in frames], DepthKind.RELATIVE_INVERSE, SteadyOptions())
    assert strip(frames, [found], [0, 5]).pixels.shape == (240, 320, 3)


def test_cameras_are_solved_from_measured_depth(tmp_path: Path) -> None:
    """Two metres before a picture on a wall, a hand to the right; a place never seen begins another part."""
    folder = tmp_path / "rgbd_mix" / "tum"
    folder.mkdir(parents=True)
    wide = cv2.resize(texture(96, 400, seed=-1), (1200, 288), interpolation=cv2.INTER_CUBIC)
    views = [wide[:, 20 * k : 20 * k + 384] for k in range(3)] + [np.zeros((288, 384, 3), np.uint8)]
    for number, rgb in enumerate(views):
        cv2.imwrite(str(folder / f"fr1_{number:03}_rgb.jpg"), rgb)
        depth_mm = np.full((288, 384), 2000, np.uint16)
        cv2.imwrite(str(folder / f"fr1_{number:03}_depth.png"), depth_mm)
    frames = frames_of_sequence("tum_fr1", tmp_path)
    assert len(frames) == 3
    step_m = 20 / frames[0].focal_px * 2
    assert frames[2].pose[:, 3] == pytest.approx((-2 * step_m, 0, 0), abs=0.02)
