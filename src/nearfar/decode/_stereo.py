"""Depth from the two pictures of a spatial photo: block matching between the eyes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.decode import _heif as heif
from nearfar.decode._libheif import open_heif
from nearfar.ops.resize import shrink
from nearfar.types import DepthKind, DepthMap, Provenance

if TYPE_CHECKING:
    import numpy.typing as npt

_LONGEST = 1280  # side at which the pictures are matched
_DISPARITIES = 0.1  # of the width, searched
_BLOCK = 5
_MOST_PIXELS = 100_000_000


def depth_of_pair(found: heif.Heif, pair: tuple[int, int]) -> DepthMap:
    """The depth of the left picture: metres where the file says its cameras, else relative inverse.

    What only one eye sees is not valid.

    Raises:
        ValueError: the pictures differ in size, or nothing matches.
    """
    left, right = (_decoded(found, item) for item in pair)
    if left.shape != right.shape:
        raise ValueError("its two pictures differ in size")
    disparity_px, valid = match(left, right)
    if not valid.any():
        raise ValueError("its two pictures show nothing in common")
    across = _across(found, pair, disparity_px.shape[1])
    made_by = Provenance("photo's own", "", (disparity_px.shape[1], disparity_px.shape[0]))
    if across is None:
        values = np.where(valid, disparity_px, np.float32("nan"))
        return DepthMap(values, DepthKind.RELATIVE_INVERSE, valid, provenance=made_by)
    valid &= disparity_px > 0
    away = np.where(valid, np.float32(across) / np.maximum(disparity_px, np.float32(1e-6)), np.float32("nan"))
    return DepthMap(away, DepthKind.METRIC, valid, provenance=made_by)


def match(
    left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """(H, W) disparity in pixels of the left picture, and where both eyes agree on it."""
    height, width = left.shape[:2]
    scale = min(1.0, _LONGEST / max(width, height))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    small = [shrink(one, *size) if scale < 1 else one for one in (left, right)]
    count = max(16, round(size[0] * _DISPARITIES / 16) * 16)
    how = {"P1": 8 * 3 * _BLOCK**2, "P2": 32 * 3 * _BLOCK**2, "uniquenessRatio": 5, "disp12MaxDiff": 1}
    matcher = cv2.StereoSGBM.create(
        minDisparity=-count // 4, numDisparities=count, blockSize=_BLOCK, speckleWindowSize=50,
        speckleRange=2, **how,
    )  # fmt: skip
    found = matcher.compute(*small).astype(np.float32) / 16
    valid = found > -count // 4
    whole = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST) * np.float32(width / size[0])
    known = cv2.resize(valid.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(whole, np.float32), np.asarray(known)


def _decoded(found: heif.Heif, item: int) -> npt.NDArray[np.uint8]:
    width, height = heif.size_of(found, item)
    if width * height > _MOST_PIXELS:
        raise ValueError(f"it claims {width}×{height} pixels")
    return np.array(open_heif(found.with_primary(item)).to_pillow().convert("RGB"))


def _across(found: heif.Heif, pair: tuple[int, int], width: int) -> float | None:
    """Focal length in pixels times the distance of the cameras in metres; None where it is not said.

    ``cmin`` and ``cmex`` of ISO/IEC 23008-12: a fraction of the width, and micrometres.
    """
    inner = found.property_of(pair[0], b"cmin")
    places = [_place_m(found.property_of(item, b"cmex")) for item in pair]
    if len(inner) < 8 or places[0] is None or places[1] is None:
        return None
    shift = int.from_bytes(inner[1:4], "big") >> 8 & 0x1F
    (focal,) = struct.unpack_from(">i", inner, 4)
    focal_px = focal * width / 2**shift
    across_m = abs(places[1] - places[0])
    return focal_px * across_m if focal_px > 0 and across_m > 0 else None


def _place_m(body: bytes) -> float | None:
    """How far to the right a camera stands."""
    if len(body) < 4:
        return None
    has_x = body[3] & 1
    if not has_x:
        return 0.0
    return struct.unpack_from(">i", body, 4)[0] / 1e6 if len(body) >= 8 else None
