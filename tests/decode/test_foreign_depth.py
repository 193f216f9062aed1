"""Depth files of other programs: their numbers, their marks, their arrays, and the right words."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.decode._validity import parse_invalid
from nearfar.errors import BrokenImageError, ParameterError, UnsupportedFormatError
from tiffs import Layout, tiff_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METRES = np.linspace(0.5, 40, 12 * 16, dtype=np.float32).reshape(12, 16)
HOLES = np.zeros((12, 16), bool)
HOLES[3:5, 6:9] = True


def npy(values: np.ndarray) -> bytes:
    """The bytes of a NumPy file."""
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """The bytes of a NumPy archive."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def pfm(values: np.ndarray) -> bytes:
    """The bytes of a PFM file of one or three channels."""
    height, width = values.shape[:2]
    head = b"PF" if values.ndim == 3 else b"Pf"
    return head + b"\n%d %d\n-1.0\n" % (width, height) + values[::-1].astype("<f4").tobytes()


def exr(folder: Path, **channels: np.ndarray) -> bytes:
    """The bytes of an EXR file with these channels; ``__`` in a name is a dot."""
    import OpenEXR

    path = folder / "made.exr"
    named = {key.replace("__", "."): np.ascontiguousarray(value) for key, value in channels.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, named).write(str(path))
    return path.read_bytes()


WRITERS: dict[str, Callable[[np.ndarray, Path], bytes]] = {
    "npy": lambda values, _: npy(values),
    "npz": lambda values, _: npz(depth=values),
    "tiff": lambda values, _: tiff_of((values[..., None], Layout(compression=8, predictor=3))),
    "pfm": lambda values, _: pfm(values),
    "exr": lambda values, folder: exr(folder, Z=values),
}


@pytest.mark.parametrize("mark", [0.0, np.nan, np.inf, -np.inf, -1.0, -9999.0, 1e10, 3.4e38])
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_marks_of_no_distance(write: Callable, mark: float, tmp_path: Path) -> None:
    """One rule for every kind of file: a hole is not valid, whatever stands in it, and the count is told."""
    values = np.where(HOLES, np.float32(mark), METRES).astype(np.float32)
    depth = nearfar.read_depth(write(values, tmp_path), kind="metric")
    assert np.array_equal(depth.valid, ~HOLES)
    assert np.array_equal(depth.values[~HOLES], METRES[~HOLES])
    assert [w.code for w in depth.warnings] == ["depth_invalid"]
    assert "6 of 192" in depth.warnings[0].message


@pytest.mark.parametrize("kind", ["relative_inverse", "affine_depth"])
def test_zero_is_a_value_of_relative_depth(kind: str) -> None:
    """What has no scale may be 0 or below; marks and infinity are still none."""
    values = np.where(HOLES, np.float32(1e10), METRES - METRES.min() - np.float32(1))
    depth = nearfar.read_depth(npy(values), kind=kind)
    assert np.array_equal(depth.valid, ~HOLES)
    assert depth.value_range[0] == -1


@pytest.mark.parametrize(
    ("dtype", "mark"), [(np.uint16, 65535), (np.uint16, 0), (np.int32, -32768), (np.int16, -32768)]
)
@pytest.mark.parametrize("write", [WRITERS["npy"], lambda v, _: tiff_of((v[..., None], Layout()))])
def test_whole_numbers_in_millimetres(write: Callable, dtype: type, mark: int, tmp_path: Path) -> None:
    """Millimetres become metres; the usual marks of whole numbers are no distance."""
    millimetres = (METRES * 700).astype(dtype)
    values = np.where(HOLES, dtype(mark), millimetres).astype(dtype)
    depth = nearfar.read_depth(write(values, tmp_path), kind="metric", scale=1e-3)
    assert np.array_equal(depth.valid, ~HOLES)
    assert depth.values[~HOLES] == pytest.approx(millimetres[~HOLES] / 1000, rel=1e-6)


