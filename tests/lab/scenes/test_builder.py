"""The workbench: frames within frames, what shapes its calls make, what a scene refuses."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar_lab.scenes import shapes, surfaces, tree
from nearfar_lab.scenes.builder import Builder, rotation
from nearfar_lab.scenes.scene import Camera, Light, Scene


@pytest.fixture
def b() -> Builder:
    """A workbench with one plain material."""
    bench = Builder()
    bench.material((0.5, 0.4, 0.3))
    return bench


@pytest.mark.parametrize("angles", [(0, 0, 0), (90, 0, 0), (0, 90, 0), (0, 0, 90), (31, -52, 200)])
def test_a_rotation_keeps_lengths_and_handedness(angles: tuple[float, float, float]) -> None:
    """Orthonormal with determinant one, and undone by its transpose."""
    turn = rotation(*angles)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


def test_a_rotation_turns_about_z_then_x_then_y() -> None:
    """The product of the three alone."""
    alone = rotation(yaw_deg=20) @ rotation(pitch_deg=30) @ rotation(roll_deg=40)
    np.testing.assert_allclose(rotation(20, 30, 40), alone, atol=1e-12)


def test_a_frame_in_a_frame_is_their_product(b: Builder) -> None:
    """A place and a turn in the inner one, seen from the world."""
    with b.at(1.0, 2.0, 3.0, 90.0), b.at(0.0, 0.0, 5.0, 0.0, 0.0, 45.0):
        b.box((0.0, 1.0, 0.0), (1.0, 1.0, 1.0), 0)
        assert b.height_here() == 2.0
    row = b.rows[0]
    turn = rotation(yaw_deg=90) @ rotation(roll_deg=45)
    np.testing.assert_allclose(row[1:4], [6, 2, 3] + turn @ [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(row[4:13].reshape(3, 3), turn.T, atol=1e-12)


def test_a_frame_is_left_whatever_happens_in_it(b: Builder) -> None:
    """After an error too, the next shape stands where it would have."""
    with pytest.raises(ZeroDivisionError), b.at(9.0, 9.0, 9.0, 50.0):
        raise ZeroDivisionError
    b.ball((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), 0)
    np.testing.assert_array_equal(b.rows[0][1:4], [1, 0, 0])


def test_an_item_too_near_the_camera_is_dropped_whole(b: Builder) -> None:
    """With its lamps; one far enough away stays, and so does what was there before."""
    b.ball((0.0, 0.0, 3.0), (0.5, 0.5, 0.5), 0)
    b.keep_free = ((0.0, 1.5, 0.0), 0.5)
    for x, kept in ((0.9, 1), (3.0, 3)):
        with b.item(x, 1.5, 0.0):
            b.box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 0)
            b.ball((1.5, 0.0, 0.0), (0.2, 0.2, 0.2), 0)
            b.lamp((0.0, 0.5, 0.0), (0.1, 0, 0), (0, 0, 0.1), (1, 1, 1), one_sided=False)
        assert len(b.rows) == kept
        assert len(b.lamps) == (kept > 1)


@pytest.mark.parametrize("end", [(0.0, 2.0, 0.0), (1.0, 0.0, 0.0), (0.3, -0.7, 1.1), (0.0, 0.0, -2.0)])
def test_a_limb_goes_from_point_to_point(b: Builder, end: tuple[float, float, float]) -> None:
    """Its axis times its half length, from its middle, is either end."""
    start = (0.2, 1.0, -0.4)
    to = tuple(np.add(start, end))
    b.limb(start, to, 0.1, 0)
    row = b.rows[0]
    tips = [row[1:4] + sign * row[14] * row[7:10] for sign in (-1, 1)]
    np.testing.assert_allclose(tips, [start, to], atol=1e-9)
    assert (row[13], row[shapes.KIND]) == (0.1, shapes.CAPSULE)


def test_rounding_never_takes_more_than_a_box_has(b: Builder) -> None:
    """Of a flat box the edge is as round as its half height allows."""
    b.soft((0.0, 0.0, 0.0), (2.0, 0.1, 2.0), 0, 0.5)
    assert b.rows[0][16] == pytest.approx(0.98 * 0.05)


def test_sizes_are_never_nothing(b: Builder) -> None:
    """A flat box is as thin as a tenth of a millimetre, so that no kernel divides by zero."""
    b.box((0.0, 0.0, 0.0), (1.0, 0.0, 1.0), 0)
    assert b.rows[0][14] == 1e-4


def test_a_lamp_turns_with_its_frame(b: Builder) -> None:
    """Place and edges both."""
    with b.at(1.0, 0.0, 0.0, 90.0):
        b.lamp((0.0, 0.0, 2.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (5, 4, 3), one_sided=True)
    row = b.lamps[0]
    np.testing.assert_allclose(row[:9], [3, 0, 0, 0, 0, -1, 0, 1, 0], atol=1e-12)
    np.testing.assert_array_equal(row[9:], [5, 4, 3, 1])


def test_a_material_glows_in_its_own_colour(b: Builder) -> None:
    """So many times its reflectance; what is not named has its default."""
    number = b.material((0.5, 0.2, 0.1), glow=4.0, gloss=0.3)
    row = b.materials[number]
    assert number == 1
    np.testing.assert_allclose(row[13:16], [2.0, 0.8, 0.4])
    assert (row[surfaces.GLOSS], row[surfaces.SCALE], row[surfaces.BUMP]) == (0.3, 1.0, 0.0)


def test_no_textures_is_told_from_some() -> None:
    """An empty array is none, and a scene has photos all the same, for the kernels to read."""
    empty, some = Builder(np.zeros((0, 8, 8, 3), np.float32)), Builder(np.zeros((2, 8, 8, 3), np.float32))
    assert (empty.has_photos, some.has_photos) == (False, True)
    assert len(empty.photos) == 1


def test_a_scene_needs_the_materials_that_its_shapes_name(b: Builder) -> None:
    """And rows of the right width; each refusal says what to do."""
    b.ball((0.0, 0.0, 3.0), (0.5, 0.5, 0.5), 1)
    with pytest.raises(ParameterError, match="does not have") as told:
        b.scene(Camera(), Light(), "x")
    assert "Add the material" in str(told.value.hint)
    with pytest.raises(ParameterError, match="Materials are"):
        Scene(np.array(b.rows), np.zeros((1, 4)))
    with pytest.raises(ParameterError, match="Primitives are"):
        Scene(np.zeros((0, shapes.ROW)), np.zeros((1, surfaces.ROW)))


def test_every_kind_of_shape_has_finite_bounds_but_the_ground(b: Builder) -> None:
    """As large as its sizes say, whatever its turn."""
    for kind in range(7):
        b.add(kind, (1.0, 2.0, 3.0), (0.3, 0.4, 0.5), 0, turn=(10.0, 20.0, 30.0), extra=(1.0, 1.0, 0.0))
    for low_high in tree.boxes(np.array(b.rows)):
        reach = (low_high[3:] - low_high[:3]) / 2
        np.testing.assert_allclose((low_high[:3] + low_high[3:]) / 2, [1, 2, 3])
        assert (reach > 0.1).all()
        assert (reach < 1.0).all()
