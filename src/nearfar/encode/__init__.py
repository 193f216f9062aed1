"""Pixels to the bytes of a picture file, with what they mean in text chunks."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.encode.png import png
from nearfar.encode.tiff import tiff
from nearfar.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Pixels = npt.NDArray[Any]

MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
TIFF_TYPES = {".tiff": "image/tiff", ".tif": "image/tiff"}
"""Pictures of 8 or 16 bits for editors; depth of that suffix is written by the export."""
PICTURE_TYPES = MEDIA_TYPES | TIFF_TYPES
_PNG_SIDE = 1_000_000  # pixels, libpng's limit
_JPEG_SIDE = 65_500
CLIP_TYPES = {
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


def encode(
    pixels: Pixels,
    suffix: str = ".png",
    text: Mapping[str, str] | None = None,
    *,
    quality: int = 95,
    palette: Pixels | None = None,
) -> bytes:
    """The bytes of a picture file.

    Args:
        pixels: (H, W) (grey), (H, W, 3) (RGB) or (H, W, 4) (RGBA); uint8, or uint16 for PNG and TIFF.
        suffix: ``.png``, ``.jpg``, ``.jpeg``, ``.webp``, ``.tif`` or ``.tiff``.
        text: key to value, kept in the text chunks of a PNG (other formats have none).
        quality: 1 to 100, of the formats that lose something.
        palette: (K, 3) uint8 colours that (H, W) uint8 pixels are places in.

    Raises:
        ParameterError: a suffix that we do not write, or 16 bits in a format that has 8.
    """
    key = check_suffix(suffix)
    if not 1 <= quality <= 100:
        raise ParameterError(f"quality is {quality}, but 1 to 100 was expected.", parameter="quality")
    if key == ".png":
        _check_sides(pixels)
        return png(pixels, palette, b"".join(_text_chunk(*pair) for pair in (text or {}).items()))
    if palette is not None:
        pixels = palette[pixels]
    if key in TIFF_TYPES:
        return tiff(pixels)
    if pixels.dtype.itemsize != 1:
        raise ParameterError(f"'{suffix}' holds 8 bits a channel.", "Write 16 bits as .png or .tiff.")
    return _lossy(pixels, key, quality)


def check_suffix(suffix: str) -> str:
    """The suffix in small letters; ParameterError where no picture is written as it."""
    key = suffix.lower()
    if key not in PICTURE_TYPES:
        raise ParameterError(f"Pictures are not written as '{suffix}'.", did_you_mean(key, PICTURE_TYPES))
    return key


def _check_sides(pixels: Pixels) -> None:
    if max(pixels.shape) > _PNG_SIDE:
        raise ParameterError(
            f"A picture of shape {pixels.shape} is too large for '.png'.", "Write it as .npy."
        )


def _to_bgr(pixels: Pixels) -> Pixels:
    import cv2

    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return cv2.cvtColor(pixels, code)


def _lossy(pixels: Pixels, suffix: str, quality: int) -> bytes:
    is_jpeg = suffix in {".jpg", ".jpeg"}
    data = (_jpeg if is_jpeg else _webp)(pixels, quality)
    if data is None:
        size = f"{pixels.shape[1]}×{pixels.shape[0]}"
        raise ParameterError(f"A picture of {size} is too large for '{suffix}'.", "Write it as .png.")
    return data


def _jpeg(pixels: Pixels, quality: int) -> bytes | None:
    """None where it is too large. By OpenCV: twice as fast as Pillow."""
    import cv2

    if max(pixels.shape[:2]) > _JPEG_SIDE:
        return None
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = _over_white(pixels)
    done, data = cv2.imencode(".jpg", _to_bgr(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes() if done else None


def _over_white(pixels: Pixels) -> Pixels:
    """(H, W, 3) of RGBA."""
    from PIL import Image

    image = Image.fromarray(pixels)
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def _webp(pixels: Pixels, quality: int) -> bytes | None:
    """None where it is too large: WebP holds 16383 pixels a side."""
    from PIL import Image

    out = io.BytesIO()
    try:
        Image.fromarray(pixels).save(out, format="WEBP", quality=quality)
    except (OSError, ValueError):
        return None
    return out.getvalue()


def _text_chunk(key: str, value: str) -> bytes:
    """An iTXt chunk (UTF-8, not compressed): PNG specification, 11.3.4.5."""
    body = b"iTXt" + key.encode("latin-1")[:79] + b"\0\0\0\0\0" + value.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
