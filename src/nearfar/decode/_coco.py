"""Masks in COCO JSON: run lengths as numbers or as COCO's text, and polygons, of the one image meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError, TooLargeError
from nearfar.machine.texts import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    CheckPixels = Callable[[int, int, str], None]
    Corners = npt.NDArray[np.float64]  # (N, 2) x, y
    Mask = npt.NDArray[np.bool_]
    Row = Mapping[str, Any]

_MOST_PIXELS = 2**30  # of all masks of a file together, one after the other, and of polygons each by itself
_MOST_POINTS = 200_000  # of all polygons together
_MOST_JSON = 24 * 2**20
_MOST_PARTS = 1_000_000  # lists and objects of a JSON text, each of which takes a hundred bytes
_RUN_LETTERS = 7  # of one run length as text: 35 bits
_MOST_NAMES = 10  # images that a message lists


@dataclass(frozen=True, slots=True)
class Subject:
    """The photo that masks are for: its name (or COCO's number of it), and (width, height) where known."""

    name: str = ""
    size: tuple[int, int] | None = None


def masks_of_coco(data: bytes, name: str, subject: Subject, check: CheckPixels) -> Iterator[Mask]:
    """(H, W) bool, one an object, made when it is asked for.

    Args:
        data: the JSON text.
        name: what messages call it.
        subject: the photo that they are for.
        check: called with the width and height of each mask, before anything is made of it.

    Raises:
        BrokenImageError: no JSON, or no COCO masks in it.
        TooLargeError: more JSON, points or pixels than are read; from ``check`` too.
        ParameterError: it has masks of several images, and none of them is the subject's; all are named.
    """
    found = _parsed(data, name)
    try:
        rows, images = _rows(found), _images(found)
        rows = _of_one_image(rows, images, subject.name, name)
        work = Work(name, check)
        for row in rows:
            yield _mask(row, images, subject, work)
    except (ParameterError, TooLargeError):
        raise
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, IndexError) as exc:
        raise BrokenImageError(
            f"{name} holds no COCO masks: {str(exc)[:200]}.",
            'Expected {"size": [h, w], "counts": ...} or polygons.',
        ) from exc


def _parsed(data: bytes, name: str) -> Any:
    """The values of a JSON text that is neither too long nor of too many parts."""
    parts = data.count(b"[") + data.count(b"{")
    if len(data) > _MOST_JSON or parts > _MOST_PARTS:
        raise TooLargeError(
            f"{name} has {len(data) / 2**20:.1f} MiB and {parts:,} lists and objects, but at most "
            f"{_MOST_JSON / 2**20:g} MiB and {_MOST_PARTS:,} were expected.",
            "Keep the masks of this photo alone.",
        )
    try:
        return parse_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as exc:
        raise BrokenImageError(f"{name} is not JSON: {exc}.", "Save it again as JSON.") from exc


@dataclass(slots=True)
class Work:
    """What the masks of a file have taken so far, each counted before it is made."""

    name: str
    check: CheckPixels
    pixels: int = 0
    points: int = 0

    def take(self, width: int, height: int, points: int = 0) -> None:
        """TooLargeError where one more mask of that size is too large, or too much with those before."""
        if width < 1 or height < 1:
            raise ValueError(f"a picture of {width}×{height} pixels")
        self.check(width, height, self.name)
        self.points += points
        self.draw(width * height)

    def draw(self, pixels: int) -> None:
        """TooLargeError where so many pixels more are too much with those before."""
        self.pixels += pixels
        if self.pixels > _MOST_PIXELS or self.points > _MOST_POINTS:
            raise TooLargeError(
                f"{self.name} has masks of {self.pixels / 1e6:,.0f} megapixels and {self.points:,} points in "
                f"all, but at most {_MOST_PIXELS / 1e6:,.0f} megapixels and {_MOST_POINTS:,} were expected.",
                "Keep the masks of this photo alone.",
            )


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


def _mask(row: Row, images: dict[str, Row], subject: Subject, work: Work) -> Mask:
    what = row.get("segmentation", row)
    if isinstance(what, list):
        corners = [_corners(polygon) for polygon in what]
        size = _size(row, images, subject, corners)
        work.take(*size, sum(map(len, corners)))
        return _filled(corners, size, work)
    return _run_lengths(what, work)


def _size(row: Row, images: dict[str, Row], subject: Subject, polygons: Sequence[Corners]) -> tuple[int, int]:
    """(width, height) of the picture that polygons are drawn in."""
    image = images.get(str(row.get("image_id", "")), {})
    if "width" in image and "height" in image:
        return int(image["width"]), int(image["height"])
    if subject.size is not None:
        return subject.size
    right, bottom = np.ceil(np.concatenate(polygons).max(axis=0)).astype(int).tolist()
    return max(1, right), max(1, bottom)


def _corners(polygon: Any) -> npt.NDArray[np.float64]:
    """(N, 2) (x, y) of a polygon's list of numbers."""
    numbers = np.asarray(polygon, np.float64).reshape(-1, 2)
    if len(numbers) < 3 or not np.isfinite(numbers).all() or np.abs(numbers).max() > 1e6:
        raise ValueError("a polygon has three or more points in the picture")
    return numbers


def _filled(polygons: Sequence[Corners], size: tuple[int, int], work: Work) -> Mask:
    """(H, W) bool: pixels whose centre lies within one of the polygons (even-odd); (0, 0) is a corner."""
    width, height = size
    inside = np.zeros((height, width), np.bool_)
    for corners in polygons:
        low = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (width, height)).astype(int)
        across, down = (high - low).tolist()
        if across < 1 or down < 1:
            continue
        work.draw(across * down + len(corners) * down)
        flips = np.zeros((down, across + 1), np.uint8)
        moved = corners - low
        for (x0, y0), (x1, y1) in zip(moved, np.roll(moved, -1, axis=0), strict=True):
            _flip(flips, (x0, y0), (x1, y1))
        part = (np.cumsum(flips[:, :across], axis=1, dtype=np.uint8) % 2).astype(np.bool_)
        inside[low[1] : high[1], low[0] : high[0]] |= part
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


def _run_lengths(row: Any, work: Work) -> Mask:
    """(H, W) bool: runs of outside and inside in turn, down the columns."""
    height, width = (int(n) for n in row["size"])
    work.take(width, height)
    counts = row["counts"]
    if len(counts) > _RUN_LETTERS * (height * width + 1):
        raise ValueError(f"{len(counts):,} counts for {width}×{height}")
    runs = _numbers(counts) if isinstance(counts, str) else np.array(counts, np.int64)
    is_sound = runs.ndim == 1 and not ((runs < 0) | (runs > height * width)).any()
    if not is_sound or int(runs.sum()) != height * width:
        raise ValueError(f"runs that do not fill {width}×{height}")
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(inside.reshape(width, height).T)


def _numbers(text: str) -> npt.NDArray[np.int64]:
    """Run lengths of COCO's text: groups of five bits, lowest first, from the fourth on as differences.

    Bit 32 of a character says that more follow; the last one's bit 16 is the sign.
    """
    parts = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero((parts & 32) == 0)
    if not len(parts) or not len(ends):
        return np.zeros(0, np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if int(lengths.max()) > _RUN_LETTERS:
        raise ValueError("a run of more pixels than any picture has")
    parts = parts[: int(ends[-1]) + 1]
    shifts = 5 * (np.arange(len(parts)) - np.repeat(starts, lengths))
    values = np.add.reduceat((parts & 31) << shifts, starts)
    values -= np.where(parts[ends] & 16, np.int64(1) << 5 * lengths, 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
