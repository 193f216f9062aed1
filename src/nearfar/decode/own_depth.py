"""The depth that a photo file carries itself: what phones measured, and what we or others put in.

Sources: Google's Depthmap Metadata (GDepth) and Dynamic Depth 1.0, CIPA DC-007 (MPF), Apple's auxiliary
pictures in JPEG and HEIC, ISO/IEC 23008-12 (auxiliary depth, stereo pairs).
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode import _heif as heif
from nearfar.decode._exif import exif_facts
from nearfar.decode._gate import admit
from nearfar.decode._plain import open_plain
from nearfar.decode._quiet import quiet_pillow
from nearfar.decode._signature import format_of
from nearfar.decode._stereo import depth_of_pair
from nearfar.decode._xmp import items, number, properties
from nearfar.encode.jpeg import APP2, MPF, picture_end, segments, xmp_of
from nearfar.errors import BrokenImageError, NearfarError, ParameterError, TooLargeError
from nearfar.machine.texts import parse_json
from nearfar.ops.fit import fitted
from nearfar.ops.orientation import upright
from nearfar.types import Camera, DepthKind, DepthMap, PhotoWarning, Provenance
from nearfar.types.shape import check_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from nearfar.types import Photo

    Numbers = npt.NDArray[Any]
    Properties = Mapping[str, str]

_MOST_PIXELS = 100_000_000
_MOST_PICTURES = 16
_WINDOW = 2**16
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")
_KINDS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class Carried:
    """Depth within a photo: what it is called, and what reads it ((H, W) as the file stores it)."""

    title: str
    read: Callable[[], DepthMap]
    is_turned: bool = False
    """It comes out upright."""


def find_own_depth(data: bytes) -> Carried | None:
    """The depth that a photo's bytes carry; None where there is none, or what there is makes no sense."""
    kind = format_of(data)
    try:
        if kind == "JPEG":
            return _in_jpeg(data)
        return _in_heif(data) if kind == "HEIF" else None
    except (ValueError, struct.error, KeyError, IndexError):
        return None


def read_own_depth(data: bytes, name: str) -> DepthMap | None:
    """The upright depth map that a photo carries, of its own size; None where it carries none.

    Raises:
        BrokenImageError: it carries one that is damaged.
        TooLargeError: the photo is over a bound.
    """
    found = find_own_depth(data)
    if found is None:
        return None
    admit(data, name, _check_pixels)
    try:
        with quiet_pillow():
            depth = found.read()
            return depth if found.is_turned else _turned(depth, _orientation(data))
    except NearfarError:
        raise
    except Exception as exc:  # decoders of foreign bytes raise anything
        raise BrokenImageError(f"The {found.title} in {name} is damaged: {exc}.") from exc


def own_depth_of(photo: Photo) -> DepthMap:
    """The depth that a photo carries, at the photo's size.

    Raises:
        ParameterError: it carries none, or one of another shape.
        BrokenImageError: it carries one that is damaged.
    """
    depth = read_own_depth(photo.encoded, photo.name) if photo.own_depth else None
    if depth is None:
        raise ParameterError(
            f"{photo.name} carries no depth of its own.",
            "Leave own_depth (--own-depth) out: a network estimates it.",
            "own_depth",
        )
    return fitted(depth, *photo.full_size)


def _orientation(data: bytes) -> int:
    return exif_facts(open_plain(data, "JPEG")).orientation


def _turned(depth: DepthMap, orientation: int) -> DepthMap:
    if orientation == 1:
        return depth
    values = np.ascontiguousarray(upright(depth.values, orientation))
    valid = None if depth.valid is None else upright(depth.valid.astype(np.uint8), orientation) > 0
    return depth.with_values(values, valid)


def _in_jpeg(data: bytes) -> Carried | None:
    main, extended = xmp_of(data)
    found = {**properties(extended), **properties(main)}
    if "GDepth:Data" in found:
        return Carried("GDepth", lambda: _of_gdepth(found))
    if "DepthMap:DepthURI" in found or any(row.get("Semantic") == "Depth" for row in items(main)):
        return Carried("Dynamic Depth", lambda: _of_dynamic_depth(data, main, found))
    for picture in _mpf_pictures(data):
        words = properties(" ".join(xmp_of(picture)))
        kind = _apple_kind(words)
        if kind:
            return Carried(f"Apple {kind}", lambda p=picture, w=words: _of_apple(_grey(p), w))  # type: ignore[misc]
    return None


def _of_gdepth(found: Properties) -> DepthMap:
    grey = _grey(_decoded(found["GDepth:Data"]))
    sure = _grey(_decoded(found["GDepth:Confidence"])) if "GDepth:Confidence" in found else None
    return _of_range(grey, sure, found, "GDepth")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error as exc:
        raise ValueError(f"its base64 is damaged ({exc})") from exc


