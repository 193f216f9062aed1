"""Depth that photos carry themselves: samples put together byte by byte from the specifications."""

from __future__ import annotations

import base64
import io
import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

import nearfar
from carriers import PHOTO, STEPS, XMP_OF_DEPTH, apple, description, mpf
from heifs import DEPTH_URN, Item, as_auxiliary, coded, heic, words
from nearfar.decode._stereo import match
from nearfar.decode.own_depth import find_own_depth, read_matte
from nearfar.encode.jpeg import picture_end, segments, with_xmp, xmp_of
from nearfar.errors import BrokenImageError, UnsupportedFormatError
from nearfar.ops.orientation import as_stored, upright
from nearfar.types import Camera, DepthKind, DepthMap
from pictures import draw, encoded, exif

if TYPE_CHECKING:
    from pathlib import Path

SHARE = STEPS / 255
GDEPTH = 'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"'


def grey(values: np.ndarray = STEPS) -> bytes:
    """The bytes of a grey PNG."""
    return encoded(values)


def gdepth(format: str, units: str = "", *, is_extended: bool = True, depth: bytes | None = None) -> bytes:
    """A photo as Google's camera wrote it: near 0.5, far 8."""
    data = f'GDepth:Data="{base64.b64encode(depth or grey()).decode()}"'
    unit = f'GDepth:Units="{units}"' if units else ""
    head = (
        f'{GDEPTH} GDepth:Format="{format}" GDepth:Near="0.5" GDepth:Far="8" GDepth:Mime="image/png" {unit}'
    )
    if not is_extended:
        return with_xmp(PHOTO, description(f"{head} {data}"))
    note = 'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{guid}"'
    return with_xmp(PHOTO, description(f"{head} {note}"), description(f"{GDEPTH} {data}"))


@pytest.mark.parametrize("is_extended", [True, False])
@pytest.mark.parametrize(
    ("format", "away"),
    [("RangeInverse", 8 * 0.5 / (8 - SHARE * 7.5)), ("RangeLinear", 0.5 + SHARE * 7.5)],
)
def test_gdepth_in_metres(format: str, away: np.ndarray, is_extended: bool) -> None:
    """Near is 0 and far the largest number, with the inverse or the distance itself linear between."""
    depth = nearfar.read_depth(gdepth(format, "m", is_extended=is_extended))
    assert depth.kind is DepthKind.METRIC
    assert depth.values == pytest.approx(away, rel=1e-5)


def test_gdepth_in_millimetres() -> None:
    """Millimetres become metres."""
    depth = nearfar.read_depth(gdepth("RangeLinear", "mm"))
    assert depth.value_range[0] == pytest.approx(0.5e-3)


def test_gdepth_without_units_is_relative() -> None:
    """Lens Blur knew no scale: its numbers are no metres."""
    assert nearfar.read_depth(gdepth("RangeInverse")).kind is DepthKind.RELATIVE_INVERSE
    linear = nearfar.read_depth(gdepth("RangeLinear"))
    assert linear.kind is DepthKind.AFFINE_DEPTH
    assert linear.value_range[0] == 0.5


def test_extended_xmp_of_several_segments() -> None:
    """Data of more than one segment is put together by its offsets."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 400), np.uint8)
    data = gdepth("RangeLinear", "m", depth=grey(noise))
    assert sum(s.body.startswith(b"http://ns.adobe.com/xmp/extension/") for s in segments(data)) > 1
    assert nearfar.read_depth(data).values == pytest.approx(0.5 + noise / 255 * 7.5, rel=1e-5)


def dynamic_depth(uris: str = "DataURI", *, cut: int = 0) -> bytes:
    """A photo as Android's cameras write it: depth is the second of two pictures behind it."""
    confidence, depth = grey(np.full((24, 32), 255, np.uint8)), grey()
    dd = "http://ns.google.com/photos/dd/1.0/"
    rows = [
        ("image/jpeg", 0, "primary_image", "Primary"),
        ("image/png", len(confidence), "android/c", "Conf"),
    ]
    rows.append(("image/png", len(depth), "android/depthmap", "Depth"))
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource"><C:Item I:Mime="{mime}" I:Length="{length}" '
        + (f'I:DataURI="{uri}"/></rdf:li>' if uris == "DataURI" else f'I:Semantic="{meaning}"/></rdf:li>')
        for mime, length, uri, meaning in rows
    )
    name = ' D:DepthURI="android/depthmap"' if uris == "DataURI" else ""
    inner = (
        f"<V:Container><C:Directory><rdf:Seq>{listed}</rdf:Seq></C:Directory></V:Container>"
        f'<M:DepthMap D:Format="RangeInverse" D:Near="0.5" D:Far="8" D:Units="Meters"{name}/>'
    )
    spaces = "".join(
        f' xmlns:{prefix}="{dd}{path}/"'
        for prefix, path in {
            "V": "device",
            "C": "container",
            "I": "item",
            "D": "depthmap",
            "M": "camera",
        }.items()
    )
    whole = with_xmp(PHOTO, description(spaces, inner)) + confidence + depth
    return whole[: len(whole) - cut]


