"""A contact sheet: cells of equal size in a grid, each a picture with lines of text below it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.ops.colormap import colorize
from nearfar.types import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_FONT = cv2.FONT_HERSHEY_SIMPLEX  # drawn by OpenCV itself: no font file, and so ASCII alone
_SCALE = 0.4
_LINE = 16  # pixels from one line of text to the next
_LINES = 3
_MARGIN = 8
_NARROWEST = 240
_PAPER, _INK, _FAINT, _FAULT = 250, (30, 30, 30), (232, 232, 232), (170, 40, 40)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One cell. ``pixels``: (H, W, 3) uint8 colours, (H, W) in 0…1 to be coloured, or None for a fault."""

    pixels: npt.NDArray[Any] | None
    lines: tuple[str, ...]
    fault: str = ""


def draw_sheet(cells: Sequence[Cell], shape: tuple[int, int], colormap: str, *, columns: int = 0) -> Picture:
    """The cells in a grid of ``columns``, or as near to a square as may be.

    ``shape``: (height, width) of the largest picture; smaller ones stand at the upper left of their cell.

    Raises:
        ParameterError: no such colour map.
    """
    height, width = shape
    cell_width, cell_height = max(width, _NARROWEST), height + _LINES * _LINE + 6
    columns = columns or max(1, math.ceil(math.sqrt(len(cells) * cell_height / cell_width)))
    rows = math.ceil(len(cells) / columns)
    sheet = np.full(
        (rows * (cell_height + _MARGIN) + _MARGIN, columns * (cell_width + _MARGIN) + _MARGIN, 3),
        _PAPER,
        np.uint8,
    )
    for place, cell in enumerate(cells):
        top = _MARGIN + place // columns * (cell_height + _MARGIN)
        left = _MARGIN + place % columns * (cell_width + _MARGIN)
        view = sheet[top : top + cell_height, left : left + cell_width]
        picture = _picture(cell, (height, width), colormap)
        view[: picture.shape[0], : picture.shape[1]] = picture
        if cell.fault:
            for i, line in enumerate(_wrapped(cell.fault, cell_width - 12)[: max(1, height // _LINE - 1)]):
                _write(view, line, 6, _LINE * (i + 1), _FAULT)
        for i, line in enumerate(cell.lines[:_LINES]):
            _write(view, line, 2, height + _LINE * (i + 1) - 2, _INK)
    return Picture(sheet)


def _picture(cell: Cell, shape: tuple[int, int], colormap: str) -> npt.NDArray[np.uint8]:
    if cell.pixels is None:
        return np.full((*shape, 3), _FAINT, np.uint8)
    if cell.pixels.ndim == 3:
        return np.asarray(cell.pixels, np.uint8)
    return colorize(cell.pixels, colormap)


def _write(view: npt.NDArray[np.uint8], text: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    part = np.ascontiguousarray(view)
    cv2.putText(part, _ascii(text), (x, y), _FONT, _SCALE, colour, 1, cv2.LINE_AA)
    view[:] = part


def _ascii(text: str) -> str:
    plain = text.replace("…", "...").replace("×", "x").replace("–", "-")
    return plain.encode("ascii", "replace").decode()


def _wrapped(text: str, width: int) -> list[str]:
    """Lines that fit into so many pixels; a word that does not is cut."""
    lines: list[str] = []
    for word in _ascii(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _length(longer) <= width:
            lines[-1] = longer
        else:
            lines += _pieces(word, width)
    return lines


def _pieces(word: str, width: int) -> list[str]:
    pieces = [""]
    for letter in word:
        if _length(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _length(text: str) -> int:
    return int(cv2.getTextSize(text, _FONT, _SCALE, 1)[0][0])
