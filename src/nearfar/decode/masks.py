"""Masks of objects: label pictures, binary pictures, COCO JSON or arrays, to one label map."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode._coco import Subject, masks_of_coco
from nearfar.decode._exif import exif_facts
from nearfar.decode._gate import admit
from nearfar.decode._npy import read_npy
from nearfar.decode._pnm import pnm_planes
from nearfar.decode._quiet import quiet_pillow
from nearfar.decode._raster import open_picture
from nearfar.decode._tiff import ORIENTATION, largest_page, read_pages
from nearfar.decode._tiff_pixels import can_read, read_samples
from nearfar.decode.photo import Limits, read_bytes, read_photo
from nearfar.errors import (
    BrokenImageError,
    EmptyInputError,
    NearfarError,
    ParameterError,
    TooLargeError,
    UnsupportedFormatError,
)
from nearfar.ops.orientation import upright
from nearfar.types import Photo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    import numpy.typing as npt
    from PIL.Image import Image

    MaskSource = str | os.PathLike[str] | bytes | BinaryIO | Image | npt.NDArray[Any] | Photo
    Masks = npt.NDArray[np.bool_]
    Labels = npt.NDArray[Any]

_log = logging.getLogger(__name__)

__all__ = ["Subject", "read_mask", "read_masks"]

_MOST_BYTES = 2**30  # of all masks together: a photo that was taken for labels would fill the memory
_NPY = b"\x93NUMPY"
_SOFT_LEVELS, _SOFT_SHARE = 32, 0.75  # greys of a soft mask, and the share of it that is black or white
_COLOURS = {"RGB", "RGBA", "RGBa", "LA", "La", "PA", "CMYK", "YCbCr", "LAB", "HSV"}


def read_mask(
    source: MaskSource | Sequence[MaskSource], subject: Subject | None = None, limits: Limits | None = None
) -> npt.NDArray[np.bool_]:
    """(H, W) bool from one mask: whatever :func:`read_masks` takes, all its objects together."""
    inside: npt.NDArray[np.bool_] | None = None
    for one in _alike(source, _Wanted(subject or Subject(), limits or Limits())):
        if inside is None:
            inside = np.asarray(one != 0)
        else:
            inside |= one != 0
    if inside is None or not inside.any():
        raise _nothing()
    return inside


def read_masks(
    source: MaskSource | Sequence[MaskSource], subject: Subject | None = None, limits: Limits | None = None
) -> Masks:
    """(N, H, W) bool, one mask an object, from files (paths, bytes, open ones), PIL images or arrays.

    - a label picture (grey or palette): one object for each number other than 0;
    - a picture of 0 and one other number, a soft one (nearly all black or white), one in colours (bright is
      inside) or with alpha, a palette of black and white alone: one object;
    - several of them, of one size;
    - COCO JSON: a list of ``{"segmentation": {"size": [h, w], "counts": ...}}``, an object with
      ``annotations``, or one bare ``{"size", "counts"}``; counts as numbers or as COCO's text; polygons. Of
      masks of several images those of the subject are taken;
    - arrays, also in ``.npy`` files: (H, W), (1, H, W) or (H, W, 1) labels, bool or floats in 0…1, (N, H, W)
      masks, (H, W, 3) or (H, W, 4) colours.

    Pictures are turned as their EXIF asks, like the photo. What a mask claims of its size is held against the
    subject's size, where that is known, and the limits of a photo, before any of it is expanded.

    Raises:
        SourceError: a file cannot be read.
        UnsupportedFormatError: neither a picture nor JSON nor an array.
        BrokenImageError: run lengths that do not fill their picture.
        ParameterError: sizes differ, there is no object, or there are too many for the memory.
        TooLargeError: over a limit.
    """
    maps, pixels = [], 0
    for one in _alike(source, _Wanted(subject or Subject(), limits or Limits())):
        maps.append(one)
        pixels += one.size
        if pixels > _MOST_BYTES:
            raise TooLargeError(
                f"The masks have more than {_MOST_BYTES / 1e6:,.0f} million pixels together.",
                "Give fewer objects, or smaller masks.",
            )
    if not maps:
        raise _nothing()
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


class _OtherSizeError(ParameterError):
    """A mask of another photo."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The photo that masks are for, and the largest picture that is read."""

    subject: Subject
    limits: Limits

    def check(self, width: int, height: int, name: str) -> None:
        """TooLargeError over a limit; ParameterError where a mask is of no size that the photo has."""
        self.limits.check_pixels(width, height, name)
        size = self.subject.size
        if size is not None and (width, height) not in {size, size[::-1]}:
            raise _OtherSizeError(
                f"The mask is {width}×{height}, but the photo {size[0]}×{size[1]} pixels.",
                "Give a mask made from this photo.",
                parameter="mask",
            )


