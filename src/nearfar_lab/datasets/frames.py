"""A photo with its inverse depth, and what a data set has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from nearfar.errors import ParameterError
from nearfar_lab.errors import DataMissingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Pixels = NDArray[np.uint8]
"""(H, W, 3), sRGB."""
FloatMap = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """One photo and its annotation, both of one size.

    rgb: uint8 (H, W, 3). inverse_depth: float32 (H, W), 1/m (or up to scale and shift where the set
    says so); 0 is infinitely far, NaN is unknown.
    """

    name: str
    rgb: Pixels
    inverse_depth: FloatMap

    def __post_init__(self) -> None:
        if self.rgb.shape != (*self.inverse_depth.shape, 3) or self.rgb.dtype != np.uint8:
            raise ParameterError(
                f"{self.name}: uint8 rgb of {(*self.inverse_depth.shape, 3)} was expected, "
                f"not {self.rgb.dtype} of {self.rgb.shape}.",
                "Photo and depth of a frame are of one size: resize one of them.",
            )


@dataclass(frozen=True)
class Item:
    """A frame not yet read. Frames of one group show one place."""

    name: str
    group: str
    read: Callable[[], Frame]


@dataclass(frozen=True)
class DataSet:
    """A set of frames: how to list them, what its depth can carry, and its terms.

    has_sharp_edges: whether depth is exact to the pixel, so that boundaries can be measured.
    has_zero: whether inverse depth zero means infinitely far (false: known up to scale and shift).
    fit: how a photo's size bounds the network's input in an evaluation (None: the card's rule).
    size_share: that size as a share of the card's.
    is_open: whether its terms are free for any use (with naming, at most).
    """

    name: str
    terms: str
    items: Callable[[Path], list[Item]]
    is_held_out: bool = False
    has_edges: bool = True
    has_zero: bool = True
    has_sharp_edges: bool = False
    cap_m: float = 80.0
    fit: str | None = None
    size_share: float = 1.0
    is_open: bool = False


def read_rgb(path: Path) -> Pixels:
    """The picture of a file as uint8 (H, W, 3) RGB."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DataMissingError(f"{path}: no picture can be read there.", "Fetch the data set again.")
    return np.ascontiguousarray(bgr[:, :, ::-1])


def read_codes(path: Path) -> NDArray[np.uint16]:
    """The stored numbers of a depth PNG (8 or 16 bits) as uint16 (H, W)."""
    codes = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if codes is None or codes.ndim != 2:
        raise DataMissingError(f"{path}: no depth (H, W) can be read there.", "Fetch the data set again.")
    return codes.astype(np.uint16)


def invert(depth_m: NDArray[np.floating]) -> FloatMap:
    """1/depth as float32; NaN where depth is not a positive finite number."""
    known = np.isfinite(depth_m) & (depth_m > 0)
    return np.where(known, 1.0 / np.where(known, depth_m, 1.0), np.nan).astype(np.float32)


def folder_of(root: Path, *parts: str) -> Path:
    """A data set's folder, or an error that says what to set."""
    folder = root.joinpath(*parts)
    if not folder.is_dir():
        raise DataMissingError(
            f"{folder}: this folder of a data set was not found.",
            "Set NEARFAR_LAB_DATA to the folder that holds it.",
        )
    return folder