def test_metres_that_look_like_millimetres_are_told() -> None:
    """Whole numbers far beyond any room, given as metres, get a word about the scale."""
    depth = nearfar.read_depth(npy((METRES * 1000).astype(np.uint16)), kind="metric")
    assert "depth_scale" in [w.code for w in depth.warnings]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_tiff_of_every_float(dtype: type, order: str, big: bool) -> None:
    """Depth TIFFs of any float, order and size of file are read exactly."""
    values = METRES.astype(dtype)
    data = tiff_of((values[..., None], Layout(order, big, tile=(16, 16), compression=8)))
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, values.astype(np.float32))


def test_nodata_of_a_geotiff() -> None:
    """The number that tag 42113 states is no distance, whatever it is."""
    values = np.where(HOLES, np.float32(7), METRES)
    data = tiff_of((values[..., None], Layout(tags=((42113, "s", "7"),))))
    assert np.array_equal(nearfar.read_depth(data, kind="affine_depth").valid, ~HOLES)


@pytest.mark.parametrize(("text", "low"), [("none", 0), ("0", 1), ("<5", 5), ("0,>=9", 1), ("<=3, 9", 4)])
def test_what_is_not_valid_can_be_said(text: str, low: int) -> None:
    """The caller's rule takes the place of ours."""
    values = np.arange(10, dtype=np.float32).reshape(2, 5)
    depth = nearfar.read_depth(npy(values), kind="metric", invalid=text)
    assert depth.value_range[0] == low
    assert depth.value_range[1] == (8 if "9" in text else 9)


def test_a_rule_that_is_none_is_refused() -> None:
    """A text that is no rule is an error of the option."""
    with pytest.raises(ParameterError, match="invalid is"):
        parse_invalid("0;1")


def test_relative_given_as_metres_is_refused() -> None:
    """Numbers on both sides of 0 are no metres, and the error says so."""
    relative = METRES - METRES.mean()
    with pytest.raises(ParameterError, match="relative depth") as caught:
        nearfar.read_depth(npy(relative), kind="metric")
    assert caught.value.parameter == "kind"
    assert nearfar.read_depth(npy(relative), kind="relative_inverse").valid is None


def test_nothing_left_is_an_error() -> None:
    """A file of holes alone is told as such."""
    with pytest.raises(ParameterError, match="holds no distance"):
        nearfar.read_depth(npy(np.zeros((4, 5), np.float32)), kind="metric")


@pytest.mark.parametrize("name", ["depth", "arr_0", "inverse", "disparity", "predicted_depth"])
def test_archive_is_read_by_name(name: str) -> None:
    """An archive of another program is read by the name of its array, beside others."""
    data = npz(**{name: METRES[None], "conf": np.ones((12, 16), np.float32), "note": np.array("x")})
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, METRES)


def test_archive_without_a_known_name_says_what_there_is() -> None:
    """Where no name says which is depth, all are named, and one can be chosen."""
    data = npz(left=METRES, right=METRES + 1)
    with pytest.raises(ParameterError, match=r"left \(12, 16\), right \(12, 16\)"):
        nearfar.read_depth(data, kind="metric")
    chosen = nearfar.read_depth(data, kind="metric", array="right")
    assert np.array_equal(chosen.values, METRES + 1)
    with pytest.raises(ParameterError, match="no array 'top'"):
        nearfar.read_depth(data, kind="metric", array="top")


def test_archive_with_one_map_needs_no_name() -> None:
    """The only map among numbers is meant; a matrix beside it is its camera."""
    matrix = np.array([[30, 0, 8], [0, 31, 6], [0, 0, 1]], np.float32)
    depth = nearfar.read_depth(npz(whatever=METRES, intrinsics=matrix[None]), kind="metric")
    assert np.array_equal(depth.values, METRES)
    assert depth.camera is not None
    assert (depth.camera.fx_px, depth.camera.fy_px, depth.camera.cx_px, depth.camera.cy_px) == (30, 31, 8, 6)