def _alike(source: MaskSource | Sequence[MaskSource], wanted: _Wanted) -> Iterator[Labels]:
    """The label maps of one source or of several, one after the other; they must have one size."""
    sources: Any = source if isinstance(source, (list, tuple)) else [source]
    shape: tuple[int, ...] = ()
    for part in (part for one in sources for part in _maps(one, wanted)):
        shape = shape or part.shape
        if part.shape != shape:
            sizes = ", ".join(sorted({f"{w}×{h}" for h, w in (shape, part.shape)}))
            raise ParameterError(f"Masks differ in size: {sizes}.", "Give masks of the photo's own size.")
        yield part


def _maps(source: Any, wanted: _Wanted) -> Iterable[Labels]:
    """(H, W) arrays of labels, 0 where there is no object."""
    if isinstance(source, np.ndarray):
        return _from_array(source, "The mask")
    if isinstance(source, Photo):
        return [_bright(source)]
    if hasattr(source, "getexif") and hasattr(source, "mode"):
        return [_from_image(source, wanted)]
    if hasattr(source, "__array__"):  # a tensor
        return _from_array(
            np.asarray(source.detach().cpu() if hasattr(source, "detach") else source), "The mask"
        )
    data, name = _read(source, wanted.limits)
    if data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return masks_of_coco(data, name, wanted.subject, wanted.check)
    if data.startswith(_NPY):
        return _from_array(read_npy(data, name, _MOST_BYTES), name)
    return [_from_picture(data, name, wanted)]


def _read(source: Any, limits: Limits) -> tuple[bytes, str]:
    is_file = isinstance(source, (bytes, bytearray, memoryview, str, os.PathLike)) or hasattr(source, "read")
    if not is_file:
        raise ParameterError(
            f"A mask cannot be read from {type(source).__name__}.",
            "Give a path, bytes, a binary file, a PIL image or a NumPy array.",
        )
    data, name = read_bytes(source, limits, "")
    if not data:
        raise EmptyInputError(f"{name} is empty.")
    return data, name


def _from_array(array: npt.NDArray[Any], name: str) -> list[Labels]:
    while array.ndim > 2 and 1 in array.shape:
        array = array.squeeze(-1 if array.shape[-1] == 1 else array.shape.index(1))
    if array.dtype.kind == "f" and not _is_share(array) and _is_whole(array):
        array = array.astype(np.int64)
    is_number = array.dtype.kind in "biu" or (array.dtype.kind == "f" and _is_share(array))
    if array.ndim not in {2, 3} or not is_number or array.size == 0:
        raise ParameterError(
            f"{name} is {array.shape} of {array.dtype}, but (H, W) of whole numbers, bool or floats in 0…1, "
            "or (N, H, W) of such masks was expected."
        )
    middle = 0.5 if array.dtype.kind == "f" else None
    if array.ndim == 2:
        return [array if middle is None else array > middle]
    if array.shape[2] in {2, 3, 4} and not (array.dtype == np.bool_ and array.shape[0] <= 4):
        return [_of_colours(array)]
    return [part != 0 if middle is None else part > middle for part in array]


def _of_colours(array: npt.NDArray[Any]) -> Labels:
    """(H, W) of an array of colours; of 0 and 1 alone, where any is 1."""
    if array.shape[2] == 3 and array.dtype.kind in "biu" and array.max() <= 1:
        return np.asarray(array.max(axis=2) > 0)
    return _bright(read_photo(array))


def _is_whole(array: npt.NDArray[Any]) -> bool:
    """Whether floats are labels."""
    return bool(np.isfinite(array).all()) and bool((array >= 0).all() and (array == np.floor(array)).all())


def _is_share(array: npt.NDArray[Any]) -> bool:
    return bool(array.size) and bool(array.min() >= 0) and bool(array.max() <= 1)


def _bright(photo: Photo) -> Labels:
    """Where alpha is kept, or colours are bright."""
    alpha = photo.alpha8()
    if alpha is not None and alpha.min() < 255:
        return np.asarray(alpha > 127)
    return np.asarray(photo.rgb8().astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) > 127)


