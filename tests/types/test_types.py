"""The hub types check themselves and say what their numbers mean."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nearfar.errors import OutputExistsError, ParameterError, UnknownNameError
from nearfar.types import Camera, DepthKind, DepthMap, Photo, PhotoWarning, Picture, Provenance, parse_range

if TYPE_CHECKING:
    from pathlib import Path

RELATIVE, AFFINE, METRIC = DepthKind.RELATIVE_INVERSE, DepthKind.AFFINE_DEPTH, DepthKind.METRIC
NAN = float("nan")


def depth_map(values: object, kind: DepthKind = RELATIVE, valid: object = None, **more: object) -> DepthMap:
    """A depth map of nested lists."""
    mask = None if valid is None else np.array(valid, bool)
    return DepthMap(np.array(values, np.float32), kind, mask, **more)


@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("value", [0.0, -3.5, 1e30, 1e-40])
def test_flat_map_is_zero_everywhere(kind: DepthKind, value: float) -> None:
    """A flat map is 0 by every rule of its own range, never NaN."""
    flat = depth_map([[value] * 3] * 2, kind)
    assert not flat.near_is_large("image").any()
    assert not flat.near_is_large("percentile").any()


def test_near_is_large_spans_the_image() -> None:
    """Relative inverse depth keeps its order and fills 0…1 exactly."""
    assert depth_map([[2, 3, 4]]).near_is_large().tolist() == [[0, 0.5, 1]]


@pytest.mark.parametrize("kind", [AFFINE, METRIC])
def test_depth_is_turned_over(kind: DepthKind) -> None:
    """Where far is large, the largest value is 0."""
    assert depth_map([[2, 3, 4]], kind).near_is_large().tolist() == [[1, 0.5, 0]]


def test_given_range_clips() -> None:
    """Values beyond the given range take its ends."""
    assert depth_map([[0, 2, 3, 9]]).near_is_large((2, 4)).tolist() == [[0, 0, 0.5, 1]]
    assert depth_map([[0, 2, 3, 9]], METRIC).near_is_large((2, 4)).tolist() == [[1, 1, 0.5, 0]]


def test_flat_map_within_a_given_range() -> None:
    """A given range says where a flat map lies."""
    assert depth_map([[3, 3]]).near_is_large((2, 4)).tolist() == [[0.5, 0.5]]


def test_percentile_range_leaves_outliers_out() -> None:
    """One value far off does not squeeze the rest."""
    values = np.linspace(0, 1, 1000)
    values[0] = 1e6
    low, high = depth_map([values]).limits("percentile")
    assert (low, high) == (pytest.approx(0.02, abs=2e-3), pytest.approx(0.98, abs=2e-3))


@pytest.mark.parametrize("low", [1e6, -1e6, 16_000_000])
def test_small_differences_on_a_large_offset_survive(low: float) -> None:
    """Subtracting first keeps what float32 holds."""
    assert depth_map([[low, low + 1, low + 2]]).near_is_large().tolist() == [[0, 0.5, 1]]


@pytest.mark.parametrize("values", [[-3e38, 0, 3e38], [0, 1e-44, 2e-44]])
def test_extreme_ranges_stay_finite(values: list[float]) -> None:
    """Neither the largest nor the smallest range of float32 overflows."""
    assert depth_map([values]).near_is_large()[0] == pytest.approx([0, 0.5, 1], abs=0.08)


@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("hole", [NAN, float("inf"), -float("inf"), 3e38])
def test_pixels_that_are_not_valid_are_zero_and_do_not_count(kind: DepthKind, hole: float) -> None:
    """A hole, whatever stands in it, is 0 and leaves the range alone."""
    found = depth_map([[1, hole, 2]], kind, [[1, 0, 1]])
    assert found.value_range == (1, 2)
    assert found.near_is_large().tolist() == [[float(kind is not RELATIVE), 0, float(kind is RELATIVE)]]


def test_no_valid_pixel_at_all() -> None:
    """A map without any valid pixel is 0 by every rule."""
    found = depth_map([[NAN, NAN]], valid=[[0, 0]])
    assert found.value_range == found.limits("percentile") == (0, 0)
    assert not found.near_is_large("percentile").any()


@pytest.mark.parametrize("text", ["image", "percentile", "1,5", " 1 , 5 "])
def test_range_from_text(text: str) -> None:
    """A rule is understood as a text, and the same in every place."""
    found = depth_map([[1, 5]])
    assert found.limits(text) == found.limits(parse_range(text))


@pytest.mark.parametrize(
    "rule", ["picture", "12", "5,1", "1,1", "1,2,3", "1,nan", (3, 2), (0, float("inf")), 7, None, ()]
)
def test_range_without_sense(rule: object) -> None:
    """Anything else is refused, and the option is named."""
    with pytest.raises(ParameterError, match="range") as caught:
        depth_map([[1, 5]]).limits(rule)
    assert caught.value.parameter == "range"


@pytest.mark.parametrize("values", [[[NAN, 1.0]], [[1.0, float("inf")]], [[-float("inf"), 1.0]]])
def test_depth_map_must_be_finite(values: object) -> None:
    """NaN and infinity are refused where they are said to be valid."""
    with pytest.raises(ParameterError, match="finite"):
        depth_map(values)
    with pytest.raises(ParameterError, match="finite"):
        depth_map(values, valid=[[1, 1]])


@pytest.mark.parametrize("values", [np.zeros((2, 2), complex), np.zeros(4, np.float32), np.zeros((0, 2))])
def test_depth_map_checks_shape_and_type(values: np.ndarray) -> None:
    """Only (H, W) of float32 is a depth map."""
    with pytest.raises(ParameterError, match="float32"):
        DepthMap(values, RELATIVE)


def test_depth_map_checks_its_mask() -> None:
    """A mask has the map's size and is bool."""
    for mask in (np.ones((1, 3), bool), np.ones((1, 2), np.uint8)):
        with pytest.raises(ParameterError, match="mask"):
            DepthMap(np.zeros((1, 2), np.float32), RELATIVE, mask)


