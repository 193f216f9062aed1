"""Pictures: the same from the same seed, of every world, through a lens."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nearfar.errors import UnknownNameError
from nearfar_lab.scenes import Builder, Camera, Lens, Light, picture_of, render
from nearfar_lab.scenes.worlds import WORLDS

SMALL = (48, 64)


def test_a_seed_gives_the_same_picture_whatever_the_threads() -> None:
    """Two threads at once give, bit for bit, what one gives."""
    alone = render(5, SMALL)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda seed: render(seed, SMALL), [5, 5]))
    for picture in both:
        np.testing.assert_array_equal(picture.rgb, alone.rgb)
        np.testing.assert_array_equal(picture.depth_m, alone.depth_m)


def test_seeds_differ() -> None:
    """Another seed gives another picture."""
    assert (render(1, SMALL).rgb != render(2, SMALL).rgb).mean() > 0.3


@pytest.mark.parametrize("world", list(WORLDS))
def test_every_world_has_depth_behind_every_pixel(world: str) -> None:
    """Depth is positive, a light picture is not black, and something stands near."""
    for seed in (11, 12):
        picture = render(seed, SMALL, world)
        assert picture.rgb.shape == (*SMALL, 3)
        assert picture.depth_m.shape == SMALL
        assert picture.depth_m.min() > 0.02
        assert np.isfinite(picture.depth_m).any()
        assert picture.rgb.std() > 2
        assert np.isfinite(picture.inverse_m).all()


def test_sky_is_infinitely_far() -> None:
    """Looking up outdoors there is sky, at infinity and with inverse depth zero."""
    b = Builder()
    b.ground(0.0, b.material((0.4, 0.4, 0.4)))
    picture = picture_of(b.scene(Camera(pitch_deg=60.0, fov_deg=40.0), Light(), "x"), SMALL)
    assert np.isinf(picture.depth_m).all()
    assert (picture.inverse_m == 0).all()


def test_intrinsics_belong_to_the_field_of_view() -> None:
    """The focal length in pixels is half the width over the tangent of half the field of view."""
    b = Builder()
    b.ground(0.0, b.material((0.4, 0.4, 0.4)))
    picture = picture_of(b.scene(Camera(fov_deg=90.0), Light(), "x"), SMALL)
    assert (picture.fx, picture.cx, picture.cy) == (pytest.approx(32.0), 32.0, 24.0)


def test_a_lens_keeps_the_focus_sharp_and_blurs_the_rest() -> None:
    """Stripes in the focal plane keep their contrast; the same stripes far behind lose it."""

    def contrast(distance_m: float) -> float:
        b = Builder()
        m = b.material((0.8, 0.8, 0.8), (0.05, 0.05, 0.05), 5, scale=12.0 / distance_m, param=0.5)
        b.quad((0.0, 0.0, distance_m), (4 * distance_m, 4 * distance_m), m)
        lens = Lens(aperture_m=0.1, focus_m=2.0, samples=32)
        return float(picture_of(b.scene(Camera((0.0, 0.0, 0.0)), Light(), "x"), SMALL, lens).rgb.std())

    assert contrast(2.0) > 2.0 * contrast(8.0)


def test_an_unknown_world_is_refused() -> None:
    """The message lists the worlds there are."""
    with pytest.raises(UnknownNameError, match=r"no world 'moon'.*street"):
        render(0, SMALL, "moon")
