"""More than one view: stereo, anaglyph, wiggle, parallax, autostereogram."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.effects import wiggle
from nearfar.ops.warp import View, look, stage
from nearfar.types import DepthKind, DepthMap, Photo
from spaces import steps


def scene() -> tuple[Photo, DepthMap]:
    """Three flat things one behind the other with exact depth."""
    pixels, near = steps(320, 240)
    return Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)


def test_near_things_move_by_the_shift() -> None:
    """The near block moves by the whole shift, the background not at all."""
    pixels, near = steps(320, 240)
    view = look(stage(pixels, near, 0.05), View((0.05, 0.0)))
    assert np.array_equal(view[200:, 160:240], pixels[200:, 144:224])
    assert np.array_equal(view[:40], pixels[:40])


def test_nothing_is_stretched_over_an_edge() -> None:
    """What comes into view behind an object has the background's colour, not the object's."""
    pixels, near = steps(320, 240)
    near = np.where(near == 0.5, 0, near).astype(np.float32)
    pixels[near == 0] = (60, 110, 200)
    view = look(stage(pixels, near, 0.05), View((0.05, 0.0))).astype(int)
    uncovered = view[140:, 129:143]  # the block's left edge, at column 128, went 16 pixels to the right
    assert (uncovered[..., 2] > uncovered[..., 0] + 60).mean() > 0.95


def test_no_move_is_the_photo() -> None:
    """A view from where the photo was taken is the photo."""
    pixels, near = steps(320, 240)
    assert np.array_equal(look(stage(pixels, near, 0.05), View()), pixels)


@pytest.mark.parametrize(("half", "width"), [(False, 640), (True, 320)])
def test_stereo_layouts(half: bool, width: int) -> None:
    """Full and half width; crossed eyes swap the views."""
    photo, depth = scene()
    parallel, cross = (
        nearfar.effect("stereo", photo, depth, half=half, layout=lo).pixels for lo in ("parallel", "cross")
    )
    assert parallel.shape == (240, width, 3)
    assert np.array_equal(parallel[:, : width // 2], cross[:, width // 2 :])


def test_near_things_are_before_the_screen() -> None:
    """The left eye sees a near thing farther right than the right eye does."""
    photo, depth = scene()
    done = nearfar.effect("stereo", photo, depth, separation=8, plane=0, refine=False).pixels
    left, right = done[200, :320, 0].astype(int), done[200, 320:, 0].astype(int)
    is_red = [np.flatnonzero((eye > 150) & (np.r_[0, eye[:-1]] < 260)).mean() for eye in (left, right)]
    assert is_red[0] > is_red[1] + 10


def test_anaglyph_of_a_flat_scene_is_the_photo_in_dubois_colours() -> None:
    """Without depth a grey photo stays grey."""
    grey = Photo(np.full((20, 30, 3), 128, np.uint8))
    flat = DepthMap(np.ones((20, 30), np.float32), DepthKind.METRIC)
    done = nearfar.effect("anaglyph", grey, flat).pixels.astype(int)
    assert np.abs(done - 128).max() <= 8


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_wiggle_is_an_endless_loop(format: str) -> None:
    """The file has its frames and says how it repeats."""
    clip = nearfar.effect("wiggle", *scene(), frames=4, size=100, format=format)
    with Image.open(io.BytesIO(clip.data)) as image:
        assert (image.format, image.n_frames, image.size) == (format.upper(), 4, (100, 75))
        assert image.info["loop"] == 0


@pytest.mark.parametrize("format", ["mp4", "webm"])
def test_parallax_is_a_video(format: str) -> None:
    """It has its frames, its size and its rate, and frames differ."""
    av = pytest.importorskip("av")
    clip = nearfar.effect("parallax", *scene(), frames=6, size=160, format=format, fps=15)
    with av.open(io.BytesIO(clip.data)) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        assert float(video.streams.video[0].average_rate) == pytest.approx(15)
    assert (len(frames), frames[0].shape) == (6, (120, 160, 3))
    assert np.abs(frames[0].astype(int) - frames[3]).mean() > 1


@pytest.mark.parametrize("path", ["orbit", "swing", "dolly", "zoom"])
def test_paths_are_loops(path: str) -> None:
    """The last frame leads back to the first."""
    from nearfar.ops.camera_path import PATHS

    first, last = PATHS[path](0.0, 0.02, 0.4), PATHS[path](1.0, 0.02, 0.4)
    assert np.allclose([*first.shift, first.zoom], [*last.shift, last.zoom], atol=1e-9)


def test_autostereogram_repeats_with_depth() -> None:
    """The background repeats at the period, the nearest thing at the shortened one."""
    _, depth = scene()
    done = nearfar.effect("autostereogram", None, depth, period=10, relief=0.25).pixels
    assert np.array_equal(done[:50, 32:], done[:50, :-32])
    assert np.array_equal(done[200, 200:240], done[200, 176:216])


def test_clip_keeps_its_kind_of_file(tmp_path) -> None:
    """A clip is not renamed into another format."""
    clip = nearfar.effect("wiggle", *scene(), frames=2, size=32)
    assert clip.media_type == "image/gif"
    with pytest.raises(nearfar.NearfarError, match=r"\.gif"):
        clip.save(tmp_path / "a.png")
    assert clip.save(tmp_path / "a.gif").read_bytes() == clip.data


def test_nothing_shows_through_what_grows() -> None:
    """A near thing that comes closer has no cracks through which what is behind it is seen."""
    pixels, near = np.zeros((240, 320, 3), np.uint8), np.zeros((240, 320), np.float32)
    pixels[..., 2], near[60:180, 80:240] = 200, 1
    pixels[near == 1] = (200, 0, 0)
    view = look(stage(pixels, near, 0.05), View(zoom=0.12, zoom_far=0.01))
    assert (view[54:186, 72:248, 0] == 200).all()  # it was 60:180, 80:240
    assert (view[:, :60, 2] == 200).all()


def test_no_outline_is_left_behind() -> None:
    """The rim of an object, where the photo mixes two colours, goes with it."""
    pixels, near = np.full((240, 320, 3), 200, np.uint8), np.zeros((240, 320), np.float32)
    near[60:180, 80:240] = 1
    pixels[near == 1] = 10
    pixels[60:180, 79], pixels[60:180, 240] = 100, 100
    view = look(stage(pixels, near, 0.05), View((0.05, 0.0))).astype(int)
    assert np.abs(view[80:160, 72:90] - 200).max() <= 12


def test_a_grain_of_depth_does_not_float() -> None:
    """Single pixels whose depth is unlike all round them stay where they are."""
    pixels, near = steps(320, 240)
    flat = np.zeros_like(near)
    flat[::16, ::16] = 1
    assert np.array_equal(look(stage(pixels, flat, 0.05), View((0.05, 0.0))), pixels)


@pytest.mark.parametrize("cross", [False, True])
def test_an_autostereogram_has_no_echoes(cross: bool) -> None:
    """A thing stands where it is in the picture, and beside it the ground has no second, false match."""
    near = np.zeros((40, 400), np.float32)
    near[:, 160:240] = 1
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    done = nearfar.effect("autostereogram", None, depth, period=10, relief=0.5, cross=cross).pixels
    thing, ground = (40, 20) if cross else (20, 40)
    assert np.array_equal(done[:, 180 - thing // 2], done[:, 180 + thing // 2])
    assert np.array_equal(done[:, 300 - ground // 2], done[:, 300 + ground // 2])
    if not cross:
        beside = (done[:, 260:280] == done[:, 240:260]).all(axis=(0, 2))
        assert beside.mean() < 0.2


def test_wiggle_of_a_large_photo_has_the_size_asked_for() -> None:
    """The scene is made small before it swings, and things still move by their share of the width."""
    pixels, near = steps(960, 720)
    photo, depth = Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)
    clip = nearfar.effect("wiggle", photo, depth, frames=2, size=320, separation=10, plane=0, format="webp")
    with Image.open(io.BytesIO(clip.data)) as image:
        assert image.size == (320, 240)
        frames = []
        for number in range(2):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")).astype(int)[200])
    edges = [int(np.flatnonzero((row[:, 0] > 150) & (row[:, 1] < 90))[0]) for row in frames]
    assert edges[0] - edges[1] == pytest.approx(32, abs=3)


def frames_of(clip) -> list[np.ndarray]:
    """The frames of an animation as numbers."""
    with Image.open(io.BytesIO(clip.data)) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append(np.asarray(image.convert("RGB")).astype(int))
    return found


def test_wiggle_of_a_huge_photo_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made smaller before edges are found, frames are as without that but for few pixels at outlines."""
    pixels, near = steps(1440, 1080)
    given = Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)
    options = {"frames": 2, "size": 120, "format": "webp"}
    whole = nearfar.effect("wiggle", *given, **options)
    monkeypatch.setattr(wiggle, "_LEAST_AMPLE", 480)
    early = nearfar.effect("wiggle", *given, **options)
    assert early.data != whole.data
    for one, other in zip(frames_of(early), frames_of(whole), strict=True):
        assert np.mean(np.abs(one - other).max(axis=-1) > 24) < 0.02


def test_wiggle_of_a_usual_photo_takes_all_of_it() -> None:
    """A photo with sides below 5,120 pixels is not made smaller first; one of that side is."""
    photo = Photo(np.zeros((16, 5119, 3), np.uint8))
    depth = DepthMap(np.zeros((16, 5119), np.float32), DepthKind.RELATIVE_INVERSE)
    assert wiggle._ample(photo, depth, 640) == (photo, depth)
    photo = Photo(np.zeros((16, 5120, 3), np.uint8))
    depth = DepthMap(np.zeros((16, 5120), np.float32), DepthKind.RELATIVE_INVERSE)
    sizes = [(made.width, made.height) for made in wiggle._ample(photo, depth, 640)]
    assert sizes == [(2560, 8), (2560, 8)]