@pytest.mark.parametrize(
    "thing", [depth_map([[1, 2]]), Photo(np.zeros((1, 1, 3), np.uint8)), Camera(1, 1, 0, 0)]
)
def test_hub_types_are_frozen(thing: object) -> None:
    """What crosses a layer cannot be changed on the way."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, dataclasses.fields(thing)[0].name, None)


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 4), (0, 2, 3), (2, 2, 1)])
def test_photo_checks_its_shape(shape: tuple[int, ...]) -> None:
    """Only (H, W, 3) is a photo."""
    with pytest.raises(ParameterError, match=r"\(H, W, 3\)"):
        Photo(np.zeros(shape, np.uint8))


def test_photo_checks_its_type_and_alpha() -> None:
    """Floats are no photo, and alpha matches its colours."""
    with pytest.raises(ParameterError, match="uint8 or uint16"):
        Photo(np.zeros((2, 2, 3), np.float32))
    with pytest.raises(ParameterError, match="Alpha"):
        Photo(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint16))


def test_photo_of_16_bits_is_rounded_to_8() -> None:
    """Every 8-bit level comes back, and halves go to the nearest."""
    levels = np.arange(256, dtype=np.uint16).reshape(1, -1, 1).repeat(3, axis=2)
    assert np.array_equal(Photo(levels * 257).rgb8(), levels)
    assert Photo(np.full((1, 1, 3), 129, np.uint16)).rgb8().max() == 1


def test_photo_as_pil_image() -> None:
    """With alpha it is RGBA, else RGB."""
    pixels = np.full((2, 3, 3), 9, np.uint8)
    assert Photo(pixels).image().mode == "RGB"
    assert Photo(pixels, pixels[..., 0]).image().getpixel((0, 0)) == (9, 9, 9, 9)


@pytest.mark.parametrize("numbers", [(0, 1, 0, 0), (1, -1, 0, 0), (NAN, 1, 0, 0), (1, 1, float("inf"), 0)])
def test_camera_checks_its_numbers(numbers: tuple[float, ...]) -> None:
    """A focal length is positive, and all is finite."""
    with pytest.raises(ParameterError, match="Intrinsics"):
        Camera(*numbers)


def test_camera_from_field_of_view() -> None:
    """Ninety degrees over W pixels is a focal length of W/2."""
    camera = Camera.from_fov(90, 640, 480)
    assert (camera.fx_px, camera.cx_px, camera.cy_px) == (pytest.approx(320), 320, 240)


@pytest.mark.parametrize("fov", [0, 180, -5, NAN, 5e-324, 1e-9])
def test_camera_from_an_impossible_field_of_view(fov: float) -> None:
    """Zero and half a turn are no field of view, nor is what no number of pixels can show."""
    with pytest.raises(ParameterError, match="field of view"):
        Camera.from_fov(fov, 640, 480)


def test_description_is_plain_and_complete() -> None:
    """What the numbers mean goes through JSON unchanged."""
    warning = PhotoWarning("dark", "Too dark.")
    found = depth_map(
        [[1, 2]], METRIC, provenance=Provenance("m", "abc", (32, 64), "fake"), warnings=(warning,)
    )
    row = found.describe()
    assert json.loads(json.dumps(row)) == row
    assert (row["unit"], row["near_is_large"], row["min"], row["max"]) == ("m", False, 1, 2)
    assert (row["model"], row["input_width"], row["warnings"][0]["code"]) == ("m", 32, "dark")


def test_texts_carry_the_description() -> None:
    """Each text of a picture file is one line of the description."""
    texts = dict(depth_map([[1, 2]], warnings=(PhotoWarning("dark", "Too dark."),)).text())
    assert texts["nearfar:kind"] == "relative_inverse"
    assert texts["nearfar:warning"] == "Too dark."


def test_depth_map_saves_by_suffix(tmp_path: Path) -> None:
    """The suffix chooses the format; an unknown one lists the known."""
    found = depth_map([[1, 2]])
    assert np.load(found.save(tmp_path / "d.npy")).tolist() == [[1, 2]]
    with Image.open(found.save(tmp_path / "d.PNG")) as image:
        assert image.mode == "I;16"
    with pytest.raises(UnknownNameError, match=r"\.npy"):
        found.save(tmp_path / "d.xyz")


def test_depth_map_shows_itself() -> None:
    """Its heat map and image are as large as the map."""
    found = depth_map([[1, 2, 3], [1, 2, 3]])
    assert found.heatmap("viridis").pixels.shape == (2, 3, 3)
    assert found.image().size == (3, 2)


def test_changed_values_keep_their_meaning() -> None:
    """Other values, the same kind."""
    found = depth_map([[1, 2]], METRIC).with_values(np.array([[3, 4]], np.float32))
    assert (found.kind, found.value_range) == (METRIC, (3, 4))


@pytest.mark.parametrize("shape", [(2,), (2, 2, 2), (2, 2, 5), (0, 2)])
def test_picture_checks_its_shape(shape: tuple[int, ...]) -> None:
    """Only grey, RGB and RGBA are pictures."""
    with pytest.raises(ParameterError, match="A picture is"):
        Picture(np.zeros(shape, np.uint8))


def test_picture_saves_and_refuses_to_overwrite(tmp_path: Path) -> None:
    """Overwriting is the caller's choice."""
    picture = Picture(np.zeros((2, 2, 3), np.uint8), (("key", "value"),))
    path = picture.save(str(tmp_path / "p.png"))
    with pytest.raises(OutputExistsError):
        picture.save(path, overwrite=False)
    with Image.open(path) as image:
        assert image.text["key"] == "value"


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_picture_as_pil_image(shape: tuple[int, ...], dtype: type) -> None:
    """Every picture can be shown."""
    assert Picture(np.zeros(shape, dtype)).image().size == (3, 2)
