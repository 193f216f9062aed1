"""Things put into photos: hidden by what is nearer, lit, shadowed and fogged as what is round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.effects._light import light_of
from nearfar.errors import MissingExtraError, ParameterError
from nearfar.types import Camera, DepthKind, DepthMap, Photo
from solids import a_glb
from spaces import steps

if TYPE_CHECKING:
    from nearfar.types import Picture

GREEN = (0, 255, 0)


def scene() -> tuple[Photo, DepthMap]:
    """Three flat things one behind the other with exact depth."""
    pixels, near = steps()
    return Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)


def card(width: int = 20, height: int = 20) -> Photo:
    """A green picture."""
    return Photo(np.full((height, width, 3), GREEN, np.uint8))


def put(photo: Photo, depth: DepthMap, **options: object) -> Picture:
    """The effect without shadow and refinement, save where they are asked for."""
    given = {"shadow": 0.0, "refine": False, "thing": card(), **options}
    return nearfar.effect("occlude", photo, depth, **given)


def test_what_is_nearer_hides_it() -> None:
    """A card as large as the picture, between the second and the third thing."""
    photo, depth = scene()
    done = put(photo, depth, nearness=0.75, place=(0.5, 0.5), anchor="middle", tall=200).pixels
    is_before = depth.values == 1
    assert np.array_equal(done[is_before], photo.pixels[is_before])
    assert (done[~is_before] == GREEN).all()


@pytest.mark.parametrize(("nearness", "shown"), [(0.0, 0.0), (0.25, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_by_how_near_it_is(nearness: float, shown: float) -> None:
    """What is seen is what is not nearer than the card; at the same depth the card is seen."""
    photo, depth = scene()
    done = put(photo, depth, nearness=nearness, place=(0.5, 0.5), anchor="middle", tall=200).pixels
    seen = (done == GREEN).all(axis=-1)
    assert np.array_equal(seen, depth.values <= shown)


def test_the_edge_is_soft() -> None:
    """On a slope of depth the card fades over the share of depth that is asked for."""
    near = np.tile(np.linspace(0, 1, 400, dtype=np.float32), (40, 1))
    photo = Photo(np.zeros((40, 400, 3), np.uint8))
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    wide = dict.fromkeys((0.04, 0.2), 0)
    for softness in wide:
        wide_card = {"thing": card(400, 20), "place": (0.5, 0.5), "anchor": "middle", "tall": 200}
        done = put(photo, depth, nearness=0.5, softness=softness, **wide_card)
        green = done.pixels[20, :, 1]
        wide[softness] = int(((green > 5) & (green < 250)).sum())
        assert green[0] == 255
        assert green[-1] == 0
    assert wide[0.2] == pytest.approx(5 * wide[0.04], rel=0.2)
    assert wide[0.2] == pytest.approx(400 * 0.2 * 0.9, rel=0.15)


def test_it_stands_on_the_surface_at_the_place() -> None:
    """Its foot is there, and it is as far away as what is seen there."""
    photo, depth = scene()
    done = put(photo, depth, place=(0.3, 0.45), tall=20).pixels
    seen = (done == GREEN).all(axis=-1)
    rows, columns = np.nonzero(seen)
    assert rows.max() == round(0.45 * 120) - 1
    assert rows.max() - rows.min() + 1 == 24
    assert columns.mean() == pytest.approx(0.3 * 160 - 0.5, abs=0.6)


def test_between_the_subject_and_what_is_behind() -> None:
    """The words of a title are hidden by the subject alone."""
    near = np.full((120, 160), 0.1, np.float32)
    near[:, 60:100] = 0.8
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    photo = Photo(np.zeros((120, 160, 3), np.uint8))
    done = put(photo, depth, stand="between", place=(0.5, 0.5), anchor="middle", tall=200).pixels
    seen = (done == GREEN).all(axis=-1)
    assert np.array_equal(seen, near < 0.5)


def test_alpha_cuts_it_out() -> None:
    """And soft alpha is soft; colours under clear pixels show nowhere."""
    thing = Photo(np.full((4, 4, 3), GREEN, np.uint8), np.array([[0, 0, 255, 255]] * 4, np.uint8))
    photo = Photo(np.zeros((40, 40, 3), np.uint8))
    depth = DepthMap(np.zeros((40, 40), np.float32), DepthKind.RELATIVE_INVERSE)
    done = put(photo, depth, thing=thing, nearness=1.0, place=(0.5, 0.5), anchor="middle", tall=100).pixels
    assert (done[:, :10] == 0).all()
    assert (done[:, 30:] == GREEN).all()


def test_a_clear_photo_shows_the_thing() -> None:
    """Its alpha comes to that of the photo."""
    photo = Photo(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40), np.uint8))
    depth = DepthMap(np.zeros((40, 40), np.float32), DepthKind.RELATIVE_INVERSE)
    done = put(photo, depth, nearness=1.0, place=(0.5, 0.5), anchor="middle", tall=50).pixels
    assert done[20, 20].tolist() == [*GREEN, 255]
    assert done[2, 2, 3] == 0


def test_the_shadow_lies_where_it_touches() -> None:
    """Round the foot, on what is as near; not on what is far behind it."""
    photo = Photo(np.full((200, 200, 3), 200, np.uint8))
    near = np.full((200, 200), 0.5, np.float32)
    near[:, 100:] = 0.0
    near[0] = 1.0
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    done = put(photo, depth, nearness=0.5, place=(0.5, 0.7), tall=30, shadow=1.0).pixels[..., 0].astype(int)
    foot = slice(141, 146)
    assert done[foot, 80:98].max() < 150
    assert done[foot, 104:120].min() == 200
    assert done[20:40, :100].min() == 200


def test_fog_is_that_of_its_depth() -> None:
    """The card in fog has the colour that the effect fog gives to what is as near."""
    near = np.full((60, 60), 0.4, np.float32)
    near[0], near[-1] = 0.0, 1.0
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    photo = Photo(np.full((60, 60, 3), GREEN, np.uint8))
    fogged = nearfar.effect("fog", photo, depth, density=1.5, refine=False).pixels
    dark = Photo(np.zeros((60, 60, 3), np.uint8))
    done = put(dark, depth, nearness=0.4, place=(0.5, 0.5), anchor="middle", tall=50, haze=1.5).pixels
    assert np.abs(done[30, 30].astype(int) - fogged[30, 30]).max() <= 1
    assert done[5, 5].tolist() == [0, 0, 0]
    both = put(photo, depth, nearness=0.4, tall=10, haze=1.5, haze_photo=True).pixels
    assert np.abs(both[10, 10].astype(int) - fogged[10, 10]).max() <= 1


def ball(towards: tuple[float, float, float]) -> tuple[Photo, DepthMap]:
    """A white ball before a grey wall under one lamp, with exact metric depth."""
    width, height = 240, 180
    camera = Camera.from_fov(50, width, height)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    ray = np.dstack([(x - camera.cx_px) / camera.fx_px, (y - camera.cy_px) / camera.fy_px, np.ones_like(x)])
    middle, radius = np.array([0.0, 0.0, 4.0]), 1.4
    a, b = (ray * ray).sum(-1), ray @ middle
    root = b * b - a * (middle @ middle - radius**2)
    z = np.where(root > 0, (b - np.sqrt(np.maximum(root, 0))) / a, 8.0)
    facing = np.where((root > 0)[..., None], (ray * z[..., None] - middle) / radius, (0.0, 0.0, -1.0))
    light = 0.15 + 0.8 * np.maximum(facing @ np.asarray(towards), 0)
    pixels = np.repeat((np.sqrt(light) * 255)[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)
    return Photo(pixels), DepthMap(z.astype(np.float32), DepthKind.METRIC, None, camera)


@pytest.mark.parametrize(
    "towards", [(-0.6, -0.5, -0.62), (0.7, -0.3, -0.65), (0.0, -0.8, -0.6), (0.5, 0.0, -0.87)]
)
def test_the_light_is_that_of_the_photo(towards: tuple[float, float, float]) -> None:
    """Within 20° of the lamp under which a ball was drawn."""
    true = np.asarray(towards) / np.linalg.norm(towards)
    angle = np.degrees(np.arccos(np.clip(true @ light_of(*ball(towards)), -1, 1)))
    assert angle < 20


def test_without_shading_the_light_comes_from_above() -> None:
    """A flat picture of one depth tells nothing."""
    photo = Photo(np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8))
    depth = DepthMap(np.tile(np.linspace(1, 2, 80, dtype=np.float32), (60, 1)), DepthKind.RELATIVE_INVERSE)
    x, y, z = light_of(photo, depth)
    assert y < -0.4
    assert z < -0.2
    assert abs(x) < 0.7


def test_a_mesh_is_lit_from_where_the_lamp_is() -> None:
    """Of a cube seen edge on, the left side is brighter under a lamp at the left."""
    photo = Photo(np.full((120, 160, 3), 90, np.uint8))
    depth = DepthMap(np.tile(np.linspace(0, 1, 120, dtype=np.float32)[:, None], (1, 160)), "relative_inverse")
    sides = {}
    for sun in ((-1.0, 0.5), (2.0, 0.5)):
        done = put(photo, depth, thing=None, glb=a_glb(), turn=45, tall=40, sun=sun, nearness=1.0).pixels
        sides[sun] = done[65, 70, 0] - float(done[65, 90, 0])
    assert sides[-1.0, 0.5] > 20
    assert sides[2.0, 0.5] < -20


def test_a_mesh_reaches_through_depth() -> None:
    """A long box that points away: its far end is behind what its near end is before."""
    near = np.full((120, 160), 0.55, np.float32)
    near[0], near[-1] = 0.0, 1.0
    depth = DepthMap(near, DepthKind.RELATIVE_INVERSE)
    photo = Photo(np.zeros((120, 160, 3), np.uint8))
    points = np.array([[0, 0, z] for z in (-2, 2)], np.float32)
    corners = np.concatenate([points + offset for offset in ((0, -0.3, 0), (0, 0.3, 0))]).astype(np.float32)
    sheet = a_glb(
        {"POSITION": corners, "indices": np.array([[0], [1], [3], [0], [3], [2]], np.uint16)},
        materials=[
            {
                "pbrMetallicRoughness": {"baseColorFactor": (0, 1, 0, 1)},
                "extensions": {"KHR_materials_unlit": {}},
            }
        ],
    )
    done = put(photo, depth, thing=None, glb=sheet, turn=60, tall=40, nearness=0.5, place=(0.5, 0.5),
               anchor="middle").pixels  # fmt: skip
    green = done[..., 1].max(axis=0)
    assert (green[:78] > 200).any() != (green[84:] > 200).any()


def test_metres() -> None:
    """Half as far away a thing is twice as high, and a wall at 3 m hides it at 4 m, not at 2 m."""
    camera = Camera.from_fov(60, 160, 120)
    values = np.full((120, 160), 8.0, np.float32)
    values[:, 80:] = 3.0
    values[0], values[-1] = 1.0, 10.0
    depth = DepthMap(values, DepthKind.METRIC, None, camera)
    photo = Photo(np.zeros((120, 160, 3), np.uint8))
    tall = {}
    for metres in (2.0, 4.0):
        done = put(photo, depth, distance_m=metres, tall_m=1.0, place=(0.5, 0.5), anchor="middle").pixels
        green = (done == GREEN).all(axis=-1)
        tall[metres] = int(green[:, 75].sum())
        assert green[60, 85] == (metres < 3)
    assert tall[2.0] == pytest.approx(camera.fy_px / 2, abs=1.5)
    assert tall[4.0] == pytest.approx(camera.fy_px / 4, abs=1.5)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"distance_m": 2.0}, "metres"),
        ({"tall_m": 2.0}, "metres"),
        ({"glb": a_glb()}, "Give one of them"),
        ({"thing": None, "text": "  "}, "letters"),
        ({"thing": None, "text": "x" * 300}, "letters"),
        ({"ink": "no colour", "thing": None}, "no colour"),
        ({"nearness": 0.5, "distance_m": 1.0}, "Give one"),
    ],
)
def test_what_cannot_be_meant(options: dict, text: str) -> None:
    """Is refused, and the message says what to do."""
    with pytest.raises(ParameterError, match=text):
        put(*scene(), **options)


def test_words() -> None:
    """Are as high as a line of them should be, in their colour, and may have two lines."""
    photo = Photo(np.zeros((200, 400, 3), np.uint8))
    depth = DepthMap(np.zeros((200, 400), np.float32), DepthKind.RELATIVE_INVERSE)
    common = {"thing": None, "nearness": 1.0, "place": (0.5, 0.5), "anchor": "middle", "ink": "#ff0000"}
    one = put(photo, depth, text="HHH", tall=30, **common).pixels
    two = put(photo, depth, text="HHH\nHHH", tall=30, **common).pixels
    heights = [int(np.ptp(np.nonzero((done[..., 0] > 128).any(axis=1))) + 1) for done in (one, two)]
    assert 30 < heights[0] < 60
    assert heights[1] > 1.8 * heights[0]
    assert one[..., 1].max() == 0


def test_words_are_never_wider_than_the_picture() -> None:
    """On a photo held upright a long title is made smaller: its first and last letters are there."""
    photo = Photo(np.zeros((400, 160, 3), np.uint8))
    depth = DepthMap(np.zeros((400, 160), np.float32), DepthKind.RELATIVE_INVERSE)
    common = {"thing": None, "nearness": 1.0, "place": (0.5, 0.5), "anchor": "middle", "ink": "#ff0000"}
    done = put(photo, depth, text="SUMMIT", tall=60, **common).pixels
    columns = np.nonzero((done[..., 0] > 128).any(axis=0))[0]
    assert 2 <= columns.min() < 8
    assert 2 <= 159 - columns.max() < 8


def test_words_are_brought_nearer_until_enough_of_them_is_seen() -> None:
    """A fence that hides nine tenths of them does so only where that is asked for, or how near is said."""
    near = np.full((120, 400), 0.2, np.float32)
    near[:, 40:] = np.linspace(0.6, 0.9, 360)
    photo, depth = Photo(np.zeros((120, 400, 3), np.uint8)), DepthMap(near, DepthKind.RELATIVE_INVERSE)
    common = {"thing": None, "text": "HHHHHH", "place": (0.05, 0.9), "tall": 60, "softness": 0.01}

    def shown(**options: object) -> int:
        done = put(photo, depth, **{**common, "place": (0.5, 0.5), "anchor": "middle", **options}).pixels
        return int((done[..., 0] > 128).sum())

    whole = shown(nearness=1.0)
    between = {"stand": "between"}
    assert shown(**between, seen=0.0) < 0.2 * whole
    assert shown(**between) == pytest.approx(0.4 * whole, rel=0.1)
    assert shown(**between, seen=0.7) == pytest.approx(0.7 * whole, rel=0.1)
    assert shown(stand="surface") == pytest.approx(0.8 * whole, rel=0.1)
    assert shown(nearness=0.1) < 0.1 * whole
    assert shown(**between, seen=1.0) == whole


def test_letters_that_no_font_has() -> None:
    """Are named."""
    with pytest.raises(ParameterError, match="No font"):
        put(*scene(), thing=None, text="a\U0001f9ff\ue123")


def test_two_views() -> None:
    """The thing is apart in the two views by as much as its nearness says."""
    photo = Photo(np.zeros((100, 400, 3), np.uint8))
    depth = DepthMap(np.tile(np.linspace(0, 1, 100, dtype=np.float32)[:, None], (1, 400)), "relative_inverse")
    done = put(photo, depth, nearness=1.0, tall=30, place=(0.5, 0.6), views="parallel", separation=5.0,
               plane=0.0).pixels  # fmt: skip
    assert done.shape == (100, 800, 3)
    left, right = (np.nonzero(half[45, :, 1] > 128)[0].mean() for half in (done[:, :400], done[:, 400:]))
    assert left - right == pytest.approx(0.05 * 400, abs=1.5)
    crossed = put(photo, depth, nearness=1.0, views="cross").pixels
    assert crossed.shape == (100, 800, 3)
    assert put(photo, depth, nearness=1.0, views="anaglyph").pixels.shape == (100, 400, 3)


def test_inputs_may_lie_beyond_the_picture() -> None:
    """A place outside shows what reaches in; where nothing does, as of pixels for shares, that is said."""
    photo, depth = scene()
    for words in ({}, {"thing": None}, {"thing": None, "glb": a_glb()}):
        with pytest.raises(ParameterError, match="Nothing of the thing lies in the picture"):
            put(photo, depth, place=(80.0, 60.0), nearness=1.0, **words)
    done = put(photo, depth, place=(0.0, 0.5), nearness=1.0, tall=50).pixels
    assert (done[40, 0] == GREEN).all()


def test_needs_nothing_that_is_not_in_the_base() -> None:
    """Meshes too are read without an extra."""
    try:
        put(*scene(), thing=None, glb=a_glb())
    except MissingExtraError:  # pragma: no cover
        pytest.fail("an extra was asked for")