@pytest.mark.parametrize("uris", ["DataURI", "Semantic"])
def test_dynamic_depth(uris: str) -> None:
    """Items lie behind the picture in the order of the directory; prefixes are whatever a file says."""
    depth = nearfar.read_depth(dynamic_depth(uris))
    assert depth.kind is DepthKind.METRIC
    assert depth.values == pytest.approx(8 * 0.5 / (8 - SHARE * 7.5), rel=1e-5)


def test_items_beyond_the_file_are_told() -> None:
    """Lengths that do not fit are damage."""
    with pytest.raises(BrokenImageError, match="Dynamic Depth"):
        nearfar.read_depth(dynamic_depth(cut=400))


@pytest.mark.parametrize(
    ("kind", "accuracy", "means", "values"),
    [
        ("disparity", "absolute", DepthKind.METRIC, 1 / (0.25 + SHARE * 2)),
        ("disparity", "relative", DepthKind.RELATIVE_INVERSE, 0.25 + SHARE * 2),
        ("depth", "", DepthKind.METRIC, 0.25 + SHARE * 2),
    ],
)
def test_apple_portrait_jpeg(kind: str, accuracy: str, means: DepthKind, values: np.ndarray) -> None:
    """The second picture is disparity in 1/m, or depth, between its floats; a gain map before it is none."""
    data = mpf(encoded(STEPS, "JPEG"), apple(kind, accuracy))
    depth = nearfar.read_depth(data)
    assert depth.kind is means
    assert np.abs(depth.values - values).max() < 0.02 * values.max()


def test_heic_with_auxiliary_disparity() -> None:
    """The auxiliary picture of a HEIC, 8 bits between two floats, is decoded whatever the photo is."""
    drawn = coded("drawing.heic")
    data = heic(drawn, as_auxiliary(drawn, 2, 1), words(3, 2, XMP_OF_DEPTH))
    photo = nearfar.read(data)
    assert photo.own_depth == "auxiliary depth"
    depth = nearfar.read_depth(data)
    assert (depth.kind, depth.width, depth.height) == (DepthKind.METRIC, photo.width, photo.height)
    seen = np.asarray(photo.pixels[..., 0], float)
    assert np.abs(1 / depth.values - (0.5 + seen / 255 * 4)).max() < 0.1


def test_heic_with_auxiliary_depth_of_a_real_coder() -> None:
    """An auxiliary picture of one channel that an encoder made is read; without a range it is relative."""
    from heifs import DATA

    data = (DATA / "see_through.heic").read_bytes()
    assert b"auxiliary:alpha" in data or b"auxid:1" in data
    data = data.replace(b"auxiliary:alpha", b"auxiliary:depth").replace(b"auxid:1", b"auxid:2")
    depth = nearfar.read_depth(data)
    assert depth.kind is DepthKind.RELATIVE_INVERSE
    assert depth.values[2, 2] < 0.1
    assert depth.values[-3, 2] > 0.9


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [16, 32])
def test_heic_with_disparity_as_floats(bits: int, order: str) -> None:
    """Floats that are not coded at all are disparity in 1/m themselves."""
    values = (0.25 + SHARE * 2).astype(f"{order}f{bits // 8}")
    uncc = bytes(8) + struct.pack(">IHBBB", 1, 0, bits - 1, 1, 0)[:9] + bytes(3) + bytes(20)
    uncc = uncc[:20] + bytes([0x80 if order == "<" else 0]) + uncc[21:]
    floats = Item(
        2,
        b"unci",
        values.tobytes(),
        (
            (b"ispe", bytes(4) + struct.pack(">II", 32, 24)),
            (b"uncC", uncc),
            (b"auxC", bytes(4) + DEPTH_URN.encode() + b"\0"),
        ),
        ((b"auxl", (1,)),),
    )
    depth = nearfar.read_depth(heic(coded("drawing.heic"), floats, words(3, 2, XMP_OF_DEPTH)))
    assert depth.kind is DepthKind.METRIC
    assert depth.values == pytest.approx(1 / (0.25 + SHARE * 2), rel=2e-3)