def _of_dynamic_depth(data: bytes, main: str, found: Properties) -> DepthMap:
    depth = _appended(data, items(main), found.get("DepthMap:DepthURI", ""), "Depth")
    if depth is None:
        raise ValueError("its directory has no item of depth")
    uri = found.get("DepthMap:ConfidenceURI", "")
    sure = _appended(data, items(main), uri, "Confidence") if uri else None
    return _of_range(_grey(depth), None if sure is None else _grey(sure), found, "DepthMap")


def _appended(data: bytes, rows: list[Mapping[str, str]], uri: str, semantic: str) -> bytes | None:
    """The bytes of an item behind the primary picture, by its name or its meaning."""
    lengths = [int(row.get("Length", "0") or 0) for row in rows]
    if any(length < 0 for length in lengths):
        raise ValueError("an item has a length below 0")
    first = picture_end(data)
    at = len(data) - sum(lengths[1:])
    if at < first:
        raise ValueError("its items are longer than the file")
    if not data.startswith(_PICTURES, at) and data.startswith(_PICTURES, first):
        at = first  # something was put behind the items
    for row, length in zip(rows[1:], lengths[1:], strict=True):
        if (uri and row.get("DataURI") == uri) or (not uri and row.get("Semantic") == semantic):
            return data[at : at + length]
        at += length
    return None


def _of_range(grey: Numbers, sure: Numbers | None, found: Properties, prefix: str) -> DepthMap:
    """Depth from numbers between near and far: 0 is near, the largest far."""
    share = grey.astype(np.float64) / np.iinfo(grey.dtype).max
    near, far = number(found, f"{prefix}:Near"), number(found, f"{prefix}:Far")
    record = _record(found)
    if record is not None and record.get("kind") != DepthKind.METRIC:
        low, high = float(record["min"]), float(record["max"])
        is_near_large = DepthKind(record["kind"]).is_near_large
        values = high - share * (high - low) if is_near_large else low + share * (high - low)
        return _finished(values, DepthKind(record["kind"]), sure, record)
    if near is None or far is None or not np.isfinite([near, far]).all():
        raise ValueError("it does not say how near and far it reaches")
    is_inverse = found.get(f"{prefix}:Format", "").lower() != "rangelinear"
    units = found.get(f"{prefix}:Units", "").lower()
    if is_inverse and (near <= 0 or far <= 0):
        raise ValueError(f"it reaches from {near:g} to {far:g}")
    if not units and record is None and is_inverse:
        return _finished(1 / near + share * (1 / far - 1 / near), DepthKind.RELATIVE_INVERSE, sure, None)
    away = far * near / (far - share * (far - near)) if is_inverse else near + share * (far - near)
    if not units and record is None:
        return _finished(away, DepthKind.AFFINE_DEPTH, sure, None)
    scale = {"mm": 1e-3, "cm": 1e-2}.get(units, 1.0)
    return _finished(away * scale, DepthKind.METRIC, sure, record)


def _record(found: Properties) -> dict[str, Any] | None:
    """What nearfar wrote of the map, where it did."""
    try:
        record = parse_json(found["nearfar:record"])
        return record if isinstance(record, dict) and "kind" in record else None
    except (KeyError, ValueError):
        return None


def _finished(
    values: Numbers, kind: DepthKind, sure: Numbers | None, record: Mapping[str, Any] | None
) -> DepthMap:
    whole = np.ascontiguousarray(values, np.float32)
    valid = np.isfinite(whole)
    if kind is DepthKind.METRIC:
        valid &= whole > 0
    if sure is not None and sure.shape == whole.shape:
        valid &= sure > 0
    if not valid.any():
        raise ValueError("no value of it is valid")
    record = record or {}
    camera = record.get("camera")
    warnings = tuple(PhotoWarning(str(w["code"]), str(w["message"])) for w in record.get("warnings", ()))
    made_by = Provenance(str(record.get("model", "photo's own")), str(record.get("weights_sha256", "")))
    return DepthMap(
        whole, kind, None if valid.all() else valid, Camera(**camera) if camera else None, made_by, warnings
    )


def _grey(data: bytes) -> Numbers:
    """(H, W) uint8 or uint16 of a JPEG or PNG."""
    if not data.startswith(_PICTURES):
        raise ValueError("its picture is no JPEG, PNG or WebP")
    kind = admit(data, "its picture", _check_size, _KINDS, "Give a JPEG, PNG or WebP.")
    image = open_plain(data, kind)
    _check_size(*image.size)
    image.load()
    if image.mode in {"I;16", "I;16B", "I;16L", "I;16N", "I"}:
        deep: Numbers = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
        return deep
    grey: Numbers = np.asarray(image.convert("L"), np.uint8)
    return grey


