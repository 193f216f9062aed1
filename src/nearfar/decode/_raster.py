"""Bytes of a raster picture, or a PIL image, to a photo."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode._bare_jpeg import by_turbo, read_bare
from nearfar.decode._color import grey16_to_srgb, to_srgb
from nearfar.decode._exif import ExifFacts, exif_camera, exif_facts
from nearfar.decode._gate import admit
from nearfar.decode._gate_exif import check_exif
from nearfar.decode._libheif import open_heif
from nearfar.decode._plain import PLUGINS, open_plain
from nearfar.decode._quiet import quiet_pillow
from nearfar.decode._signature import jpeg_fault
from nearfar.encode.jpeg import EXTENDED, MPF, XMP, segments, xmp_of
from nearfar.errors import BrokenImageError, NearfarError, UnsupportedFormatError
from nearfar.ops.orientation import upright
from nearfar.types import Camera, Photo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from PIL.Image import Image

    CheckPixels = Callable[..., None]  # (width, height, name)
    Needed = Callable[[int, int], tuple[int, int]]  # (width, height) of a photo to those that are enough
    Planes = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]  # (H, W, 3) colours, (H, W) alpha or None

FORMATS = (*PLUGINS, "HEIF", "PNM", "JXL")
_GREY_16 = {"I;16", "I;16B", "I;16L", "I;16N"}
_BAND_ROWS = 256
_END_OF_IMAGE = b"\xff\xd9"
_BITS_PER_SAMPLE, _PHOTOMETRIC, _XMP_TAG = 258, 262, 700  # of TIFF


def decode_bytes(data: bytes, name: str, check_pixels: CheckPixels, needed: Needed | None = None) -> Photo:
    """The first picture of a file's bytes; a JPEG only as large as ``needed`` says, or somewhat larger.

    Raises:
        UnsupportedFormatError: no format that we read.
        BrokenImageError: damaged.
        TooLargeError: over a bound of the gate; from ``check_pixels``, called before pixels are allocated.
    """
    kind = admit(data, name, check_pixels)
    if kind == "JPEG" and (bare := _bare_photo(data, name, needed)):
        return bare
    try:
        with quiet_pillow():
            if kind in _OWN:
                found = _OWN[kind](data, name, check_pixels)
                if isinstance(found, Photo):
                    return replace(found, encoded=data)
                data = found
            image = open_picture(data, kind, name)
            check_pixels(*image.size, name)
            photo = _to_photo(image, data, name, needed if kind == "JPEG" else None)
            return replace(photo, encoded=data, own_depth=_own_depth_in(data, kind))
    except NearfarError:
        raise
    except Exception as exc:  # decoders of foreign bytes raise anything
        raise BrokenImageError(
            f"{name} is damaged and cannot be decoded: {_reason(exc)}.", "Save or download it again."
        ) from exc


def _bare_photo(data: bytes, name: str, needed: Needed | None) -> Photo | None:
    """The photo of a JPEG with nothing but its picture; None where the file is another one, or is odd."""
    found = read_bare(data)
    if found is None:
        return None
    size = found.size if needed is None else found.reduced(needed(*found.size))
    pixels = by_turbo(data, *size)
    if pixels is None or pixels.shape[1::-1] != size:
        return None
    full = None if size == found.size else found.size
    return Photo(pixels, None, None, name, "JPEG", full, encoded=data)


def _own_depth_in(data: bytes, kind: str) -> str:
    """What the depth is called that the photo carries; empty where it carries none."""
    marks = (XMP, EXTENDED, MPF)
    if kind == "JPEG" and not any(segment.body.startswith(marks) for segment in segments(data)):
        return ""
    from nearfar.decode.own_depth import find_own_depth

    carried = find_own_depth(data)
    return carried.title if carried else ""


def from_pil(image: Image, name: str) -> Photo:
    """The photo in a PIL image, which may still be lazy.

    Raises:
        BrokenImageError: its file is damaged.
        UnsupportedFormatError: a mode that holds no photo.
    """
    try:
        with quiet_pillow():
            return _to_photo(image, b"", name)
    except NearfarError:
        raise
    except Exception as exc:  # decoders of foreign bytes raise anything
        raise BrokenImageError(f"{name} is damaged and cannot be decoded: {_reason(exc)}.") from exc


def _reason(exc: Exception) -> str:
    return str(exc).strip().rstrip(".") or type(exc).__name__


def open_picture(data: bytes, kind: str, name: str) -> Any:
    """A lazy image, its header read and its pixels not, of bytes that came through the gate as that kind."""
    if kind == "HEIF":
        return open_heif(data)
    if kind == "JPEG" and (fault := jpeg_fault(data)):
        raise UnsupportedFormatError(
            f"{name} is a JPEG {fault}, which nearfar does not read.", "Save it as an 8-bit JPEG or as PNG."
        )
    if kind == "JXL":
        return _open_jxl(data, name)
    try:
        return open_plain(data, kind)
    except SyntaxError as exc:
        if kind == "TIFF" and "pixel mode" in str(exc):
            from nearfar.decode._tiff import read_pages
            from nearfar.decode._tiff_photo import unknown_layout

            raise unknown_layout(read_pages(data)[0], name) from exc
        raise


def _open_jxl(data: bytes, name: str) -> Any:
    """A JPEG XL image by the plug-in for Pillow, where it is installed."""
    try:
        from pillow_jxl import JpegXLImagePlugin
    except ImportError as exc:
        raise UnsupportedFormatError(
            f"{name} is a JPEG XL picture, and the library that reads it is not installed.",
            'Install it: pip install "nearfar[jxl]"; or save the picture as PNG or JPEG.',
        ) from exc
    return JpegXLImagePlugin.JXLImageFile(io.BytesIO(data))


def _tiff_photo(data: bytes, name: str, check_pixels: CheckPixels) -> Photo | bytes:
    """The photo of a TIFF; or its bytes as a decoder of plain ones reads them."""
    from nearfar.decode._tiff import ORIENTATION, PLANAR, as_classic, main_page, read_pages
    from nearfar.decode._tiff_photo import is_ours, planes_of
    from nearfar.decode._tiff_pixels import refuse_compression

    pages = read_pages(data)
    page = main_page(pages, name)
    check_pixels(page.width, page.height, name)
    refuse_compression(page, name)
    if not is_ours(page, name):
        is_plain = page is pages[0] and not page.is_big and (page.samples > 1 or page.number(PLANAR, 1) == 1)
        return data if is_plain else as_classic(page)
    found = page.number(ORIENTATION, 1)
    facts = ExifFacts(found if 1 <= found <= 8 else 1, page.exif())
    rgb, alpha = (upright(plane, facts.orientation) for plane in planes_of(page, name))
    size = rgb.shape[1], rgb.shape[0]
    words = bytes(value & 255 for value in page.numbers(_XMP_TAG)).decode("utf-8", "replace")
    camera = _round_camera(words, *size) or exif_camera(facts, *size)
    return Photo(np.ascontiguousarray(rgb), alpha, camera, name, "TIFF")


def _pnm_photo(data: bytes, name: str, check_pixels: CheckPixels) -> Photo:
    from nearfar.decode._pnm import pnm_planes

    rgb, alpha = pnm_planes(data, name, check_pixels)
    return Photo(rgb, alpha, name=name, format="PNM")


_OWN: dict[str, Callable[[bytes, str, CheckPixels], Photo | bytes]] = {
    "TIFF": _tiff_photo,
    "PNM": _pnm_photo,
}
"""Formats whose layout is read here."""


def _to_photo(image: Any, data: bytes, name: str, needed: Needed | None = None) -> Photo:
    if not hasattr(image, "getexif"):  # a HEIF container: it turns the picture itself, and says how
        image = image.to_pillow()
        image.format = "HEIF"
    check_exif(image.info.get("exif") or b"", name)
    facts = exif_facts(image)
    was_turned = image.info.get("original_orientation")
    full = _reduce(image, needed, facts.orientation) if needed else None
    planes = _quick(image, data, is_whole=full is None)
    if planes is None:
        image.load()
    turn = exif_facts(image).orientation  # after loading: Pillow turns TIFFs itself
    if planes is None:
        planes = _sixteen_bits(image, data)
    if planes is None:
        planes = _eight_bits(image, data, name)
    rgb, alpha = (upright(plane, turn) for plane in planes)
    if was_turned:
        facts = type(facts)(was_turned, facts.tags)
    size = full or (rgb.shape[1], rgb.shape[0])
    camera = _round_camera(_xmp_in(image, data), *size) or exif_camera(facts, *size)
    format = str(image.format or "image")
    return Photo(rgb, alpha, camera, name, format, full, orientation=turn)


def _xmp_in(image: Any, data: bytes) -> str:
    """The XMP of a picture that was opened, of a PNG's read whole; empty where it has none."""
    if data.startswith(b"\xff\xd8"):
        return xmp_of(data)[0]
    kept = (image.info.get("xmp"), image.info.get("XML:com.adobe.xmp"))
    found = next((words for words in kept if words), None) or getattr(image, "tag_v2", {}).get(_XMP_TAG, "")
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)


