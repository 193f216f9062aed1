"""Coarse depth of a sensor, for networks that take it beside the photo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.decode._depth_files import Source, find
from nearfar.decode.depth import MOST_BYTES, read_depth
from nearfar.decode.photo import Limits, read_bytes
from nearfar.errors import ParameterError
from nearfar.types import DepthKind, DepthMap

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    import numpy.typing as npt

    from nearfar.types import Photo

    Map = npt.NDArray[np.float32]
    PromptSource = DepthMap | npt.NDArray[Any] | str | os.PathLike[str] | bytes | BinaryIO

_NAME = "the prompt"
_MILLIMETRE = 1e-3
_LOOSE = 0.1  # by so much the shapes of photo and prompt may differ: sensors crop a little


def prompted(photo: Photo, given: PromptSource | None) -> Photo:
    """The photo with its coarse depth; the photo itself where none was given.

    Raises:
        ParameterError: it is not in metres, holds no depth, or has not the photo's shape.
        SourceError, InputError: as of :func:`nearfar.read_depth`.
    """
    if given is None:
        return photo
    prompt = read_prompt(given)
    height, width = prompt.shape
    full_width, full_height = photo.full_size
    if not abs(np.log(width * full_height / (height * full_width))) <= _LOOSE:
        raise ParameterError(
            f"The prompt is {width}×{height} for a photo of {full_width}×{full_height}: another shape.",
            "Give the depth of the whole photo, turned upright as the photo is.",
            "prompt",
        )
    return replace(photo, prompt=prompt)


def read_prompt(given: PromptSource) -> Map:
    """(h, w) float32 metres; holes hold the nearest distance that is known.

    Args:
        given: a metric :class:`DepthMap`; an array of metres, or of millimetres where it holds whole numbers;
            or a depth file: what it says of itself counts, else the same rule.

    Raises:
        ParameterError: it is not in metres, or holds no depth.
        SourceError, InputError: as of :func:`nearfar.read_depth`.
    """
    depth = _depth_of(given)
    if depth.kind is not DepthKind.METRIC:
        raise ParameterError(
            f"The prompt is {depth.kind}, but metres were expected.",
            "Bring it to metres first: nearfar calibrate.",
            "prompt",
        )
    values = np.asarray(depth.values, np.float32)
    known = np.isfinite(values) & (values > 0)
    if depth.valid is not None:
        known &= depth.valid
    if not known.any():
        raise ParameterError("The prompt holds no depth.", "All of it is 0 or not finite.", "prompt")
    return _filled(values, known)


def _depth_of(given: PromptSource) -> DepthMap:
    if isinstance(given, DepthMap):
        return given
    if isinstance(given, np.ndarray):
        if given.ndim != 2 or given.dtype.kind not in "iuf":
            raise ParameterError(
                f"The prompt is {given.shape} of {given.dtype}, but (H, W) numbers were expected.",
                parameter="prompt",
            )
        known = np.isfinite(given) & (given > 0)
        scale = 1.0 if given.dtype.kind == "f" else _MILLIMETRE
        metres = np.where(known, given, 0) * scale
        return DepthMap(np.asarray(metres, np.float32), DepthKind.METRIC, known)
    data, _ = read_bytes(given, Limits(max_bytes=MOST_BYTES), _NAME)
    is_whole = find(Source(data, _NAME)).numbers.dtype.kind in "iu"
    return read_depth(data, kind=DepthKind.METRIC, scale=_MILLIMETRE if is_whole else 1.0)


def _filled(values: Map, known: npt.NDArray[np.bool_]) -> Map:
    if known.all():
        return np.ascontiguousarray(values)
    holes = (~known).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(holes, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.zeros(int(labels.max()) + 1, np.float32)
    nearest[labels[known]] = values[known]
    return np.ascontiguousarray(nearest[labels], np.float32)