def _from_picture(data: bytes, name: str, wanted: _Wanted) -> Labels:
    try:
        kind = admit(data, name, wanted.limits.check_pixels)
    except UnsupportedFormatError as exc:
        raise _no_mask(name, exc) from exc
    try:
        labels = _labels_as(kind, data, name, wanted)
        if labels is not None:
            return labels
    except (TooLargeError, _OtherSizeError):
        raise
    except Exception as exc:
        _log.info("A mask is not read as labels: %s", exc)  # the photo's decoder knows more, and says why
    try:
        return _bright(read_photo(data, wanted.limits, name))
    except TooLargeError:
        raise
    except (UnsupportedFormatError, BrokenImageError) as exc:
        raise _no_mask(name, exc) from exc


def _no_mask(name: str, why: NearfarError) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        f"{name} is no mask: neither a picture, nor COCO JSON, nor a NumPy file. {why.message}", why.hint
    )


def _labels_as(kind: str, data: bytes, name: str, wanted: _Wanted) -> Labels | None:
    """The labels of a picture of a format in which numbers are kept; None of colours and photos."""
    if kind == "TIFF" and (labels := _of_tiff(data, name, wanted)) is not None:
        return labels
    if kind == "PNM":
        return _of_pnm(data, name, wanted)
    if kind in {"JPEG", "HEIF", "AVIF", "JXL"}:
        return None
    with quiet_pillow():
        image = open_picture(data, kind, name)
        return None if image.mode in _COLOURS else _from_image(image, wanted)


def _of_pnm(data: bytes, name: str, wanted: _Wanted) -> Labels | None:
    """The labels of a portable picture of one number a pixel; None of colours."""
    planes, alpha = pnm_planes(data, name, wanted.check)
    if alpha is not None or not (planes == planes[..., :1]).all():
        return None
    labels: Labels = np.ascontiguousarray(planes[..., 0])
    return labels > 127 if labels.dtype == np.uint8 and _is_soft(labels) else labels


def _of_tiff(data: bytes, name: str, wanted: _Wanted) -> Labels | None:
    """The labels of a TIFF of one number a pixel; None of any other."""
    page = largest_page(read_pages(data))
    wanted.check(page.width, page.height, name)
    if page.samples != 1 or page.photometric not in {0, 1} or not can_read(page):
        return None
    turn = page.number(ORIENTATION, 1)
    plane = upright(read_samples(page)[..., 0], turn if 1 <= turn <= 8 else 1)
    if page.photometric == 0 and plane.dtype.kind == "u":  # white is zero
        plane = np.iinfo(plane.dtype).max - plane
    labels = _from_array(np.ascontiguousarray(plane), name)[0]
    return labels > 127 if labels.dtype == np.uint8 and _is_soft(labels) else labels


def _from_image(image: Any, wanted: _Wanted) -> Labels:
    """The labels of a PIL image, upright."""
    width, height = image.size
    wanted.check(width, height, "the mask")
    image.load()  # which turns a TIFF, and takes that out of its EXIF
    turn = exif_facts(image).orientation
    return np.ascontiguousarray(upright(_labels_of(image), turn))


def _labels_of(image: Any) -> Labels:
    if image.mode in _COLOURS or image.format == "JPEG":
        return _bright(read_photo(_without_turn(image)))
    if image.mode == "P":
        return _of_palette(image)
    labels = _from_array(np.asarray(image), "The mask")[0]
    return labels > 127 if image.mode == "L" and _is_soft(labels) else labels


def _without_turn(image: Any) -> npt.NDArray[Any]:
    has_alpha = image.mode in {"RGBA", "RGBa", "LA", "La", "PA"}
    return np.asarray(image.convert("RGBA" if has_alpha else "RGB"))


def _of_palette(image: Any) -> Labels:
    """Places in the palette as labels; where it is black and white alone, white is inside."""
    places = np.asarray(image)
    if "transparency" in image.info:
        return _bright(read_photo(np.asarray(image.convert("RGBA"))))
    colours = np.asarray(image.convert("RGB"))
    used = np.unique(colours.reshape(-1, 3), axis=0)
    is_black_and_white = {tuple(row) for row in used.tolist()} <= {(0, 0, 0), (255, 255, 255)}
    return colours[..., 0] > 127 if is_black_and_white else places


def _is_soft(grey: Labels) -> bool:
    """Whether a grey picture is one mask with soft edges, not labels."""
    counts = np.bincount(grey.ravel(), minlength=256)
    is_black_or_white = float(counts[0] + counts[255]) >= _SOFT_SHARE * grey.size
    return is_black_or_white and int((counts[1:255] > 0).sum()) >= _SOFT_LEVELS