def test_matte_of_a_portrait() -> None:
    """A matte is no depth; it is read on its own."""
    drawn = coded("drawing.heic")
    matte = as_auxiliary(drawn, 2, 1, "urn:com:apple:photo:2018:aux:portraiteffectsmatte")
    data = heic(drawn, matte)
    assert find_own_depth(data) is None
    found = read_matte(data)
    assert found is not None
    assert np.array_equal(found, nearfar.read(data).pixels[..., 0])
    with pytest.raises(UnsupportedFormatError):
        nearfar.read_depth(data)


def test_spatial_photo_of_one_picture_twice() -> None:
    """Two pictures of a group ``ster`` are matched; the same twice shows no disparity."""
    drawn = coded("drawing.heic")
    second = Item(2, drawn.kind, drawn.body, drawn.properties)
    data = heic(drawn, second, groups=((b"ster", (1, 2)),))
    assert nearfar.read(data).own_depth == "stereo pair"
    depth = nearfar.read_depth(data)
    assert depth.kind is DepthKind.RELATIVE_INVERSE
    assert np.abs(depth.values[depth.valid]).max() < 1


def eye(number: int, start: int, *more: tuple[bytes, bytes]) -> Item:
    """A picture that begins at a column of the drawing: cropped (``clap``), so what it shows is shifted."""
    drawn = coded("drawing.heic")
    whole, width = 64, 40
    crop = struct.pack(">8i", width, 1, 40, 1, 2 * start + width - whole, 2, -(64 - 40), 2)
    kept = tuple(row for row in drawn.properties if row[0] != b"clap")
    return Item(number, drawn.kind, drawn.body, (*kept, (b"clap", crop), *more))


def stands(x_um: int, flags: int = 1) -> tuple[bytes, bytes]:
    """Where a camera stands, to the right, in micrometres (``cmex``)."""
    return b"cmex", struct.pack(">I", flags) + (struct.pack(">i", x_um) if flags & 1 else b"")


def lens(focal: int, shift: int) -> tuple[bytes, bytes]:
    """The focal length as a fraction of the width (``cmin``)."""
    return b"cmin", struct.pack(">Iiii", shift << 8, focal, 1 << shift - 1, 1 << shift - 1)


@pytest.mark.parametrize(
    ("left", "right", "baseline_m"),
    [
        (stands(-32_000), stands(32_000), 0.064),
        (stands(0, flags=0), stands(63_500), 0.0635),  # no place is the origin
    ],
)
def test_spatial_photo_in_metres(left, right, baseline_m: float) -> None:
    """Focal length and places of both cameras, and a shift of eight pixels, give the distance."""
    data = heic(eye(1, 0, lens(768, 10), left), eye(2, 8, right), groups=((b"ster", (1, 2)),))
    depth = nearfar.read_depth(data)
    assert (depth.kind, depth.width, depth.height) == (DepthKind.METRIC, 40, 40)
    assert depth.valid.mean() > 0.4
    assert np.median(depth.values[depth.valid]) == pytest.approx(0.75 * 40 * baseline_m / 8, rel=0.03)


@pytest.mark.parametrize(
    "more",
    [
        ((), ()),
        ((lens(768, 10),), ()),
        ((stands(0),), (stands(64_000),)),
        ((lens(768, 10), stands(5)), (stands(5),)),
    ],
)
def test_spatial_photo_without_its_cameras_is_relative(more) -> None:
    """Without a lens, a place, or a distance between them there are no metres, but the shift in pixels."""
    data = heic(eye(1, 0, *more[0]), eye(2, 8, *more[1]), groups=((b"ster", (1, 2)),))
    depth = nearfar.read_depth(data)
    assert depth.kind is DepthKind.RELATIVE_INVERSE
    assert np.median(depth.values[depth.valid]) == pytest.approx(8, abs=0.3)


def test_stereo_pair_is_matched() -> None:
    """What is shifted between the eyes by twelve and by four pixels has that disparity."""
    rng = np.random.default_rng(2)
    left = cv2.GaussianBlur(rng.integers(0, 256, (200, 320, 3), np.uint8), (0, 0), 1.2)
    right = np.roll(left, -4, axis=1)
    right[60:140, 100:200] = left[60:140, 112:212]
    disparity, valid = match(left, right)
    inner = disparity[75:125, 125:195][valid[75:125, 125:195]]
    assert np.median(inner) == pytest.approx(12, abs=0.5)
    around = disparity[5:50, 60:300][valid[5:50, 60:300]]
    assert np.median(around) == pytest.approx(4, abs=0.5)


def test_photo_without_depth_has_none(tmp_path: Path) -> None:
    """A plain photo is still no depth."""
    assert nearfar.read(PHOTO).own_depth == ""
    with pytest.raises(UnsupportedFormatError, match="colours are not depth"):
        nearfar.read_depth(PHOTO)


