"""Masks of objects: label pictures, binary pictures, COCO run lengths or arrays, to one label map."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError, SourceError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    MaskSource = str | os.PathLike[str] | bytes | npt.NDArray[Any]
    Masks = npt.NDArray[np.bool_]
    Labels = npt.NDArray[Any]

_MOST_BYTES = 2**31  # of all masks together: a photo that was taken for labels would fill the memory
_NPY = b"\x93NUMPY"
_SOFT_LEVELS, _SOFT_SHARE = 32, 0.75  # greys of a soft mask, and the share of it that is black or white


def read_mask(source: MaskSource | Sequence[MaskSource]) -> npt.NDArray[np.bool_]:
    """H×W bool from one mask: whatever :func:`read_masks` takes, all its objects together."""
    first, *others = _alike(source)
    inside = np.asarray(first != 0)
    for other in others:
        inside |= other != 0
    if not inside.any():
        raise _nothing()
    return inside


def read_masks(source: MaskSource | Sequence[MaskSource]) -> Masks:
    """N×H×W bool, one mask an object, from files or arrays.

    - a label picture (grey or palette): one object for each number other than 0;
    - a picture of 0 and one other number, a soft one (nearly all black or white), one in colours (bright is
      inside) or with alpha: one object;
    - several of them, of one size;
    - COCO JSON: a list of ``{"segmentation": {"size": [h, w], "counts": ...}}``, an object with
      ``annotations``, or one bare ``{"size", "counts"}``; counts as numbers or as COCO's text;
    - arrays, also in ``.npy`` files: H×W labels or bool, N×H×W bool.

    Raises:
        SourceError: a file cannot be read.
        UnsupportedFormatError: neither a picture nor JSON nor an array.
        BrokenImageError: run lengths that do not fill their picture.
        ParameterError: sizes differ, there is no object, or there are too many for the memory.
    """
    maps = _alike(source)
    numbers = [_labels_in(part) for part in maps]
    count = sum(map(len, numbers))
    if not count:
        raise _nothing()
    if count * maps[0].size > _MOST_BYTES:
        raise ParameterError(
            f"The masks hold {count} objects, more than fit into the memory at {maps[0].size / 1e6:.1f} "
            "megapixels.",
            "Give labels, not a photo.",
        )
    return np.stack([part == label for part, each in zip(maps, numbers, strict=True) for label in each])


def _nothing() -> ParameterError:
    return ParameterError("The masks hold no object.", "Give at least one pixel other than 0.")


def _labels_in(labels: Labels) -> list[Any]:
    """The numbers other than 0, in order."""
    if labels.dtype == np.bool_:
        return [True] if labels.any() else []
    is_small = labels.dtype.kind == "u" and labels.dtype.itemsize <= 2  # counting is faster than sorting
    found = np.flatnonzero(np.bincount(labels.ravel())) if is_small else np.unique(labels)
    return [label for label in found.tolist() if label != 0]


def _alike(source: MaskSource | Sequence[MaskSource]) -> list[Labels]:
    """The label maps of one source or of several; they must have one size."""
    sources: Any = source if isinstance(source, (list, tuple)) else [source]
    maps = [part for one in sources for part in _maps(one)]
    if not maps:
        raise _nothing()
    if len({one.shape for one in maps}) > 1:
        sizes = ", ".join(sorted({f"{m.shape[1]}×{m.shape[0]}" for m in maps}))
        raise ParameterError(f"Masks differ in size: {sizes}.", "Give masks of the photo's own size.")
    return maps


def _maps(source: MaskSource) -> list[Labels]:
    """H×W arrays of labels, 0 where there is no object."""
    if isinstance(source, np.ndarray):
        return _from_array(source)
    data, name = _read(source)
    if data.lstrip()[:1] in {b"{", b"["}:
        return list(_from_coco(data, name))
    if data.startswith(_NPY):
        return _from_npy(data, name)
    return [_from_picture(data, name)]


def _read(source: Any) -> tuple[bytes, str]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "the mask"
    if not isinstance(source, (str, os.PathLike)):
        raise ParameterError(f"A mask cannot be read from {type(source).__name__}.")
    try:
        return Path(source).read_bytes(), str(source)
    except OSError as exc:
        raise SourceError(f"{source} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc


def _from_array(array: npt.NDArray[Any]) -> list[Labels]:
    if array.ndim == 3 and array.dtype == np.bool_:
        return list(array)
    if array.ndim != 2 or array.dtype.kind not in "biu":
        raise ParameterError(
            f"A mask is H×W of whole numbers or bool, or N×H×W bool, not {array.shape} of {array.dtype}."
        )
    return [array]


def _from_npy(data: bytes, name: str) -> list[Labels]:
    import io

    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError) as exc:  # the last: a header that claims too much
        raise BrokenImageError(f"{name} is a damaged NumPy file: {exc}.") from exc
    return _from_array(array)


def _from_picture(data: bytes, name: str) -> Labels:
    import io

    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except Exception as exc:  # Pillow raises anything on what it cannot read
        raise UnsupportedFormatError(
            f"{name} is no mask: neither a picture, nor COCO JSON, nor a NumPy file."
        ) from exc
    if image.mode in {"RGBA", "LA", "PA"}:
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() < 255:
            return np.asarray(alpha > 127)
    if image.mode in {"RGB", "RGBA", "LA", "CMYK", "YCbCr"} or data.startswith(b"\xff\xd8"):
        return np.asarray(np.asarray(image.convert("L")) > 127)
    labels = _from_array(np.asarray(image))[0]
    return labels > 127 if image.mode == "L" and _is_soft(labels) else labels


def _is_soft(grey: Labels) -> bool:
    """Whether a grey picture is one mask with soft edges, not labels."""
    counts = np.bincount(grey.ravel(), minlength=256)
    is_black_or_white = float(counts[0] + counts[255]) >= _SOFT_SHARE * grey.size
    return is_black_or_white and int((counts[1:255] > 0).sum()) >= _SOFT_LEVELS


def _from_coco(data: bytes, name: str) -> list[npt.NDArray[np.bool_]]:
    try:
        found = json.loads(data)
    except ValueError as exc:
        raise BrokenImageError(f"{name} is not JSON: {exc}.") from exc
    if isinstance(found, dict):
        found = found.get("annotations", [found])
    try:
        return [_run_lengths(row.get("segmentation", row)) for row in found]
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise BrokenImageError(
            f"{name} holds no COCO run lengths: {exc}.", 'Expected {"size": [h, w], "counts": ...}.'
        ) from exc


def _run_lengths(row: dict[str, Any] | list[Any]) -> npt.NDArray[np.bool_]:
    """H×W bool: runs of outside and inside in turn, down the columns."""
    if isinstance(row, list):
        raise ValueError("its objects are polygons")  # noqa: TRY004 - translated by the caller
    height, width = (int(n) for n in row["size"])
    counts = row["counts"]
    runs = np.array(_numbers(counts) if isinstance(counts, str) else counts, np.int64)
    if height < 1 or width < 1 or (runs < 0).any() or int(runs.sum()) != height * width:
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