def test_focal_length_beside_depth() -> None:
    """A focal length in pixels, as Depth Pro saves it, becomes a centred camera."""
    depth = nearfar.read_depth(npz(depth=METRES, focallength_px=np.float32(20)), kind="metric")
    assert depth.camera is not None
    assert (depth.camera.fx_px, depth.camera.cx_px, depth.camera.cy_px) == (20, 8, 6)


@pytest.mark.parametrize("shape", [(1, 12, 16), (12, 16, 1), (1, 1, 12, 16), (1, 12, 16, 1)])
def test_axes_of_length_one_are_dropped(shape: tuple[int, ...]) -> None:
    """One map is one map, however many axes it has."""
    found = nearfar.read_depth(npy(METRES.reshape(shape)), kind="metric")
    assert np.array_equal(found.values, METRES)


def test_several_maps_are_refused() -> None:
    """Two maps in one array are told."""
    with pytest.raises(UnsupportedFormatError, match="2 maps"):
        nearfar.read_depth(npy(np.stack([METRES, METRES])), kind="metric")


@pytest.mark.parametrize(
    "name", ["ViewLayer__Depth__Z", "Scene__Depth__V", "View__Z", "Depth__V", "anything"]
)
def test_exr_layers(name: str, tmp_path: Path) -> None:
    """Depth is found in the layers where programs put it."""
    colours = {f"View__Combined__{c}": METRES * i for i, c in enumerate("RGB")} if "__" in name else {}
    data = exr(tmp_path, **{name: METRES}, **colours)
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, METRES)


def test_exr_of_equal_colours(tmp_path: Path) -> None:
    """Three equal channels are one map; three different ones are named and refused."""
    same = exr(tmp_path, R=METRES, G=METRES, B=METRES)
    assert np.array_equal(nearfar.read_depth(same, kind="metric").values, METRES)
    with pytest.raises(UnsupportedFormatError, match=r"B, G, R|R, G, B"):
        nearfar.read_depth(exr(tmp_path, R=METRES, G=METRES + 1, B=METRES), kind="metric")


def test_equal_colours_of_others() -> None:
    """Three equal channels of a PFM or an array are one map."""
    three = np.repeat(METRES[..., None], 3, axis=2)
    for data in (pfm(three), npy(three)):
        assert np.array_equal(nearfar.read_depth(data, kind="metric").values, METRES)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PIEH" + bytes(20), "flow"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"\x80\x04\x95", "pickle"),
        (b"ply\n", "cloud"),
    ],
)
def test_files_of_other_things_are_named(data: bytes, word: str) -> None:
    """What is taken for depth and is none is told what it is."""
    with pytest.raises(UnsupportedFormatError, match=word):
        nearfar.read_depth(data, kind="metric")


def test_compression_of_a_depth_tiff_is_named() -> None:
    """LERC is whole and not read."""
    with pytest.raises(UnsupportedFormatError, match="LERC"):
        nearfar.read_depth(tiff_of((METRES[..., None], Layout(compression=34887))), kind="metric")


def test_open_file_and_bytes_are_read(tmp_path: Path) -> None:
    """Depth comes from a path, from bytes and from an open file alike."""
    path = tmp_path / "depth.npy"
    path.write_bytes(npy(METRES))
    with path.open("rb") as file:
        found = [
            nearfar.read_depth(s, kind="metric").values for s in (path, str(path), path.read_bytes(), file)
        ]
    assert all(np.array_equal(values, METRES) for values in found)


def test_other_sources_are_refused() -> None:
    """An array is not a file, and the error says what to do."""
    with pytest.raises(ParameterError, match="DepthMap"):
        nearfar.read_depth(METRES, kind="metric")  # type: ignore[arg-type]


def test_cut_archive_is_broken() -> None:
    """Half an archive is damaged."""
    data = npz(depth=METRES)
    with pytest.raises(BrokenImageError):
        nearfar.read_depth(data[: len(data) // 2], kind="metric")
