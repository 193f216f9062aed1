"""What the exports share that put depth into a photo: the photo's own JPEG, and depth as an 8-bit picture."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.encode import encode
from nearfar.encode.jpeg import xmp_of
from nearfar.encode.place import without_place
from nearfar.errors import ParameterError
from nearfar.ops.alpha import shown
from nearfar.ops.colormap import colorize
from nearfar.ops.orientation import as_stored
from nearfar.options import option
from nearfar.types.picture import to_8_bits

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo

NEARFAR = "https://nearfar.dev/ns/1.0/"
_GUESSED = (1.0, 10.0)  # near and far of depth without a scale: readers want two numbers above 0
_MOST_XMP = 60_000
_QUALITY = 95
_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    "{}</rdf:RDF></x:xmpmeta>"
)
_DEPTH_OF_OTHERS = re.compile(r"photos/(1\.0|dd/1\.0)/(depthmap|container|device)/|HasExtendedXMP")


@dataclass(frozen=True, slots=True)
class PhotoFileOptions:
    """How depth becomes a picture within the photo."""

    bits: int = option(8, "Bits of a value: 8 as phones write, or 16 for few programs.", low=8, high=16)
    quality: int = option(_QUALITY, "JPEG quality, where the photo itself is no JPEG file.", low=1, high=100)


@dataclass(frozen=True, slots=True)
class Written:
    """Depth as a picture: 0 is ``near``, the largest number ``far``; ``format`` says what lies between."""

    picture: bytes
    sure: bytes
    format: str
    near: float
    far: float
    units: str
    record: str


def base_of(photo: Photo | None, depth: DepthMap, quality: int) -> tuple[bytes, int]:
    """The JPEG that carries the depth, and its EXIF orientation: the photo's own bytes where it was one.

    Only the place where it was taken is blank: no result tells that unasked.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    if photo is None:
        return encode(colorize(depth.near_is_large()), ".jpg", quality=quality), 1
    if (photo.height, photo.width) != depth.values.shape:
        raise ParameterError(
            f"The photo is {photo.width}×{photo.height}, but its depth {depth.width}×{depth.height} pixels.",
            "Give the photo that the depth was made from.",
        )
    if photo.encoded and photo.format in {"JPEG", "MPO"}:
        return without_place(photo.encoded), photo.orientation
    return encode(to_8_bits(shown(photo)), ".jpg", quality=quality), 1


def written(depth: DepthMap, orientation: int, bits: int) -> Written:
    """Depth as the picture that stands in the file, turned as the file's own."""
    near, far, share, form = _between(depth)
    valid = np.ones(share.shape, np.bool_) if depth.valid is None else depth.valid
    top, kind = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    numbers = np.rint(np.where(valid, np.clip(share, 0, 1), 1) * top).astype(kind)
    sure = b"" if depth.valid is None else encode(_stored(valid.astype(np.uint8) * 255, orientation))
    units = "m" if depth.kind is DepthKind.METRIC else ""
    record = {key: value for key, value in depth.describe().items() if key != "warnings"}
    return Written(encode(_stored(numbers, orientation)), sure, form, near, far, units, json.dumps(record))


def _stored(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    return np.ascontiguousarray(as_stored(array, orientation))


def _between(depth: DepthMap) -> tuple[float, float, npt.NDArray[np.float64], str]:
    """Near, far, (H, W) share of the way from near to far, and what is linear on that way."""
    low, high = depth.value_range
    values = depth.values.astype(np.float64)
    span = high - low or 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        if depth.kind is DepthKind.RELATIVE_INVERSE:
            return *_GUESSED, (high - values) / span, "RangeInverse"
        if depth.kind is DepthKind.AFFINE_DEPTH or low <= 0 or low == high:
            ends = _GUESSED if depth.kind is DepthKind.AFFINE_DEPTH else (low, high)
            return *ends, (values - low) / span, "RangeLinear"
        share = (1 / low - 1 / np.maximum(values, low)) / (1 / low - 1 / high)
        return low, high, share, "RangeInverse"


def packet(base: bytes, description: str) -> str:
    """XMP with a description in it: within the file's own where that holds no depth, else in place of it."""
    main, extended = xmp_of(base)
    is_free = "</rdf:RDF>" in main and not extended and not _DEPTH_OF_OTHERS.search(main)
    if is_free and len(main.encode()) + len(description.encode()) < _MOST_XMP and "{" not in main:
        return main.replace("</rdf:RDF>", description + "</rdf:RDF>", 1)
    return _PACKET.format(description)


def attribute(name: str, value: object) -> str:
    """One property as an attribute."""
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return f' {name}="{html.escape(text, quote=True)}"'
