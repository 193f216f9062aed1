"""Pixels to the bytes of a picture file, with what they mean in text chunks."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

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
_PNG_SIDE = 1_000_000  # pixels, libpng's limit
CLIP_TYPES = {
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
_PNG_HEADER_BYTES = 8 + 25  # signature, then the IHDR chunk: texts go right behind it


def encode(
    pixels: Pixels, suffix: str = ".png", text: Mapping[str, str] | None = None, *, quality: int = 95
) -> bytes:
    """The bytes of a picture file.

    Args:
        pixels: H×W (grey), H×W×3 (RGB) or H×W×4 (RGBA); uint8, or uint16 for PNG.
        suffix: ``.png``, ``.jpg``, ``.jpeg`` or ``.webp``.
        text: key to value, kept in the text chunks of a PNG (other formats have none).
        quality: 1 to 100, of the formats that lose something.

    Raises:
        ParameterError: a suffix that we do not write, or 16 bits in a format that has 8.
    """
    key = suffix.lower()
    if key not in MEDIA_TYPES:
        raise ParameterError(f"Pictures are not written as '{suffix}'.", did_you_mean(key, MEDIA_TYPES))
    if not 1 <= quality <= 100:
        raise ParameterError(f"quality is {quality}, but 1 to 100 was expected.", parameter="quality")
    if key == ".png":
        return _with_text(_png(pixels), text or {})
    if pixels.dtype.itemsize != 1:
        raise ParameterError(f"'{suffix}' holds 8 bits a channel.", "Write 16 bits as .png.")
    return _lossy(pixels, key, quality)


def _png(pixels: Pixels) -> bytes:
    """PNG for speed: level 1 and one filter for all rows, ten times faster than level 6."""
    import cv2

    is_deep = pixels.dtype.itemsize == 2  # smooth 16-bit maps repeat longer patterns than run lengths
    strategy = cv2.IMWRITE_PNG_STRATEGY_DEFAULT if is_deep else cv2.IMWRITE_PNG_STRATEGY_RLE
    fast = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, strategy]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # since OpenCV 4.12; before, all filters are tried on each row
        fast += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP if is_deep else cv2.IMWRITE_PNG_FILTER_SUB]
    if max(pixels.shape) > _PNG_SIDE:
        raise ParameterError(
            f"A picture of shape {pixels.shape} is too large for '.png'.", "Write it as .npy."
        )
    done, data = cv2.imencode(".png", _to_bgr(pixels), fast)
    if not done:
        raise ParameterError(f"A picture of shape {pixels.shape} cannot be written as PNG.")
    return data.tobytes()


def _to_bgr(pixels: Pixels) -> Pixels:
    import cv2

    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return cv2.cvtColor(pixels, code)


def _lossy(pixels: Pixels, suffix: str, quality: int) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels)
    if suffix in {".jpg", ".jpeg"} and image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    out = io.BytesIO()
    try:
        image.save(out, format="WEBP" if suffix == ".webp" else "JPEG", quality=quality)
    except (OSError, ValueError) as exc:  # WebP holds 16383 pixels a side, JPEG 65535
        raise ParameterError(
            f"A picture of {image.width}×{image.height} is too large for '{suffix}'.", "Write it as .png."
        ) from exc
    return out.getvalue()


def _with_text(png: bytes, text: Mapping[str, str]) -> bytes:
    chunks = b"".join(_text_chunk(key, value) for key, value in text.items())
    return png[:_PNG_HEADER_BYTES] + chunks + png[_PNG_HEADER_BYTES:]


def _text_chunk(key: str, value: str) -> bytes:
    """An iTXt chunk (UTF-8, not compressed): PNG specification, 11.3.4.5."""
    body = b"iTXt" + key.encode("latin-1")[:79] + b"\0\0\0\0\0" + value.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
