"""The samples of a TIFF page, as they stand: any planes, strips or tiles, bytes, order and predictor.

Decoders that others wrote cut 16 bits to 8, or take planes for pixels; so the layout is ours, and only the
unpacking of bytes is left to zlib and to libtiff (within Pillow), which does it for LZW, PackBits and others.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode import _tiff as t
from nearfar.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nearfar.decode._tiff import Page

_NONE, _DEFLATE, _BY_LIBTIFF = {1}, {8, 32946}, {5, 32773, 34925, 50000}
_WITH_PREDICTOR = {5, 8, 32946, 34925, 50000}  # of the others, libtiff passes the tag over
READ_COMPRESSIONS = _NONE | _DEFLATE | _BY_LIBTIFF
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}  # of SampleFormat
_SIZES = {"u": (8, 16, 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}
_MOST_SAMPLES = 64
_MOST_PADDING = 2**26  # bytes of tiles beyond the picture


def can_read(page: Page) -> bool:
    """Whether :func:`read_samples` knows the layout of a page."""
    return (
        page.compression in READ_COMPRESSIONS
        and page.number(t.FILL_ORDER, 1) == 1
        and page.bits in _SIZES.get(_kind(page), ())
        and 1 <= page.samples <= _MOST_SAMPLES
        and page.number(t.PREDICTOR, 1) in ({1, 2, 3} if _kind(page) == "f" else {1, 2})
    )


def refuse_compression(page: Page, name: str) -> None:
    """UnsupportedFormatError, the compression named, where no decoder here reads it."""
    known = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000, 50001}
    if page.compression not in known:
        called = t.COMPRESSIONS.get(page.compression, f"method {page.compression}")
        raise UnsupportedFormatError(
            f"{name} is a TIFF compressed with {called}, which nearfar does not read.",
            "Save it with LZW or deflate, or without compression.",
        )


def read_samples(page: Page) -> npt.NDArray[Any]:
    """(H, W, S) samples in the type that the file says, in the machine's byte order.

    Raises:
        ValueError: the file ends early or contradicts itself.
    """
    layout = _layout(page)
    dtype = np.dtype(f"{page.order}{_kind(page)}{page.bits // 8}")
    plane_count = page.samples if layout.is_planar else 1
    offsets, counts = _places(page, layout.count * plane_count)
    planes = []
    for plane in range(plane_count):
        part = slice(plane * layout.count, (plane + 1) * layout.count)
        chunks = [_chunk(page.data, at, size) for at, size in zip(offsets[part], counts[part], strict=True)]
        planes.append(_plane(page, chunks, layout, dtype))
    return planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Chunks are ``width``×``height`` pixels, ``across``×``down`` of them, with ``samples`` each."""

    width: int
    height: int
    across: int
    down: int
    samples: int
    is_tiled: bool
    is_planar: bool

    @property
    def count(self) -> int:
        return self.across * self.down


