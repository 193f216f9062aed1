"""Depth files as other programs write them: the distances that went in, and which of them count as none."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import BrokenImageError, ParameterError, UnsupportedFormatError
from tiffs import Layout, tiff_of

HEIGHT, WIDTH = 30, 40
METRES = np.linspace(1, 60, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)


def with_hole(value: float, dtype: type = np.float32, metres: np.ndarray = METRES) -> np.ndarray:
    """The map with ten pixels at its top that hold a mark."""
    out = metres.astype(dtype)
    out[:2, :5] = value
    return out


def npy(array: np.ndarray) -> bytes:
    """The bytes of a NumPy file."""
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npz(**arrays: object) -> bytes:
    """The bytes of a NumPy archive."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def pfm(head: bytes, metres: np.ndarray = METRES, order: str = "<f4") -> bytes:
    """A PFM with a header of one's own: rows from the bottom up."""
    return head + np.ascontiguousarray(metres[::-1]).astype(order).tobytes()


def exr(**channels: np.ndarray) -> bytes:
    """An OpenEXR file with these channels; ``__`` in a name is a dot."""
    import OpenEXR

    out = io.BytesIO()
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    named = {name.replace("__", "."): np.ascontiguousarray(plane) for name, plane in channels.items()}
    OpenEXR.File(header, named).write(out)
    return out.getvalue()