def a_map(kind: DepthKind, *, with_holes: bool) -> DepthMap:
    """Depth of the photo's size."""
    values = (
        np.tile(np.geomspace(0.5, 20, 64, dtype=np.float32), (48, 1))
        + np.arange(48, dtype=np.float32)[:, None] / 20
    )
    valid = np.ones(values.shape, bool)
    valid[4:9, 7:20] = False
    return DepthMap(values, kind, valid if with_holes else None, Camera(60, 60, 32, 24))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("with_holes", [True, False])
@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("name", ["gdepth", "dynamic-depth"])
def test_round_trip_within_a_step(name: str, kind: DepthKind, with_holes: bool, bits: int) -> None:
    """What is written into a photo is read from it within half a step, holes, kind and camera too."""
    depth = a_map(kind, with_holes=with_holes)
    back = nearfar.read_depth(nearfar.export(name, depth, PHOTO, bits=bits))
    assert (back.kind, back.camera) == (kind, depth.camera)
    assert (back.valid is None) == (depth.valid is None)
    known = np.ones(depth.values.shape, bool) if depth.valid is None else depth.valid
    assert back.valid is None or np.array_equal(back.valid, depth.valid)
    scale = (lambda v: 1 / v) if kind is DepthKind.METRIC else (lambda v: v)
    one, two = scale(depth.values[known].astype(float)), scale(back.values[known].astype(float))
    assert np.abs(one - two).max() <= 0.51 * (one.max() - one.min()) / (2**bits - 1) + 1e-5


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["gdepth", "dynamic-depth"])
def test_base_picture_is_the_same_bytes(name: str, orientation: int) -> None:
    """The photo's own JPEG is within, lying as it lay; depth is upright again when it is read."""
    base = encoded(draw(64, 48), "JPEG", exif=exif({274: orientation}))
    photo = nearfar.read(base)
    values = np.linspace(1, 5, photo.width * photo.height, dtype=np.float32).reshape(
        photo.height, photo.width
    )
    data = nearfar.export(name, DepthMap(values, DepthKind.METRIC), photo)
    assert data[picture_end(data) - (len(base) - 200) : picture_end(data)] == base[200:]
    assert np.array_equal(nearfar.read(data).pixels, photo.pixels)
    kept = [s.body for s in segments(data) if not s.body.startswith(b"http://ns.adobe")]
    assert kept == [s.body for s in segments(base)]
    back = nearfar.read_depth(data)
    assert back.values == pytest.approx(values, rel=0.02)


def test_other_words_of_the_photo_stay() -> None:
    """XMP that was there keeps its properties beside those of depth."""
    base = with_xmp(PHOTO, description('xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="someone"'))
    data = nearfar.export("dynamic-depth", a_map(DepthKind.METRIC, with_holes=False), base)
    assert 'dc:creator="someone"' in xmp_of(data)[0]
    assert nearfar.read(data).own_depth == "Dynamic Depth"
    again = nearfar.export("gdepth", a_map(DepthKind.METRIC, with_holes=False), data)
    assert nearfar.read(again).own_depth == "GDepth"


def test_estimate_says_that_there_is_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of the network tells that the photo carries its own."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    found = nearfar.estimate(gdepth("RangeInverse", "m"))
    assert "own_depth" in [warning.code for warning in found.warnings]
    assert "GDepth" in found.warnings[-1].message


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_are_undone(orientation: int) -> None:
    """As stored and upright again is as it was."""
    array = np.arange(12).reshape(3, 4).astype(np.uint8)
    assert np.array_equal(upright(as_stored(array, orientation), orientation), array)


def test_opens_in_other_programs() -> None:
    """Pillow opens both, and the picture is the photo's."""
    for name in ("gdepth", "dynamic-depth"):
        data = nearfar.export(name, a_map(DepthKind.METRIC, with_holes=True), PHOTO)
        assert np.array_equal(
            np.asarray(Image.open(io.BytesIO(data))), np.asarray(Image.open(io.BytesIO(PHOTO)))
        )


@pytest.mark.parametrize(("kind", "content_type"), [(b"\xff\xff\xff\xff", b""), (b"mime", b"\xff/x")])
@pytest.mark.parametrize("about", [1, 2])
def test_types_of_items_that_are_no_text(kind: bytes, content_type: bytes, about: int) -> None:
    """Words whose type is no text are an error; the library for HEIC would take the process with it."""
    drawn = coded("drawing.heic")
    said = Item(3, kind, b"words", (), ((b"cdsc", (about,)),), content_type)
    data = heic(drawn, as_auxiliary(drawn, 2, 1), said)
    with pytest.raises(BrokenImageError, match="type of its item 3 is no text"):
        nearfar.read_depth(data)
    with pytest.raises(BrokenImageError, match="type of its item 3 is no text"):
        nearfar.read(data)