def _round_camera(xmp: str, width: int, height: int) -> Camera | None:
    """The camera of a picture whose XMP says that it is a panorama of a whole turn (GPano); else None."""
    if not xmp:
        return None
    from nearfar.decode._xmp import number, properties

    found = properties(xmp)
    if found.get("GPano:ProjectionType", "").lower() != "equirectangular":
        return None
    whole = number(found, "GPano:FullPanoWidthPixels")
    part = number(found, "GPano:CroppedAreaImageWidthPixels")
    is_whole = (whole is None or part is None or whole == part) and 1.9 <= width / height <= 2.1
    return Camera.equirectangular(width, height) if is_whole else None


def _reduce(image: Any, needed: Needed, orientation: int) -> tuple[int, int] | None:
    """Let a JPEG's decoder give half, a quarter or an eighth of its size where that is enough.

    Gives (width, height) of the whole upright picture, or None where it will be decoded whole.
    """
    is_lying = orientation >= 5
    whole = image.size
    full = whole[::-1] if is_lying else whole
    least = needed(*full)
    image.draft(None, least[::-1] if is_lying else least)
    return None if image.size == whole else full


def _quick(image: Any, data: bytes, *, is_whole: bool) -> Planes | None:
    """The planes of a plain JPEG in sRGB at the image's size, the same pixels as Pillow's; else None.

    By libjpeg-turbo, right into their array; where it is absent or stumbles, and the photo is wanted whole,
    by OpenCV. What is odd about a file (cut off, CMYK, a colour profile) is left to Pillow, which tells it.
    """
    is_plain = image.format == "JPEG" and image.mode == "RGB" and not image.info.get("icc_profile")
    if not is_plain or not data.rstrip(b"\0").endswith(_END_OF_IMAGE):
        return None
    pixels = by_turbo(data, *image.size)
    if pixels is None and is_whole:
        pixels = _rgb_by_opencv(data)
    return None if pixels is None or pixels.shape[1::-1] != image.size else (pixels, None)


