"""Things of triangles as a pinhole camera sees them."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.ops.raster import Lens, Shading, drawn
from nearfar.types.solid import Solid, SolidPart

LENS = Lens(100.0, 60.0, 40.0, 120, 80)
DARK = Shading((0.0, 0.0, -1.0), 0.0)


def square(z: float, side: float = 1.0, colour: tuple = (1, 1, 1, 1), x: float = 0.0) -> SolidPart:
    """A square that faces the camera, ``z`` ahead of it."""
    half = side / 2
    points = np.array(
        [[x - half, -half, z], [x + half, -half, z], [x + half, half, z], [x - half, half, z]], np.float32
    )
    return SolidPart(points, np.array([[0, 1, 2], [0, 2, 3]]), colour=colour)


def test_size_by_distance() -> None:
    """A metre at two metres is 50 pixels of a focal length of 100; edges on pixels are sharp."""
    found = drawn(Solid((square(2.0),)), LENS, DARK)
    alpha = found.colours[..., 3]
    assert alpha.sum() == pytest.approx(50 * 50, rel=0.005)
    assert (alpha[16:64, 36:84] > 0.999).all()
    assert alpha[:14].sum() + alpha[66:].sum() == 0
    assert found.away[40, 60] == pytest.approx(2.0)
    assert np.isinf(found.away[0, 0])


def test_the_nearest_is_seen() -> None:
    """Whatever the order of parts."""
    red, blue = square(3.0, 1.0, (1, 0, 0, 1)), square(2.0, 0.3, (0, 0, 1, 1))
    for parts in ((red, blue), (blue, red)):
        colours = drawn(Solid(parts), LENS, DARK).colours
        assert colours[40, 60, :3].tolist() == [0, 0, 1]
        assert colours[40, 47, :3].tolist() == [1, 0, 0]


def test_surfaces_that_cross_are_parted_where_they_cross() -> None:
    """A slanted sheet is before a flat one on its nearer half: depth is compared at each pixel."""
    slanted = SolidPart(
        np.array([[-1, -0.5, 2], [1, -0.5, 4], [1, 0.5, 4], [-1, 0.5, 2]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]]),
        colour=(1, 0, 0, 1),
    )
    colours = drawn(Solid((square(3.0, 4.0, (0, 0, 1, 1)), slanted)), LENS, DARK).colours
    assert colours[40, 58, :3].tolist() == [1, 0, 0]
    assert colours[40, 62, :3].tolist() == [0, 0, 1]


def test_textures_are_straight_in_space() -> None:
    """The middle of a slanted sheet's picture lies where its middle is seen, not midway in the picture."""
    texture = np.zeros((2, 2, 4), np.uint8)
    texture[:, 0], texture[:, 1] = (255, 0, 0, 255), (0, 255, 0, 255)
    sheet = SolidPart(
        np.array([[-1, -0.5, 2], [1, -0.5, 6], [1, 0.5, 6], [-1, 0.5, 2]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]]),
        texture=texture,
        uv=np.array([[0.25, 0], [0.75, 0], [0.75, 1], [0.25, 1]], np.float32),
    )
    colours = drawn(Solid((sheet,)), LENS, DARK).colours
    row = colours[40]
    is_red = row[:, 0] > row[:, 1]
    seen = row[:, 3] > 0.5
    assert np.flatnonzero(seen & ~is_red)[0] == pytest.approx(60, abs=1)  # x = 0 at z = 4


def test_what_faces_the_light_is_bright() -> None:
    """And what is turned away is darker; an unlit part has its own colours."""
    towards, away = Shading((0.0, 0.0, -1.0), 1.0), Shading((0.0, 0.0, 1.0), 1.0)
    solid = Solid((square(2.0),))
    assert drawn(solid, LENS, towards).colours[40, 60, 0] == pytest.approx(1, abs=1e-3)
    assert drawn(solid, LENS, away).colours[40, 60, 0] == pytest.approx(0, abs=1e-3)
    part = square(2.0)
    plain = Solid((SolidPart(part.points, part.faces, is_unlit=True),))
    assert drawn(plain, LENS, away).colours[40, 60, 0] == pytest.approx(1, abs=1e-3)


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    """Nor does it break anything."""
    found = drawn(Solid((square(-2.0), square(2.0, 0.1))), LENS, DARK)
    assert found.colours[..., 3].sum() == pytest.approx(25, rel=0.1)


def test_a_large_window_is_drawn_with_fewer_samples() -> None:
    """A square that fills 4,000×3,000 pixels takes bounded work."""
    found = drawn(Solid((square(1.0, 50.0),)), Lens(1000, 2000, 1500, 4000, 3000), DARK)
    assert found.colours.shape == (3000, 4000, 4)
    assert (found.colours[..., 3] > 0.99).all()
