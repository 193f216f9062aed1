"""Bytes of a raster picture, or a PIL image, to a photo."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode._color import to_srgb
from nearfar.decode._exif import exif_facts, upright, upright_camera
from nearfar.errors import BrokenImageError, NearfarError, UnsupportedFormatError
from nearfar.types import Photo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from PIL.Image import Image

    CheckPixels = Callable[..., None]  # (width, height, name)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "HEIF")
_HINT = "Give a JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF file."
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_HAS_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}
_GREY_16 = {"I;16", "I;16B", "I;16L", "I;16N"}


def decode_bytes(data: bytes, name: str, check_pixels: CheckPixels) -> Photo:
    """The first picture of a file's bytes.

    Raises:
        UnsupportedFormatError: no format that we read.
        BrokenImageError: damaged.
        TooLargeError: from ``check_pixels``, called with the size before pixels are allocated.
    """
    if data.startswith(_PNG_SIGNATURE) and len(data) >= 24:
        check_pixels(*struct.unpack(">II", data[16:24]), name)  # even where nothing follows the header
    try:
        image = _open(data, name)
        check_pixels(*image.size, name)
        return _to_photo(image, data, name)
    except NearfarError:
        raise
    except Exception as exc:  # decoders of foreign bytes raise anything
        raise BrokenImageError(
            f"{name} is damaged and cannot be decoded: {exc}.", "Save or download it again."
        ) from exc


def from_pil(image: Image, name: str) -> Photo:
    """The photo in a PIL image, which may still be lazy.

    Raises:
        BrokenImageError: its file is damaged.
        UnsupportedFormatError: a mode that holds no photo.
    """
    try:
        return _to_photo(image, b"", name)
    except NearfarError:
        raise
    except Exception as exc:  # decoders of foreign bytes raise anything
        raise BrokenImageError(f"{name} is damaged and cannot be decoded: {exc}.") from exc


def _open(data: bytes, name: str) -> Any:
    """A lazy image: its header is read, its pixels are not.

    Pillow's own plug-ins are asked one by one instead of ``Image.open``, whose limit on pixels is a global
    of the process that belongs to whoever uses us; our limit is checked by the caller.
    """
    from PIL import Image

    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return _open_heif(data)
    Image.init()
    prefix = data[:16]
    for kind in FORMATS:
        factory, accept = Image.OPEN.get(kind, (None, None))
        if factory is not None and accept is not None and accept(prefix) is True:
            return factory(io.BytesIO(data), "")
    raise UnsupportedFormatError(f"{name} is not a picture in a format that nearfar reads.", _HINT)


def _open_heif(data: bytes) -> Any:
    import pi_heif

    return pi_heif.open_heif(data, convert_hdr_to_8bit=True)


def _to_photo(image: Any, data: bytes, name: str) -> Photo:
    if not hasattr(image, "getexif"):  # a HEIF container: already upright
        image = image.to_pillow()
    kind = str(image.format or "image")
    facts = exif_facts(image)
    rgb, alpha = _sixteen_bits(image, data) or _eight_bits(image, name)
    rgb, alpha = upright(rgb, facts.orientation), upright(alpha, facts.orientation)
    camera = upright_camera(facts.camera, facts.orientation, rgb.shape[1], rgb.shape[0])
    return Photo(rgb, alpha, camera, name, kind)


def _sixteen_bits(image: Image, data: bytes) -> tuple[Any, Any] | None:
    """(RGB, alpha or None) in uint16 where the picture has 16 bits and no profile to convert from."""
    if image.mode in _GREY_16:
        grey = np.asarray(image).astype(np.uint16)
        return np.ascontiguousarray(np.broadcast_to(grey[..., None], (*grey.shape, 3))), None
    if image.info.get("icc_profile") or not _is_colour_16(image):
        return None
    return _split(_by_opencv(data))


def _is_colour_16(image: Any) -> bool:
    """True for a PNG or TIFF of 16 bits a channel, which Pillow would cut to 8."""
    if image.format == "TIFF":
        bits = image.tag_v2.get(258, ())
        return image.mode in {"RGB", "RGBA"} and bool(bits) and set(bits) == {16}
    tiles = getattr(image, "tile", None) or []
    return image.format == "PNG" and bool(tiles) and "16" in str(tiles[0][3])


def _by_opencv(data: bytes) -> npt.NDArray[Any]:
    import cv2

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("its pixels end early")
    if pixels.ndim == 2:
        return pixels[..., None]
    if pixels.shape[2] == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _split(pixels: npt.NDArray[Any]) -> tuple[Any, Any]:
    channels = pixels.shape[2]
    colours = pixels[..., :1] if channels < 3 else pixels[..., :3]
    rgb = np.ascontiguousarray(np.broadcast_to(colours, (*pixels.shape[:2], 3)))
    return rgb, np.ascontiguousarray(pixels[..., -1]) if channels in {2, 4} else None


def _eight_bits(image: Image, name: str) -> tuple[Any, Any]:
    if image.mode in {"I", "F"}:
        raise UnsupportedFormatError(
            f"{name} holds measurements (mode {image.mode}), not a photo's colours.",
            "Save it with 8 or 16 bits a channel.",
        )
    profile = image.info.get("icc_profile")
    alpha = None
    if image.mode in _HAS_ALPHA or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
    elif image.mode in {"P", "1"}:
        image = image.convert("RGB")
    if alpha is not None:
        image = image.convert("RGB")
    return np.asarray(to_srgb(image, profile)), alpha
