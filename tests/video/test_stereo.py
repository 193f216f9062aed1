"""Views for two eyes: where things move, how they are laid out, and that what is filled in holds still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.types import DepthMap
from nearfar.types.moving import VideoFrame
from nearfar.video.join import JoinOptions, join
from nearfar.video.look import look_of
from nearfar.video.stereo import (
    LAYOUTS,
    StereoMaker,
    StereoOptions,
    background_shift,
    named,
    packed,
    steady_nearness,
)
from nearfar.video.vr180 import Stereo, mark, moved
from nearfar.video.write import open_piece
from video.test_write import INFO


@dataclass(frozen=True)
class Found:
    """A frame with its steady depth."""

    frame: VideoFrame
    small_depth: DepthMap
    span: tuple[float, float] = (0.0, 1.0)
    is_cut: bool = False


def found(noise: int = 0, *, is_cut: bool = False, grey: int = 60) -> Found:
    """A bright square, near, before a textured grey wall, far."""
    rng = np.random.default_rng(noise)
    pixels = np.full((96, 160, 3), grey, np.uint8) + rng.integers(
        0, 5 if noise else 1, (96, 160, 3), np.uint8
    )
    pixels[32:64, 64:96] = 250
    near = np.zeros((96, 160), np.float32)
    near[32:64, 64:96] = 1
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    return Found(VideoFrame.of(pixels, noise), depth, is_cut=is_cut)


def columns(view: np.ndarray) -> tuple[int, int]:
    """Where the bright square begins and ends in the middle row."""
    bright = np.flatnonzero(view[48].min(axis=1) > 200)
    return int(bright[0]), int(bright[-1]) + 1


def picture(layout: str, **given: object) -> np.ndarray:
    """A frame's picture."""
    options = StereoOptions(layout=layout, separation=10, plane=0.0, refine=False, **given)
    return StereoMaker(options).plan(found())()


def test_near_things_are_further_right_for_the_left_eye() -> None:
    """By half the separation each, and a swap exchanges the eyes."""
    whole = picture("full-sbs")
    assert whole.shape == (96, 320, 3)
    left, right = columns(whole[:, :160]), columns(whole[:, 160:])
    assert left[0] - 64 == pytest.approx(8, abs=1)
    assert right[0] - 64 == pytest.approx(-8, abs=1)
    swapped = picture("full-sbs", swap=True)
    assert columns(swapped[:, :160]) == right


@pytest.mark.parametrize(
    ("layout", "shape"),
    [("half-sbs", (96, 160)), ("half-tb", (96, 160)), ("full-tb", (192, 160)), ("anaglyph", (96, 160))],
)
def test_layouts_have_their_size(layout: str, shape: tuple[int, int]) -> None:
    """Halves are squeezed, wholes laid beside or above each other."""
    assert picture(layout).shape == (*shape, 3)


def test_the_holes_are_filled_with_the_wall() -> None:
    """Nothing of the square, and nothing black: where the square was, and at the picture's sides."""
    view = picture("full-sbs")[:, :160]
    begin, end = columns(view)
    beside = np.concatenate([view[48, : begin - 2], view[48, end + 2 :]])
    assert np.abs(beside.astype(int) - 60).max() <= 3


def test_the_plate_holds_still() -> None:
    """What one eye alone sees changes less than half as much as the noise of the frames behind it."""
    maker = StereoMaker(StereoOptions(layout="full-sbs", separation=10, plane=0.0, refine=False))
    plates = []
    for number in range(1, 13):
        maker.plan(found(number))
        plates.append(maker.state()["plate"].copy())
    alone = []
    for number in range(1, 13):
        one = StereoMaker(maker.options)
        one.plan(found(number))
        alone.append(one.state()["plate"].copy())
    steady, rough = (np.abs(np.diff(np.stack(rows[4:]), axis=0)).mean() for rows in (plates, alone))
    assert 0 < steady < 0.5 * rough


@pytest.mark.parametrize("shift", [(0, 0), (5, 0), (-7, 3)])
def test_the_backgrounds_motion_is_found(shift: tuple[int, int]) -> None:
    """Of the far half alone: what is near may move as it likes."""
    rng = np.random.default_rng(3)
    wall = cv2.resize(rng.integers(0, 255, (30, 50), np.uint8), (400, 240), interpolation=cv2.INTER_CUBIC)
    right, down = shift
    before, now = (np.ascontiguousarray(wall[30 - y : 210 - y, 40 - x : 360 - x]) for x, y in ((0, 0), shift))
    near = np.zeros((18, 32), np.float32)
    near[6:12, 10:20] = 1
    now[60:120, 100:200] = 0  # a near thing that came
    assert background_shift(before, now, near) == pytest.approx((right, down), abs=0.25)


def test_tiny_pictures_have_no_motion() -> None:
    """There is nothing to follow in them."""
    assert background_shift(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((2, 2))) == (
        0,
        0,
    )


def test_a_cut_begins_a_new_plate() -> None:
    """No colour of the scene before is left in it."""
    maker = StereoMaker(StereoOptions(layout="full-sbs", separation=10, refine=False))
    maker.plan(found(grey=200))
    maker.plan(found(grey=20, is_cut=True))
    fresh = StereoMaker(maker.options)
    fresh.plan(found(grey=20))
    assert np.array_equal(maker.state()["plate"], fresh.state()["plate"])