def _check_pixels(width: int, height: int, name: str) -> None:
    if width * height > _MOST_PIXELS:
        raise TooLargeError(
            f"{name} has {width}×{height} pixels, more than {_MOST_PIXELS / 1e6:g} megapixels.",
            "Scale it down.",
        )
    check_shape(width, height, name)


def _check_size(width: int, height: int, _: str = "") -> None:
    if width * height > _MOST_PIXELS:
        raise ValueError(f"it claims {width}×{height} pixels")
    check_shape(width, height, "its picture")


def _mpf_pictures(data: bytes) -> Iterator[bytes]:
    """The further pictures that a JPEG lists (CIPA DC-007, 5.2.3), one after the other."""
    for segment in segments(data):
        if segment.marker == APP2 and segment.body.startswith(MPF):
            base, body = segment.start + 8, segment.body[4:]
            order = "<" if body[:2] == b"II" else ">"
            (at,) = struct.unpack_from(f"{order}I", body, 4)
            (count,) = struct.unpack_from(f"{order}H", body, at)
            for i in range(min(count, 64)):
                tag, _, size, place = struct.unpack_from(f"{order}HHII", body, at + 2 + 12 * i)
                if tag == 0xB002:
                    rows = [
                        struct.unpack_from(f"{order}III", body, place + 16 * k)
                        for k in range(min(size // 16, _MOST_PICTURES))
                    ]
                    yield from (data[base + off : base + off + length] for _, length, off in rows if off)
                    return


def _apple_kind(found: Properties) -> str:
    """``disparity`` or ``depth`` where the words say so of an auxiliary picture; else nothing."""
    kind = next((v.lower() for k, v in found.items() if k.endswith(":AuxiliaryImageType")), "")
    return next((word for word in ("disparity", "depth") if word in kind), "")


def _of_apple(grey: Numbers, found: Properties, kind: str = "") -> DepthMap:
    """Disparity in 1/m or depth in metres between two numbers, or as floats themselves."""
    local = {key.rpartition(":")[2]: value for key, value in found.items()}
    kind = kind or _apple_kind(found)
    if grey.dtype.kind == "f":
        values = grey.astype(np.float64)
    else:
        low = number(local, "FloatMinValue", "MinValue", "DepthMin")
        high = number(local, "FloatMaxValue", "MaxValue", "DepthMax")
        share = grey.astype(np.float64) / np.iinfo(grey.dtype).max
        if low is None or high is None:
            return _finished(share, DepthKind.RELATIVE_INVERSE, None, None)
        values = low + share * (high - low)
    is_relative = local.get("Accuracy", "").lower() == "relative"
    if kind != "disparity":
        return _finished(values, DepthKind.AFFINE_DEPTH if is_relative else DepthKind.METRIC, None, None)
    if is_relative:
        return _finished(values, DepthKind.RELATIVE_INVERSE, None, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _finished(np.where(values > 0, 1 / values, np.nan), DepthKind.METRIC, None, None)


def _in_heif(data: bytes) -> Carried | None:
    found = heif.read_heif(data)
    item = found.depth_item
    if item is not None:
        return Carried("auxiliary depth", lambda: _of_auxiliary(found, item), is_turned=True)
    pair = found.stereo_pair
    if pair is not None:
        return Carried("stereo pair", lambda: depth_of_pair(found, pair), is_turned=True)
    return None


def _of_auxiliary(found: heif.Heif, item: int) -> DepthMap:
    words = properties(found.words_about(item))
    urn = found.property_of(item, b"auxC")[4:].split(b"\0")[0].decode("latin-1")
    kind = _apple_kind(words) or ("depth" if "depth" in urn and "disparity" not in urn else "disparity")
    floats = heif.float_plane(found, item)
    if floats is None:
        return _of_apple(decoded_item(found, item), words, kind)
    width, height = heif.size_of(found, item)
    _check_size(width, height)
    order = "<" if floats["is_little"] else ">"
    body = found.item(item)
    plane = np.frombuffer(body, f"{order}f{floats['bits'] // 8}", width * height).reshape(height, width)
    return _of_apple(plane.astype(np.float32), words, kind)


def decoded_item(found: heif.Heif, item: int) -> Numbers:
    """(H, W) uint8 or uint16 of an item, decoded as if it were the primary one."""
    from nearfar.decode._libheif import open_heif

    width, height = heif.size_of(found, item)
    _check_size(width, height)
    image = open_heif(found.with_primary(item)).to_pillow()
    array = np.asarray(image)
    return np.array(array if array.ndim == 2 else array[..., 0])


def read_matte(data: bytes) -> npt.NDArray[np.uint8] | None:
    """(H, W) uint8, 255 where a person is, of the matte that a HEIC portrait carries; None without one."""
    found = heif.read_heif(data)
    item = found.matte_item
    return None if item is None else np.asarray(decoded_item(found, item), np.uint8)
