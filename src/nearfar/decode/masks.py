"""Masks of objects: label pictures, binary pictures, COCO run lengths or arrays, to one label map."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError, SourceError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    MaskSource = str | os.PathLike[str] | bytes | npt.NDArray[Any]
    Masks = npt.NDArray[np.bool_]

_MOST_LABELS = 65535
_NPY = b"\x93NUMPY"


def read_mask(source: MaskSource) -> npt.NDArray[np.bool_]:
    """H×W bool from one mask: whatever :func:`read_masks` takes, all its objects together."""
    return np.asarray(read_masks(source).any(axis=0))


def read_masks(source: MaskSource | Sequence[MaskSource]) -> Masks:
    """N×H×W bool, one mask an object, from files or arrays.

    - a label picture (grey or palette): one object for each number other than 0;
    - a picture of 0 and one other number, a picture in colours (bright is inside) or with alpha: one object;
    - several of them, of one size;
    - COCO JSON: a list of ``{"segmentation": {"size": [h, w], "counts": ...}}``, an object with
      ``annotations``, or one bare ``{"size", "counts"}``; counts as numbers or as COCO's text;
    - arrays, also in ``.npy`` files: H×W labels or bool, N×H×W bool.

    Raises:
        SourceError: a file cannot be read.
        UnsupportedFormatError: neither a picture nor JSON.
        BrokenImageError: run lengths that do not fill their picture.
        ParameterError: sizes differ, or there is no object.
    """
    if isinstance(source, (list, tuple)):
        return _stacked([mask for part in source for mask in read_masks(part)])
    masks = _from_array(source) if isinstance(source, np.ndarray) else _from_file(source)
    return _stacked(masks)


def _stacked(masks: Iterable[npt.NDArray[np.bool_]]) -> Masks:
    found = list(masks)
    if not found:
        raise ParameterError("The masks hold no object.", "Give at least one pixel other than 0.")
    if len({mask.shape for mask in found}) > 1:
        sizes = ", ".join(sorted({f"{m.shape[1]}×{m.shape[0]}" for m in found}))
        raise ParameterError(f"Masks differ in size: {sizes}.", "Give masks of the photo's own size.")
    return np.stack(found)


def _from_file(source: Any) -> list[npt.NDArray[np.bool_]]:
    data, name = _read(source)
    if data.lstrip()[:1] in {b"{", b"["}:
        return _from_coco(data, name)
    if data.startswith(_NPY):
        return _from_npy(data, name)
    return _from_picture(data, name)


def _read(source: Any) -> tuple[bytes, str]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "the mask"
    if not isinstance(source, (str, os.PathLike)):
        raise ParameterError(f"A mask cannot be read from {type(source).__name__}.")
    try:
        return Path(source).read_bytes(), str(source)
    except OSError as exc:
        raise SourceError(f"{source} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc


def _from_array(array: npt.NDArray[Any]) -> list[npt.NDArray[np.bool_]]:
    if array.ndim == 3 and array.dtype == np.bool_:
        return [mask for mask in array if mask.any()]
    if array.ndim != 2 or array.dtype.kind not in "biu":
        raise ParameterError(
            f"A mask is H×W of whole numbers or bool, or N×H×W bool, not {array.shape} of {array.dtype}."
        )
    labels = [label for label in np.unique(array) if label != 0]
    if len(labels) > _MOST_LABELS:
        raise ParameterError(f"The mask holds {len(labels)} labels, more than {_MOST_LABELS}.")
    return [array == label for label in labels]


def _from_npy(data: bytes, name: str) -> list[npt.NDArray[np.bool_]]:
    import io

    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError) as exc:  # the last: a header that claims too much
        raise BrokenImageError(f"{name} is a damaged NumPy file: {exc}.") from exc
    return _from_array(array)


def _from_picture(data: bytes, name: str) -> list[npt.NDArray[np.bool_]]:
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
            return [alpha > 127]
    if image.mode in {"RGB", "RGBA", "LA", "CMYK", "YCbCr"} or data.startswith(b"\xff\xd8"):
        return [np.asarray(image.convert("L")) > 127]
    return _from_array(np.asarray(image))


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