def test_a_run_goes_on_with_the_plate() -> None:
    """What is restored gives the same picture, bit for bit."""
    options = StereoOptions(layout="half-sbs", separation=10, refine=False)
    whole, begun, other = (StereoMaker(options) for _ in range(3))
    for number in (1, 2):
        whole.plan(found(number))
        begun.plan(found(number))
    other.restore({key: value.copy() for key, value in begun.state().items()})
    assert np.array_equal(whole.plan(found(3))(), other.plan(found(3))())


def test_half_a_sphere_holds_the_picture_in_its_middle() -> None:
    """Its width takes the angle asked for; the rest is black."""
    whole = picture("vr180", fov_deg=90)
    side = whole.shape[0]
    assert whole.shape == (side, 2 * side, 3)
    lit = np.flatnonzero(whole[side // 2, :side].max(axis=1) > 30)
    assert (lit[-1] - lit[0]) / side == pytest.approx(90 / 180, abs=0.02)
    assert whole[0].max() == 0


@pytest.mark.parametrize("kind", list(DepthKind))
def test_nearness_has_one_scale_for_the_clip(kind: DepthKind) -> None:
    """The span's ends are 0 and 1 whatever this frame holds, holes are far."""
    values = np.array([[2.0, 4.0, np.nan]], np.float32)
    near = steady_nearness(values, kind, (2.0, 6.0))
    large, small = (0, 1) if not kind.is_near_large else (1, 0)
    assert near[0, small if kind.is_near_large else large] == pytest.approx(0 if kind.is_near_large else 1)
    assert near[0, 2] == 0
    assert 0 < near[0, 1] < 1


def test_names_are_those_that_players_look_for() -> None:
    """Once, at the end of the name."""
    assert named(Path("a/clip.mp4"), "full-sbs") == Path("a/clip_LRF_Full_SBS.mp4")
    assert named(Path("clip_LR.mp4"), "half-sbs") == Path("clip_LR.mp4")
    assert named(Path("clip.mkv"), "vr180") == Path("clip_180x180_LR.mkv")
    assert len({one.suffix for one in LAYOUTS.values()}) == len(LAYOUTS)


def test_unknown_layouts_are_refused() -> None:
    """With what there is."""
    with pytest.raises(ParameterError):
        StereoOptions(layout="cinema")
    with pytest.raises(ParameterError):
        Stereo("cinema")


@pytest.mark.parametrize("layout", ["full-sbs", "half-tb", "vr180"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_files_say_what_they_hold(tmp_path: Path, layout: str, suffix: str) -> None:
    """FFmpeg reads the boxes back, every frame is still there, and televisions are told in the stream."""
    look = look_of("colour", INFO, (64, 48), suffix=suffix)
    look = type(look)(
        **{**{f: getattr(look, f) for f in look.__slots__}, "options": packed(look.options, layout)}
    )
    with open_piece(tmp_path / "a.nut", look) as piece:
        for number in range(4):
            piece.write(np.full((48, 64, 3), 50 * number, np.uint8), 3000 * number)
    target = tmp_path / f"clip{suffix}"
    join([tmp_path / "a.nut"], target, options=JoinOptions(stereo=LAYOUTS[layout].stereo))
    with av.open(str(target)) as container:
        frames = list(container.decode(video=0))
    assert frames[0].side_data.get("STEREO3D") is not None
    assert (frames[0].side_data.get("SPHERICAL") is not None) == (layout == "vr180")
    assert [int(one.to_ndarray(format="gray").mean()) for one in frames] == pytest.approx(
        [0, 50, 100, 150], abs=2
    )


def test_matroska_says_it_in_words(tmp_path: Path) -> None:
    """Its own element for two views."""
    with open_piece(tmp_path / "a.nut", look_of("colour", INFO, (64, 48), suffix=".mkv")) as piece:
        piece.write(np.zeros((48, 64, 3), np.uint8), 0)
    join([tmp_path / "a.nut"], tmp_path / "a.mkv", options=JoinOptions(stereo=Stereo("top-bottom")))
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert container.streams.video[0].metadata["stereo_mode"] == "top_bottom"
    assert mark(tmp_path / "a.mkv", Stereo()) is False


def test_places_of_data_move_with_the_index() -> None:
    """Those of 32 and of 64 bits, wherever they lie in it."""
    stco = bytes.fromhex("00000018" + b"stco".hex() + "00000000" + "00000002" + "0000000a" + "00000014")
    co64 = bytes.fromhex("00000018" + b"co64".hex() + "00000000" + "00000001" + "000000000000001e")
    stbl = (8 + len(stco) + len(co64)).to_bytes(4, "big") + b"stbl" + stco + co64
    trak = (8 + len(stbl)).to_bytes(4, "big") + b"trak" + stbl
    moov = (8 + len(trak)).to_bytes(4, "big") + b"moov" + trak
    found = moved(moov, 5)
    assert found.replace(stco[-8:-4], b"").count(b"stco") == 1
    assert found[-len(co64) - 8 : -len(co64)] == bytes.fromhex("0000000f00000019")
    assert found[-8:] == (35).to_bytes(8, "big")