WRITERS = {
    "npy": npy,
    "npz": lambda array: npz(depth=array),
    "tiff": lambda array: tiff_of((array, Layout(">", big=True))),
    "pfm": lambda array: pfm(b"Pf\n40 30\n-1\n", array),
    "exr": lambda array: exr(Z=array),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("mark", [0, np.nan, np.inf, -np.inf, -1, -9999, 1e10, -32768, 3.4e38, -3.4028235e38])
def test_marks_of_metres(writer: object, mark: float) -> None:
    """One rule for every kind of file: ten values are no distance, and the other 1,190 are what they were."""
    depth = nearfar.read_depth(writer(with_hole(mark)), kind="metric")
    assert np.count_nonzero(~depth.valid) == 10
    assert not depth.valid[:2, :5].any()
    assert np.array_equal(depth.values[depth.valid], METRES[depth.valid])
    assert "10 of 1,200" in depth.warnings[-1].message


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("mark", [np.nan, np.inf, -9999, 1e10, -3.4028235e38])
def test_marks_of_relative_depth(writer: object, mark: float) -> None:
    """What is not finite, or farther from 0 than networks see, is no relative depth either."""
    depth = nearfar.read_depth(writer(with_hole(mark)), kind="relative_inverse")
    assert np.count_nonzero(~depth.valid) == 10
    assert depth.value_range == (float(METRES[0, 5]), 60.0)


@pytest.mark.parametrize("value", [0.0, -1.0, -3.5])
def test_zero_and_below_are_relative_depth(value: float) -> None:
    """Relative depth goes through 0."""
    depth = nearfar.read_depth(npy(with_hole(value)), kind="affine_depth")
    assert depth.valid is None
    assert depth.value_range[0] == value


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_largest_number_of_a_type_is_a_mark(dtype: type, order: str) -> None:
    """65535 of 16 bits, and its like of other types, is no distance among metres; nor is 0."""
    numbers = with_hole(0, dtype)
    numbers[5, :3] = np.iinfo(dtype).max
    depth = nearfar.read_depth(npy(numbers.astype(np.dtype(dtype).newbyteorder(order))), kind="metric")
    assert np.count_nonzero(~depth.valid) == 13
    assert depth.value_range == (1.0, 60.0)


@pytest.mark.parametrize(
    ("stated", "dtype", "hole", "count"),
    [
        ("-99", np.float32, -99, 10),
        (" 77 ", np.float32, 77, 10),
        ("0.1", np.float32, 0.1, 10),
        ("nan", np.float32, np.nan, 10),
        ("-3.4028234663852886e+38", np.float32, -3.4028234663852886e38, 10),
        ("255", np.uint8, 255, 10),
        ("12.5", np.uint16, 13, 0),
        ("-9999", np.uint8, 241, 0),
        ("1e40", np.uint16, 13, 0),
        ("words", np.uint16, 13, 0),
    ],
)
def test_number_that_a_geotiff_states(stated: str, dtype: type, hole: float, count: int) -> None:
    """GDAL's number counts where the file's type holds it, and is never rounded or wrapped to another."""
    tags = ((42113, "s", stated),)
    depth = nearfar.read_depth(tiff_of((with_hole(hole, dtype), Layout(tags=tags))), kind="metric")
    assert (0 if depth.valid is None else np.count_nonzero(~depth.valid)) == count


@pytest.mark.parametrize(
    ("rule", "count"), [("7", 10), (7, 10), ("<0, 7", 10), ("none", 0), ("NONE", 0), (">=7,<=7", 1200)]
)
def test_what_the_caller_says_is_not_valid(rule: object, count: int) -> None:
    """A number, bounds and none are what is taken in place of the rule."""
    data = npy(with_hole(7))
    if count == 1200:
        with pytest.raises(ParameterError, match="holds no distance"):
            nearfar.read_depth(data, kind="metric", invalid=rule)
        return
    depth = nearfar.read_depth(data, kind="metric", invalid=rule)
    assert (0 if depth.valid is None else np.count_nonzero(~depth.valid)) == count


@pytest.mark.parametrize("rule", ["abc", ",", "nan", "< ", "1 2", "<>3", "1e", "--1"])
def test_rule_that_is_none_is_told(rule: str) -> None:
    """What cannot be read as numbers and bounds is an error that says how they are written."""
    with pytest.raises(ParameterError, match="invalid is"):
        nearfar.read_depth(npy(METRES), kind="metric", invalid=rule)


@pytest.mark.parametrize("scale", ["x", 0, -1, float("nan"), float("inf"), None, [1]])
def test_scale_that_is_none_is_told(scale: object) -> None:
    """A scale is a number above 0."""
    with pytest.raises(ParameterError, match="scale is"):
        nearfar.read_depth(npy(METRES), kind="metric", scale=scale)


@pytest.mark.parametrize("shape", [(1, 30, 40), (30, 40, 1), (1, 1, 30, 40), (1, 30, 40, 1)])
def test_axes_of_one_are_passed_over(shape: tuple[int, ...]) -> None:
    """A map within a batch or with one channel is the map."""
    assert np.array_equal(nearfar.read_depth(npy(METRES.reshape(shape)), kind="metric").values, METRES)


@pytest.mark.parametrize("shape", [(3, 10, 40), (2, 15, 40), (1200,), (2, 3, 10, 20)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    """Several maps, two numbers a pixel and a row of numbers are no map."""
    with pytest.raises(UnsupportedFormatError, match=r"holds .*(maps|numbers)"):
        nearfar.read_depth(npy(METRES.reshape(shape)), kind="metric")


@pytest.mark.parametrize("array", [METRES > 3, METRES.astype(complex), np.zeros((3, 3), [("a", "f4")])])
def test_arrays_of_no_numbers_are_refused(array: np.ndarray) -> None:
    """Truth values, complex numbers and records are no depth."""
    with pytest.raises(UnsupportedFormatError, match="numbers were expected"):
        nearfar.read_depth(npy(array), kind="metric")


@pytest.mark.parametrize(
    "arrays",
    [
        {"depth": METRES, "conf": METRES * 2},
        {"Depth": METRES, "Conf": METRES * 2},
        {"DEPTH_M": METRES[None], "rgb": np.zeros((30, 40, 3), np.uint8)},
        {"depth": np.float32(3), "pred": METRES},
        {"depth": METRES, "meta": np.array({"a": 1}, object)},
        {"depth": METRES, "name": np.array("a photo")},
        {"anything": METRES, "K": np.eye(3)},
    ],
    ids="+".join,
)
def test_array_that_is_depth(arrays: dict) -> None:
    """Of an archive the map called depth is taken, however it is spelt and with whatever beside it."""
    assert np.array_equal(nearfar.read_depth(npz(**arrays), kind="metric").values, METRES)


def test_archive_of_objects_is_refused() -> None:
    """An archive of Python objects alone is not loaded, for that may run code."""
    with pytest.raises(BrokenImageError, match="may run code"):
        nearfar.read_depth(npz(depth=np.array({"a": 1}, object)), kind="metric")


@pytest.mark.parametrize("focal", [77, np.float32(77), np.array([77.0])])
def test_focal_length_in_an_archive(focal: object) -> None:
    """A focal length beside the depth is the camera's, its middle that of the map."""
    camera = nearfar.read_depth(npz(depth=METRES, focallength_px=focal), kind="metric").camera
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (77, 77, 20, 15)


def test_matrix_in_an_archive() -> None:
    """A matrix within a batch is the camera too."""
    matrix = np.array([[[50, 0, 19], [0, 51, 14], [0, 0, 1.0]]])
    camera = nearfar.read_depth(npz(depth=METRES[None], intrinsics=matrix), kind="metric").camera
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (50, 51, 19, 14)


@pytest.mark.parametrize(
    "head",
    [
        b"Pf\n40 30\n-1\n",
        b"Pf\n40 30\n-1.000000\n",
        b"Pf\n# made by a camera\n40 30\n-1\n",
        b"Pf\r\n40 30\r\n-1.0\r\n",
        b"Pf 40 30 -1.0\n",
        b"Pf\n40\n30\n-1.0\n",
        b"Pf\n 40   30 \n-1e0\n",
    ],
)
def test_headers_of_pfm(head: bytes) -> None:
    """Lines, spaces and comments lie between the numbers of the header as programs put them."""
    assert np.array_equal(nearfar.read_depth(pfm(head), kind="metric").values, METRES)


def test_pfm_of_the_other_order() -> None:
    """A scale above 0 says that the highest byte comes first."""
    data = pfm(b"Pf\n40 30\n1.0\n", order=">f4")
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, METRES)


@pytest.mark.parametrize("data", [b"Pf\n40 30\n", pfm(b"Pf\n40 30\n-1\n")[:-10], b"Pf\n\x00\xff" * 9])
def test_cut_pfm_is_damaged(data: bytes) -> None:
    """A header or rows that end early are damage, told in few words."""
    with pytest.raises(BrokenImageError) as caught:
        nearfar.read_depth(data, kind="metric")
    assert len(str(caught.value)) < 200


def grey_alpha_png(grey: np.ndarray) -> bytes:
    """A 16-bit PNG of grey and full alpha, by hand: Pillow writes none."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    both = np.dstack([grey, np.full_like(grey, 65535)]).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in both)
    head = struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 16, 4, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, body) for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


@pytest.mark.parametrize("channels", ["grey", "grey and alpha", "colours", "colours and alpha"])
def test_sixteen_bits_of_png_in_any_channels(channels: str) -> None:
    """Equal colours of 16 bits keep all 16: millimetres come back to the millimetre."""
    grey = with_hole(0, np.uint16, METRES * 1000)
    planes = {"grey": grey, "colours": np.dstack([grey] * 3)}
    planes["colours and alpha"] = np.dstack([*[grey] * 3, np.full_like(grey, 65535)])
    is_ours = channels == "grey and alpha"
    data = grey_alpha_png(grey) if is_ours else cv2.imencode(".png", planes[channels])[1].tobytes()
    depth = nearfar.read_depth(data, kind="metric", scale=1e-3)
    assert np.count_nonzero(~depth.valid) == 10
    assert np.abs(depth.values[depth.valid] * 1000 - grey[depth.valid]).max() < 0.01


@pytest.mark.parametrize("writer", ["PNG", "BMP", "TIFF", "JPEG"])
def test_colours_are_no_depth(writer: str) -> None:
    """A heat map is refused with the reason; a BMP is no depth file."""
    out = io.BytesIO()
    Image.fromarray(np.dstack([METRES, METRES * 2, METRES * 3]).astype(np.uint8)).save(out, writer)
    with pytest.raises(UnsupportedFormatError, match=r"colours are not depth|no depth file"):
        nearfar.read_depth(out.getvalue(), kind="metric")


def test_eight_bits_warn_of_steps() -> None:
    """A grey picture is read, and told for its 256 steps; without a kind it is asked for."""
    out = io.BytesIO()
    Image.fromarray(METRES.astype(np.uint8)).save(out, "PNG")
    depth = nearfar.read_depth(out.getvalue(), kind="affine_depth")
    assert np.array_equal(depth.values, np.floor(METRES))
    assert depth.warnings[0].code == "depth_steps"
    with pytest.raises(ParameterError, match="depth-kind"):
        nearfar.read_depth(out.getvalue())


@pytest.mark.parametrize("is_said", [True, False], ids=["said", "by shape"])
def test_depth_behind_a_thumbnail(is_said: bool) -> None:
    """The largest page of one shape is the map, as of photos."""
    small = Layout(tags=((254, "I", 1),) if is_said else ())
    data = tiff_of((METRES[::2, ::2], small), (METRES, Layout()))
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, METRES)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_depth_is_turned_as_its_photo_is(orientation: int) -> None:
    """The orientation of a TIFF counts for depth as it does for colours."""
    tags = ((274, "H", orientation),)
    depth = nearfar.read_depth(tiff_of((METRES, Layout(tags=tags))), kind="metric")
    grey = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)
    photo = nearfar.read(tiff_of((grey, Layout(tags=tags))))
    assert np.array_equal(depth.values.ravel().argsort(), photo.pixels[..., 0].ravel().argsort())
    assert depth.values.shape == photo.pixels.shape[:2]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("how", [{"compression": 5, "predictor": 3, "rows": 7}, {"tile": (16, 16)}])
def test_floats_of_tiff_in_layouts(how: dict, dtype: type) -> None:
    """Floats of all sizes in strips with differences and in tiles are the numbers that were written."""
    data = tiff_of((METRES.astype(dtype), Layout(">", big=True, **how)))
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, METRES.astype(dtype).astype("f4"))


@pytest.mark.parametrize(
    "channels",
    [
        {"R": METRES * 0, "G": METRES * 0, "B": METRES * 0, "ViewLayer__Depth__Z": METRES},
        {"Z": METRES, "A": METRES * 0},
        {"depth__V": METRES, "R": METRES * 2, "G": METRES, "B": METRES},
        {"R": METRES, "G": METRES, "B": METRES},
        {"V": METRES},
        {"left__Z": METRES, "left__R": METRES * 2, "left__G": METRES, "left__B": METRES},
        {"Mist__Y": METRES, "Image__R": METRES * 2},
    ],
    ids="+".join,
)
def test_channel_that_is_depth(channels: dict) -> None:
    """Depth stands in a channel Z, in a layer called depth, or in three that are equal."""
    assert np.array_equal(nearfar.read_depth(exr(**channels), kind="metric").values, METRES)


def test_channels_without_depth_are_named() -> None:
    """Colours that differ are refused, their names told."""
    data = exr(R=METRES, G=METRES * 2, B=METRES * 3)
    with pytest.raises(UnsupportedFormatError, match="channels"):
        nearfar.read_depth(data, kind="metric")


@pytest.mark.parametrize(
    ("head", "called"),
    [
        (b"PIEH", "optical flow"), (b"\x89HDF\r\n", "HDF5"), (b"MATLAB 5.0 MAT", "MATLAB"),
        (b"\x80\x02}q", "pickle"), (b"\x80\x04\x95", "pickle"), (b"\x80\x05\x95", "pickle"),
        (b"ply\nformat", "point cloud"), (b"# .PCD v0.7", "point cloud"), (b"glTF", "mesh"),
    ],
)  # fmt: skip
def test_files_that_are_something_else_are_named(head: bytes, called: str) -> None:
    """What people take for depth is called by its name."""
    with pytest.raises(UnsupportedFormatError, match=called):
        nearfar.read_depth(head + bytes(64), kind="metric")


@pytest.mark.parametrize("given", [None, 3, METRES, [METRES], {}, Image.new("L", (3, 3))])
def test_what_is_no_file_is_refused(given: object) -> None:
    """Arrays and images are told how they become depth."""
    with pytest.raises(ParameterError, match="Depth cannot be read from"):
        nearfar.read_depth(given, kind="metric")


@pytest.mark.parametrize("values", [METRES - 30, -METRES])
def test_relative_depth_is_no_metres(values: np.ndarray) -> None:
    """Many different numbers below 0 are no marks: an error says that this looks like relative depth."""
    for write in WRITERS.values():
        with pytest.raises(ParameterError, match="looks like relative depth"):
            nearfar.read_depth(write(values), kind="metric")


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (1, 1)])
def test_rows_and_columns_stay_what_they_are(writer: object, shape: tuple[int, int]) -> None:
    """A map of one row is not taken for one of one column."""
    metres = np.linspace(1, 60, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    data = pfm(b"Pf\n%d %d\n-1\n" % shape[::-1], metres) if writer is WRITERS["pfm"] else writer(metres)
    assert np.array_equal(nearfar.read_depth(data, kind="metric").values, metres)
