"""Masks in COCO JSON: run lengths as numbers or as COCO's text, and polygons, of the one image meant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]
    Row = Mapping[str, Any]

_MOST_PIXELS = 2**28
_MOST_NAMES = 10  # images that a message lists


@dataclass(frozen=True, slots=True)
class Subject:
    """The photo that masks are for: its name (or COCO's number of it), and (width, height) where known."""

    name: str = ""
    size: tuple[int, int] | None = None


def masks_of_coco(data: bytes, name: str, subject: Subject) -> list[Mask]:
    """(H, W) bool, one an object.

    Raises:
        BrokenImageError: no JSON, or no COCO masks in it.
        ParameterError: it has masks of several images, and none of them is the subject's; all are named.
    """
    try:
        found = json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as exc:
        raise BrokenImageError(f"{name} is not JSON: {exc}.") from exc
    try:
        rows, images = _rows(found), _images(found)
        rows = _of_one_image(rows, images, subject.name, name)
        return [_mask(row, images, subject) for row in rows]
    except ParameterError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as exc:
        raise BrokenImageError(
            f"{name} holds no COCO masks: {exc}.", 'Expected {"size": [h, w], "counts": ...} or polygons.'
        ) from exc


def _rows(found: Any) -> list[Row]:
    rows = found.get("annotations", [found]) if isinstance(found, dict) else found
    return [row for row in rows if row.get("segmentation", True)]


def _images(found: Any) -> dict[str, Row]:
    """The records of images by their number, as text: some write it as one, some as the other."""
    images = found.get("images", ()) if isinstance(found, dict) else ()
    return {str(image["id"]): image for image in images if "id" in image}


def _of_one_image(rows: list[Row], images: dict[str, Row], photo: str, name: str) -> list[Row]:
    """The rows of the image that is meant; all where there is one image, and none of another's name."""
    numbers = list(dict.fromkeys(str(row["image_id"]) for row in rows if "image_id" in row))
    meant = _meant(list(dict.fromkeys([*numbers, *images])), images, photo)
    if meant in numbers:
        return [row for row in rows if str(row.get("image_id", "")) == meant]
    if len(numbers) <= 1 and not meant:
        return rows
    called = [str(images.get(number, {}).get("file_name", number)) for number in numbers]
    listed = ", ".join(called[:_MOST_NAMES]) + (", ..." if len(called) > _MOST_NAMES else "")
    raise ParameterError(
        f"{name} holds masks of {len(numbers)} image{'s' * (len(numbers) != 1)} ({listed}), and "
        + (f"{photo} is none of them, or could be several." if photo else "it was not said which is meant."),
        "Name the photo as the file does, or give the masks of one image.",
        parameter="mask",
    )


def _meant(numbers: list[str], images: dict[str, Row], photo: str) -> str:
    """The number of the image that a photo is: most of its path agrees; empty where none stands out.

    Where no name agrees, that without its suffix may: the photo was converted.
    """
    if not photo:
        return ""
    path = _parts(photo)
    named = {number: _parts(str(images.get(number, {}).get("file_name", ""))) for number in numbers}
    for suffix in (True, False):
        shares = {number: _shared(path, parts, suffix=suffix) for number, parts in named.items() if parts}
        most = max(shares.values(), default=0)
        best = [number for number, share in shares.items() if share == most > 0]
        if best:
            return best[0] if len(best) == 1 else ""
    stem = PurePath(path[0]).stem.lstrip("0")
    return next((number for number in numbers if not named[number] and number.lstrip("0") == stem), "")


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path from its name up, in lower case."""
    return PurePath(path.replace("\\", "/").lower()).parts[::-1]


def _shared(one: tuple[str, ...], other: tuple[str, ...], *, suffix: bool) -> int:
    """How many parts of two paths agree from their names up."""
    count = 0
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        bare = not suffix and place == 0
        if (PurePath(left).stem != PurePath(right).stem) if bare else (left != right):
            break
        count += 1
    return count


def _mask(row: Row, images: dict[str, Row], subject: Subject) -> Mask:
    what = row.get("segmentation", row)
    if isinstance(what, list):
        return _filled(what, _size(row, images, subject, what))
    return _run_lengths(what)


def _size(row: Row, images: dict[str, Row], subject: Subject, polygons: Sequence[Any]) -> tuple[int, int]:
    """(width, height) of the picture that polygons are drawn in."""
    image = images.get(str(row.get("image_id", "")), {})
    if "width" in image and "height" in image:
        return int(image["width"]), int(image["height"])
    if subject.size is not None:
        return subject.size
    corners = np.concatenate([_corners(polygon) for polygon in polygons])
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
    return max(1, right), max(1, bottom)


def _corners(polygon: Any) -> npt.NDArray[np.float64]:
    """(N, 2) (x, y) of a polygon's list of numbers."""
    numbers = np.asarray(polygon, np.float64).reshape(-1, 2)
    if len(numbers) < 3 or not np.isfinite(numbers).all() or np.abs(numbers).max() > 1e6:
        raise ValueError("a polygon has three or more points in the picture")
    return numbers


def _filled(polygons: Sequence[Any], size: tuple[int, int]) -> Mask:
    """(H, W) bool: pixels whose centre lies within one of the polygons (even-odd); (0, 0) is a corner."""
    width, height = size
    if width < 1 or height < 1 or width * height > _MOST_PIXELS:
        raise ValueError(f"a picture of {width}×{height} pixels")
    inside = np.zeros((height, width), np.bool_)
    for polygon in polygons:
        corners = _corners(polygon)
        flips = np.zeros((height, width + 1), np.uint8)
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            _flip(flips, (x0, y0), (x1, y1))
        inside |= (np.cumsum(flips[:, :width], axis=1, dtype=np.uint32) % 2).astype(np.bool_)
    return inside


def _flip(flips: npt.NDArray[np.uint8], start: tuple[float, float], end: tuple[float, float]) -> None:
    """Count an edge at the first pixel centre to its right, in each row that it crosses."""
    (x0, y0), (x1, y1) = (start, end) if start[1] <= end[1] else (end, start)
    height, width = flips.shape
    first, last = max(0, int(np.ceil(y0 - 0.5))), min(height, int(np.ceil(y1 - 0.5)))
    if first >= last:
        return
    rows = np.arange(first, last)
    x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    columns = np.clip(np.ceil(x - 0.5), 0, width - 1).astype(np.intp)
    flips[rows, columns] += 1  # an edge meets a row once


def _run_lengths(row: Any) -> Mask:
    """(H, W) bool: runs of outside and inside in turn, down the columns."""
    height, width = (int(n) for n in row["size"])
    counts = row["counts"]
    runs = np.array(_numbers(counts) if isinstance(counts, str) else counts, np.int64)
    is_sound = height >= 1 and width >= 1 and height * width <= _MOST_PIXELS and not (runs < 0).any()
    if not is_sound or int(runs.sum()) != height * width:
        raise ValueError(f"runs of {int(runs.sum())} pixels for {width}×{height}")
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(inside.reshape(width, height).T)


def _numbers(text: str) -> list[int]:
    """Run lengths of COCO's text: groups of five bits, lowest first, from the third on as differences.

    Bit 32 of a character says that more follow; the last one's bit 16 is the sign.
    """
    numbers: list[int] = []
    value, shift = 0, 0
    for character in text:
        part = ord(character) - 48
        value |= (part & 31) << shift
        shift += 5
        if part & 32:
            continue
        if part & 16:
            value |= -1 << shift
        numbers.append(value + numbers[-2] if len(numbers) > 2 else value)
        value, shift = 0, 0
    return numbers
