"""What a TIFF claims: its directories, and the tiles and strips of each page that could be the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.decode import _tiff as t
from nearfar.decode._gate_exif import check_directories
from nearfar.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.decode._tiff import Page

MOST_PIXEL_BYTES = 32
"""Of all samples of a pixel together: four of 64 bits."""
_FREE_TILE = 2**22  # pixels of a tile, or of a strip, that any picture may have


def check(data: bytes, name: str, check_pixels: Callable[[int, int, str], None]) -> None:
    """TooLargeError where a page has more pixels, larger tiles or more samples than are read."""
    check_directories(data, name)
    try:
        pages = t.read_pages(data)
    except ValueError:
        return  # the decoder says what is wrong
    for page in (t.largest_page(pages), pages[0]):
        check_pixels(page.width, page.height, name)
        _check_samples(page, name)
        _check_tiles(page, name)
        _check_parts(page, name)


def _check_samples(page: Page, name: str) -> None:
    bits = max(page.numbers(t.BITS) or (1,))
    if page.samples * bits > 8 * MOST_PIXEL_BYTES:
        raise TooLargeError(
            f"{name} has {page.samples} samples of {bits} bits a pixel, but at most {MOST_PIXEL_BYTES} bytes "
            "were expected.",
            "Save it as RGB of 8 or 16 bits a channel.",
        )


def _check_tiles(page: Page, name: str) -> None:
    """A decoder makes room for a whole tile, however small the picture."""
    if t.TILE_WIDTH not in page.tags and t.TILE_HEIGHT not in page.tags:
        return
    width, height = page.number(t.TILE_WIDTH), page.number(t.TILE_HEIGHT)
    if width * height > max(_FREE_TILE, 2 * page.width * page.height) or max(width, height) > 2**16:
        raise TooLargeError(
            f"{name} has tiles of {width}×{height} pixels for a picture of {page.width}×{page.height}.",
            "Save it in strips.",
        )


def _check_parts(page: Page, name: str) -> None:
    """Parts that lie over each other are copied, and unpacked, once each; those beyond the end are not."""
    end, total = len(page.data), 0
    for at_tag, count_tag in ((t.STRIP_OFFSETS, t.STRIP_COUNTS), (t.TILE_OFFSETS, t.TILE_COUNTS)):
        pairs = zip(page.numbers(at_tag), page.numbers(count_tag), strict=False)
        total += sum(size for at, size in pairs if 0 < size <= end - at)
    if total > 2 * len(page.data):
        raise TooLargeError(
            f"{name} has parts of {total:,} bytes together in a file of {len(page.data):,}.", "Save it again."
        )