def _rgb_by_opencv(data: bytes) -> npt.NDArray[Any] | None:
    """(H, W, 3) uint8 of a JPEG, whole."""
    import cv2

    is_direct = hasattr(cv2, "IMREAD_COLOR_RGB")  # since OpenCV 4.11; before, the order is turned afterwards
    flags = cv2.IMREAD_COLOR_RGB if is_direct else cv2.IMREAD_COLOR
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    return pixels if pixels is None or is_direct else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)


def _sixteen_bits(image: Any, data: bytes) -> Planes | None:
    """The planes in uint16 where the picture has 16 bits a channel, else None.

    Colour with a profile is left to the 8-bit path: Little CMS within Pillow has no 16 bits.
    """
    if image.mode in _GREY_16:
        return _grey_16(image)
    if not data or image.info.get("icc_profile") or not _is_colour_16(image, data):
        return None
    return _split(_by_opencv(data))


def _grey_16(image: Any) -> Planes:
    grey = np.asarray(image).astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, (16,))[0]
    if bits < 16:
        grey <<= 16 - bits
    if tags.get(_PHOTOMETRIC) == 0:  # white is zero
        grey = 65535 - grey
    hidden = image.info.get("transparency")
    alpha = None if hidden is None else np.where(grey == hidden, 0, 65535).astype(np.uint16)
    profile = image.info.get("icc_profile")
    table = grey16_to_srgb(profile) if profile else None
    if table is not None:
        return table[grey], alpha
    return _three(grey), alpha


def _is_colour_16(image: Any, data: bytes) -> bool:
    """True for a PNG of 16 bits a channel, which Pillow would cut to 8."""
    return bool(image.format == "PNG" and data[24:25] == b"\x10")


def _by_opencv(data: bytes) -> npt.NDArray[Any]:
    """(H, W, C), RGB order."""
    import cv2

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("its pixels cannot be decoded")
    if pixels.ndim == 2:
        return pixels[..., None]
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _split(pixels: npt.NDArray[Any]) -> Planes:
    if pixels.shape[2] == 1:
        return _three(pixels[..., 0]), None
    alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
    return np.ascontiguousarray(pixels[..., :3]), alpha


def _three(grey: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.repeat(grey[..., None], 3, axis=2)


def _eight_bits(image: Any, data: bytes, name: str) -> Planes:
    if image.mode in {"I", "F"}:
        raise UnsupportedFormatError(
            f"{name} holds measurements (mode {image.mode}), not a photo's colours.",
            "Save it with 8 or 16 bits a channel.",
        )
    profile = image.info.get("icc_profile")
    alpha = None
    if image.has_transparency_data:
        plain = "L" if image.mode in {"1", "L", "LA", "La"} else "RGB"
        image = _with_alpha(image, data)
        alpha = np.asarray(image.getchannel("A"))
        image = image.convert(plain)
    elif image.mode not in {"L", "RGB", "CMYK", "LAB"}:
        image = image.convert("L" if image.mode == "1" else "RGB")
    return _pixels(to_srgb(image, profile)), alpha


def _with_alpha(image: Any, data: bytes) -> Any:
    """The image as RGBA, its colours not multiplied by alpha."""
    bits = data[24] if image.format == "PNG" and data else 8
    if image.mode == "L" and bits < 8:
        # Pillow spreads 2 and 4 bits over 0…255, but not the grey that stands for transparent.
        image.info["transparency"] = image.info["transparency"] * 255 // (2**bits - 1)
    if image.mode == "La":
        image = image.convert("LA")
    return image if image.mode == "RGBA" else image.convert("RGBA")


def _pixels(image: Any) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 of an RGB image, copied band by band: at once, Pillow needs twice the memory more."""
    width, height = image.size
    if height <= _BAND_ROWS:
        return np.array(image)
    out = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, height)
        out[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return out