def _layout(page: Page) -> _Layout:
    is_planar = page.number(t.PLANAR, 1) == 2 and page.samples > 1
    samples = 1 if is_planar else page.samples
    is_tiled = t.TILE_OFFSETS in page.tags
    if is_tiled:
        width, height = page.number(t.TILE_WIDTH), page.number(t.TILE_HEIGHT)
    else:
        width, height = page.width, min(page.number(t.ROWS_PER_STRIP, page.height), page.height)
    if width < 1 or height < 1:
        raise ValueError(f"its tiles are {width}×{height} pixels")
    across, down = -(-page.width // width), -(-page.height // height)
    padding = across * width * down * height - page.width * page.height
    if padding * samples * page.bits // 8 > max(_MOST_PADDING, 3 * page.width * page.height * samples):
        raise ValueError(f"its tiles of {width}×{height} pixels are much larger than the picture")
    return _Layout(width, height, across, down, samples, is_tiled, is_planar)


def _places(page: Page, count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    at_tag, count_tag = (
        (t.TILE_OFFSETS, t.TILE_COUNTS) if t.TILE_OFFSETS in page.tags else (t.STRIP_OFFSETS, t.STRIP_COUNTS)
    )
    offsets, counts = page.numbers(at_tag), page.numbers(count_tag)
    if not counts and len(offsets) == 1:
        counts = (len(page.data) - offsets[0],)
    if len(offsets) < count or len(counts) < count:
        raise ValueError(f"it has {min(len(offsets), len(counts))} parts where {count} were expected")
    return offsets[:count], counts[:count]


def _chunk(data: bytes, at: int, size: int) -> bytes:
    if at < 0 or size < 0 or at + size > len(data):
        raise ValueError("it ends before its pixels do")
    return data[at : at + size]


def _plane(page: Page, chunks: Sequence[bytes], layout: _Layout, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """(H, W, S) of the chunks of one plane."""
    row_bytes = layout.width * layout.samples * dtype.itemsize
    rows = layout.count * layout.height if layout.is_tiled else page.height
    raw = _unpacked(page.compression, chunks, row_bytes, (layout.height, rows))
    predictor = page.number(t.PREDICTOR, 1) if page.compression in _WITH_PREDICTOR else 1
    values = _undo_predictor(raw, layout, dtype, predictor)
    if not layout.is_tiled:
        return values
    tiles = values.reshape(layout.down, layout.across, layout.height, layout.width, layout.samples)
    whole = tiles.swapaxes(1, 2).reshape(layout.down * layout.height, -1, layout.samples)
    return np.ascontiguousarray(whole[: page.height, : page.width])


def _unpacked(
    compression: int, chunks: Sequence[bytes], row_bytes: int, heights: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """(rows, bytes) of the chunks on top of each other; ``heights``: rows of a chunk, rows in all."""
    each, rows = heights
    if compression in _BY_LIBTIFF:
        return _by_libtiff(compression, chunks, row_bytes, heights)
    out = np.zeros((rows, row_bytes), np.uint8)
    for i, chunk in enumerate(chunks):
        part = out[i * each : (i + 1) * each]
        data = chunk if compression in _NONE else zlib.decompressobj().decompress(chunk, part.size)
        if len(data) < part.size:
            raise ValueError("a part of it holds fewer bytes than its rows have")
        part[:] = np.frombuffer(data, np.uint8, part.size).reshape(part.shape)
    return out


def _by_libtiff(
    compression: int, chunks: Sequence[bytes], row_bytes: int, heights: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """The same, unpacked by libtiff: the chunks are given to it as strips of a grey picture of bytes."""
    from PIL.TiffImagePlugin import TiffImageFile

    each, rows = heights
    offsets = (8 + np.cumsum([0, *(len(chunk) for chunk in chunks[:-1])])).tolist()
    tags: dict[int, tuple[int, ...]] = {
        t.WIDTH: (row_bytes,), t.HEIGHT: (rows,), t.BITS: (8,), t.COMPRESSION: (compression,),
        t.PHOTOMETRIC: (1,), t.STRIP_OFFSETS: tuple(offsets), t.SAMPLES: (1,), t.ROWS_PER_STRIP: (each,),
        t.STRIP_COUNTS: tuple(len(chunk) for chunk in chunks), t.PREDICTOR: (1,),
    }  # fmt: skip
    body = b"II*\0\0\0\0\0" + b"".join(chunks)
    image = TiffImageFile(io.BytesIO(t.as_classic(t.Page(body, "<", tags))), "")
    image.load()
    return np.array(image, np.uint8)


def _undo_predictor(
    raw: npt.NDArray[np.uint8], layout: _Layout, dtype: np.dtype[Any], predictor: int
) -> npt.NDArray[Any]:
    """(rows, width, samples) in the machine's order (TIFF 6.0, section 14; Adobe TechNote 3 for floats)."""
    native = dtype.newbyteorder("=")
    if predictor == 3 and dtype.kind == "f":
        each = raw.reshape(len(raw), -1, layout.samples)
        summed = np.cumsum(each, axis=1, dtype=np.uint8).reshape(len(raw), dtype.itemsize, -1)
        mixed = np.ascontiguousarray(summed.swapaxes(1, 2)).view(dtype.newbyteorder(">"))
        return mixed.reshape(len(raw), layout.width, layout.samples).astype(native)
    values = raw.view(dtype).reshape(len(raw), layout.width, layout.samples)
    if predictor == 2:
        whole = values.view(f"{dtype.str[0]}u{dtype.itemsize}")
        unsigned = native.str.replace(dtype.kind, "u")
        return np.cumsum(whole, axis=1, dtype=unsigned).view(native)
    return values.astype(native, copy=False)


def _kind(page: Page) -> str:
    formats = set(page.numbers(t.SAMPLE_FORMAT)) or {1}
    return _KINDS.get(formats.pop(), "") if len(formats) == 1 else ""
