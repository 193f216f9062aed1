"""Effects that give one picture: what each does to a scene of three flat things."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.types import DepthKind, DepthMap, Photo
from spaces import room, steps


def scene() -> tuple[Photo, DepthMap]:
    """Three flat things one behind the other with exact depth."""
    pixels, near = steps()
    return Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)


def run(name: str, **options: object) -> np.ndarray:
    """The pixels of an effect on the scene."""
    return nearfar.effect(name, *scene(), refine=False, **options).pixels


def test_cutout_keeps_the_nearest() -> None:
    """The share asked for is opaque, the rest is clear."""
    near = scene()[1].values
    alpha = run("cutout", nearest=100 * float((near == 1).mean()) - 1)[..., 3]
    assert (alpha[near == 1] == 255).all()
    assert (alpha[near < 1] == 0).all()


def test_cutout_by_range_and_mask() -> None:
    """A range of values or a mask chooses what is kept."""
    near = scene()[1].values
    assert np.array_equal(run("cutout", range=(0.4, 0.6))[..., 3] > 127, near == 0.5)
    assert np.array_equal(run("cutout", mask=near == 0)[..., 3] > 127, near == 0)


@pytest.mark.parametrize("background", ["grey", "blur", "#20c0ff"])
def test_cutout_replaces_the_background(background: str) -> None:
    """The foreground stays and the background changes."""
    photo, _ = scene()
    done = run("cutout", nearest=20, background=background)
    assert done.shape == photo.pixels.shape
    assert np.array_equal(done[100, 80], photo.pixels[100, 80])
    assert (done[5, 5] != photo.pixels[5, 5]).any()


def test_cutout_over_a_picture() -> None:
    """Another picture stands behind, its middle at the photo's shape."""
    behind = np.zeros((50, 300, 3), np.uint8)
    behind[..., 1] = 200
    done = run("cutout", nearest=20, picture=behind)
    assert done[5, 5].tolist() == [0, 200, 0]


def test_fog_hides_the_far() -> None:
    """Thick fog leaves the nearest and hides the farthest."""
    photo, depth = scene()
    done = run("fog", density=20, colour="white")
    assert np.abs(done[depth.values == 1].astype(int) - photo.pixels[depth.values == 1]).max() <= 1
    assert (done[depth.values == 0] >= 254).all()


def test_tint_is_warm_near_and_cold_far() -> None:
    """Near pixels gain red, far ones blue."""
    photo, depth = scene()
    change = run("tint", strength=1).astype(int) - photo.pixels
    assert change[depth.values == 1][:, 0].mean() > 0 > change[depth.values == 1][:, 2].mean()
    assert change[depth.values == 0][:, 2].mean() > 0 > change[depth.values == 0][:, 0].mean()


def test_edges_are_drawn_where_depth_jumps() -> None:
    """Lines lie on the jumps only."""
    done = run("edges", background="black", colour="white", width=1)
    near = scene()[1].values
    jump = np.zeros(near.shape, bool)
    jump[:, 1:] |= near[:, 1:] != near[:, :-1]
    jump[1:] |= near[1:] != near[:-1]
    assert (done[jump] == 255).all()
    assert (done > 0).any(axis=2).mean() < 0.1


def test_lines_grow_with_the_picture() -> None:
    """Where no width is given lines are as wide, in the picture, at any size."""
    shares = []
    for width in (1000, 2000):
        pixels, near = steps(width, width // 2)
        depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
        done = nearfar.effect("edges", pixels, depth, background="black", refine=False).pixels
        shares.append((done > 0).any(axis=2).mean())
    assert shares[1] == pytest.approx(shares[0], rel=0.4)


def test_slices_are_told_apart() -> None:
    """One slice alone holds its pixels; a number too high is refused."""
    near = scene()[1].values
    assert np.array_equal(run("depth-slices", count=3, show=1, equal=False)[..., 3] > 0, near == 1)
    with pytest.raises(ParameterError, match="there are 3 slices"):
        run("depth-slices", count=3, show=4)


def test_normals_of_a_slanted_plane() -> None:
    """A floor that rises away from us faces up and towards us, to one step of 8 bits."""
    depth, labels = room()
    done = nearfar.effect("normals", None, depth, smooth=0).pixels
    tilt = np.radians(35.0)
    wanted = np.rint((np.array([0, np.sin(tilt), np.cos(tilt)]) + 1) * 127.5)
    assert np.abs(np.median(done[labels == 0], axis=0) - wanted).max() <= 1


def test_smoothed_normals_keep_a_plane() -> None:
    """Smoothing leaves a plane's normal within two degrees, right up to the things before it."""
    depth, labels = room()
    done = nearfar.effect("normals", None, depth, smooth=1).pixels / 127.5 - 1
    tilt = np.radians(35.0)
    cosine = done[labels == 0] @ np.array([0, np.sin(tilt), np.cos(tilt)])
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean() < 2


def test_a_noisy_sky_faces_the_viewer() -> None:
    """Ripples of a far plane are noise, the slope of the ground is none."""
    y, x = np.mgrid[0:240, 0:320].astype(np.float32)
    near = np.where(y < 120, 0.005 * np.sin(x / 9) * np.sin(y / 7), (y - 120) / 120).astype(np.float32)
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    still, rough = (nearfar.effect("normals", None, depth, noise=n).pixels.astype(int) for n in (0.5, 0))
    assert np.abs(still[10:100, 10:-10] - (128, 128, 255)).mean() < 12
    assert np.abs(rough[10:100, 10:-10] - (128, 128, 255)).mean() > 30
    assert still[150:230, 20:-20, 1].min() > 220


def test_a_step_has_no_normal_of_its_own() -> None:
    """Between two surfaces that face us nothing faces elsewhere."""
    near = np.zeros((240, 320), np.float32)
    near[:, 160:] = 1
    done = nearfar.effect("normals", None, DepthMap(near, DepthKind.RELATIVE_INVERSE)).pixels
    assert np.abs(done.astype(int) - (128, 128, 255)).max() <= 4


def test_light_falls_where_the_lamp_is() -> None:
    """Moving the lamp moves the bright side."""
    pixels, flat = np.full((60, 80, 3), 120, np.uint8), np.zeros((60, 80), np.float32)
    flat[0, 0] = 1e-3
    depth = DepthMap(flat, DepthKind.AFFINE_DEPTH)
    left, right = (nearfar.effect("relight", pixels, depth, light=(x, 0.5)).pixels for x in (0.0, 1.0))
    assert left[30, 10, 1] > left[30, 70, 1] + 10
    assert right[30, 70, 1] > right[30, 10, 1] + 10


@pytest.mark.parametrize(("layout", "shape"), [("right", (120, 323, 3)), ("above", (243, 160, 3))])
def test_side_by_side_layouts(layout: str, shape: tuple[int, ...]) -> None:
    """Photo, gap and heat map, beside or above each other."""
    photo, depth = scene()
    done = nearfar.effect("side-by-side", photo, depth, layout=layout, gap=3).pixels
    assert done.shape == shape
    part = done[:, :160] if layout == "right" else done[-120:]
    assert np.array_equal(part, photo.pixels)


def test_colour_that_is_none_is_refused() -> None:
    """A colour is a name or #rrggbb."""
    with pytest.raises(ParameterError, match="no colour"):
        run("fog", colour="foggy")


def test_text_for_a_file_is_refused_by_parse() -> None:
    """No text from outside names a path."""
    from nearfar.effects.cutout import CutoutOptions
    from nearfar.options import parse

    with pytest.raises(ParameterError, match="is a file"):
        parse(CutoutOptions, {"picture": "/etc/passwd"})
