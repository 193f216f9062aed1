"""The parts of pictures that are judged, by the names under which they are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.errors import ParameterError
from nearfar.registry import named

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[int, int], tuple[slice, slice]]

KB_HEIGHT, KB_WIDTH = 352, 1216
NYU_HEIGHT, NYU_WIDTH = 480, 640


def _shares(top: float, bottom: float, left: float, right: float) -> Rule:
    def rule(height: int, width: int) -> tuple[slice, slice]:
        return slice(int(top * height), int(bottom * height)), slice(int(left * width), int(right * width))

    return rule


def _whole(height: int, width: int) -> tuple[slice, slice]:
    return slice(0, height), slice(0, width)


def _nyu(height: int, width: int) -> tuple[slice, slice]:
    """Rows 45:471 and columns 41:601 of 480 × 640, and the same box of other sizes."""
    down, across = height / NYU_HEIGHT, width / NYU_WIDTH
    return slice(round(45 * down), round(471 * down)), slice(round(41 * across), round(601 * across))


def _make3d(height: int, width: int) -> tuple[slice, slice]:
    """The middle 21 of 55 rows: what a picture of 1704 × 2272 keeps that is cut to two to one."""
    rows = max(1, round(height * 21 / 55))
    top = (height - rows) // 2
    return slice(top, top + rows), slice(0, width)


def _scannet(height: int, width: int) -> tuple[slice, slice]:
    """Without eight rows and eleven columns at each side, where ScanNet's pictures have a black rim."""
    return slice(8, height - 8), slice(11, width - 11)


CROPS: dict[str, Rule] = {
    "none": _whole,
    "garg": _shares(0.40810811, 0.99189189, 0.03594771, 0.96405229),
    "eigen": _shares(0.3324324, 0.91351351, 0.0359477, 0.96405229),
    "eigen-nyu": _nyu,
    "make3d": _make3d,
    "scannet": _scannet,
}
"""Rows and columns that are judged, of a height and a width."""


def crop(name: str, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the crop of that name.

    Raises:
        UnknownNameError: there is none.
        ParameterError: nothing of so small a picture is left.
    """
    rows, columns = named("crop", CROPS, name)(height, width)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        raise ParameterError(
            f"The crop '{name}' leaves nothing of {width}×{height} pixels.", "Choose another: --crop none."
        )
    return rows, columns


def kb_crop(height: int, width: int) -> tuple[slice, slice]:
    """The 352 × 1216 pixels at the bottom, in the middle, as KITTI's depth benchmark cuts.

    Raises:
        ParameterError: the picture is smaller.
    """
    if height < KB_HEIGHT or width < KB_WIDTH:
        raise ParameterError(
            f"The benchmark's crop is {KB_WIDTH}×{KB_HEIGHT}, but the picture {width}×{height} pixels.",
            "Leave it out: --cut none.",
        )
    top, left = height - KB_HEIGHT, (width - KB_WIDTH) // 2
    return slice(top, top + KB_HEIGHT), slice(left, left + KB_WIDTH)
