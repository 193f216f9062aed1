"""What is put into a photo: a picture, words or a solid, as colours in a window of the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.raster import Lens, drawn
from nearfar.types.solid import Solid, SolidPart

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.ops.raster import Shading
    from nearfar.types import Camera, Photo

    Floats = npt.NDArray[np.float32]

_WIDEST = 0.95  # of the picture's width: words, however high they are to be
MOST_LETTERS = 200
_MOST_INK = 8_000_000  # pixels in which words are drawn before they are brought to their size
_TRIAL_PX = 100
_FONTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "SourceHanSansSC-Regular.otf"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "msyh.ttc", "simhei.ttf"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "DejaVuSans.ttf", "Arial Unicode.ttf"),
)
"""Names under which systems keep fonts of many scripts, for letters that the built-in one lacks."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing is: (x, y) in pixels of a photo of ``width`` × ``height``, and how high it is.

    ``is_foot``: the place is the middle of its lower edge; else its own middle.
    """

    x: float
    y: float
    tall_px: float
    width: int
    height: int
    is_foot: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Colours of a window of the photo that begins at (``left``, ``top``).

    ``colours`` (h, w, 4) float32: sRGB multiplied by alpha. ``stretch`` (h, w): distance of each pixel as a
    share of the thing's own, or None where it is flat. ``foot``: the row, of the window, on which it stands.
    """

    left: int
    top: int
    colours: Floats
    foot: float
    tall_px: float
    stretch: Floats | None = None


def of_picture(pixels: Floats, spot: Spot) -> Layer:
    """A flat picture, (h, w, 4) sRGB multiplied by alpha, ``spot.tall_px`` high."""
    scale = spot.tall_px / pixels.shape[0]
    wide = pixels.shape[1] * scale
    left = spot.x - wide / 2
    top = spot.y - (spot.tall_px if spot.is_foot else spot.tall_px / 2)
    window = _window((left, top, left + wide, top + spot.tall_px), spot)
    if scale < 1:
        size = max(1, round(wide)), max(1, round(spot.tall_px))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    across, down = wide / pixels.shape[1], spot.tall_px / pixels.shape[0]
    x0, y0, x1, y1 = window
    # Middles of pixels stand at halves: (x + 1/2 - left) / across - 1/2, for each pixel of the window.
    way = np.array(
        [[1 / across, 0, (x0 + 0.5 - left) / across - 0.5], [0, 1 / down, (y0 + 0.5 - top) / down - 0.5]]
    )
    found = cv2.warpAffine(
        pixels,
        way,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    colours = np.asarray(found, np.float32).reshape(y1 - y0, x1 - x0, 4)
    colours *= _covered(y0, y1, (top, top + spot.tall_px))[:, None, None]
    colours *= _covered(x0, x1, (left, left + wide))[None, :, None]
    return Layer(x0, y0, colours, top + spot.tall_px - y0, spot.tall_px)


def _covered(first: int, last: int, ends: tuple[float, float]) -> Floats:
    """How much of each pixel of a row lies between two ends, 0…1."""
    pixels = np.arange(first, last)
    share = np.minimum(pixels + 1, ends[1]) - np.maximum(pixels, ends[0])
    return np.asarray(np.clip(share, 0, 1), np.float32)


def _window(box: tuple[float, ...], spot: Spot) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of a box that lies in the photo; at least a pixel."""
    left, top = (min(max(math.floor(n), 0), most - 1) for n, most in zip(box, _size(spot), strict=False))
    right, bottom = (max(math.ceil(min(n, most)), 0) for n, most in zip(box[2:], _size(spot), strict=True))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _size(spot: Spot) -> tuple[int, int]:
    return spot.width, spot.height


def multiplied(photo: Photo) -> Floats:
    """(H, W, 4) float32 of a photo: sRGB multiplied by its alpha."""
    top = np.float32(1 / np.iinfo(photo.pixels.dtype).max)
    colours = photo.pixels.astype(np.float32) * top
    if photo.alpha is None:
        alpha = np.ones(colours.shape[:2], np.float32)
    else:
        alpha = photo.alpha.astype(np.float32) * top
    return np.dstack([colours * alpha[..., None], alpha])


def of_words(text: str, colour: tuple[float, float, float], spot: Spot) -> Layer:
    """Words of a colour; ``spot.tall_px`` is the height of a line. They are never wider than the picture.

    Raises:
        ParameterError: none, too many, or letters that no font here has.
    """
    ink, line_px = _ink(text)
    widest = _WIDEST * spot.width * ink.shape[0] / ink.shape[1]
    scaled = min(spot.tall_px * ink.shape[0] / line_px, widest)
    alpha = ink.astype(np.float32) / 255
    pixels = np.asarray(alpha[..., None] * np.array([*colour, 1.0], np.float32), np.float32)
    return of_picture(pixels, Spot(spot.x, spot.y, scaled, spot.width, spot.height, spot.is_foot))


@lru_cache(maxsize=2)
def _ink(text: str) -> tuple[npt.NDArray[np.uint8], float]:
    """(h, w) uint8 coverage of the words, cut at their outlines, and the height of a line in its pixels."""
    from PIL import Image, ImageDraw

    words = text.strip("\r\n")
    if not words.strip() or len(words) > MOST_LETTERS:
        raise ParameterError(
            f"text has {len(words)} letters, but 1 to {MOST_LETTERS} were expected.", parameter="text"
        )
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    font = _font(words, _TRIAL_PX)
    left, top, right, bottom = pen.multiline_textbbox((0, 0), words, font=font, align="center")
    area = max(1.0, (right - left) * (bottom - top))
    size = max(8, int(min(4 * _TRIAL_PX, _TRIAL_PX * math.sqrt(_MOST_INK / area))))
    font = _font(words, size)
    left, top, right, bottom = pen.multiline_textbbox((0, 0), words, font=font, align="center")
    width, height = max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))
    page = Image.new("L", (width, height))
    ImageDraw.Draw(page).multiline_text((-left, -top), words, fill=255, font=font, align="center")
    return np.asarray(page), float(sum(font.getmetrics()))


def _font(words: str, size: int) -> Any:
    """The built-in font, else one of this machine's that has all letters."""
    from PIL import ImageFont

    for open_font in (ImageFont.load_default, *(_named(name) for name in _FONTS)):
        try:
            font: Any = open_font(size)
        except OSError:
            continue
        if not isinstance(font, ImageFont.FreeTypeFont) or not _lacking(font, words):
            return font
    lacking = _lacking(ImageFont.load_default(size), words)
    raise ParameterError(
        f"No font on this machine has the letters {lacking[:20]!r}.",
        "Install one (Noto Sans CJK, for example), or give the words as a picture: thing.",
        parameter="text",
    )


def _named(name: str) -> Any:
    from PIL import ImageFont

    return lambda size: ImageFont.truetype(name, size)


def _lacking(font: Any, words: str) -> str:
    """Letters that the font draws as its sign for none."""
    none = bytes(font.getmask("\U0010fffe"))
    letters = dict.fromkeys(letter for letter in words if not letter.isspace())
    return "".join(letter for letter in letters if none and bytes(font.getmask(letter)) == none)


def of_solid(solid: Solid, spot: Spot, camera: Camera, turns: tuple[float, float], light: Shading) -> Layer:
    """A solid whose longest side is as long as ``spot.tall_px``, in the photo's own perspective.

    ``turns``: degrees round its upright axis, and of its leaning towards the viewer.
    """
    focal_px, (cx, cy) = camera.fy_px, (camera.cx_px, camera.cy_px)
    ahead = focal_px / spot.tall_px  # of the longest side
    at = np.array([(spot.x - cx) / focal_px * ahead, (spot.y - cy) / focal_px * ahead, ahead])
    parts = _in_camera(solid, turns, at, is_foot=spot.is_foot)
    box = _seen_box(parts, focal_px, (cx, cy)) or (0.0, 0.0, float(spot.width), float(spot.height))
    x0, y0, x1, y1 = _window(box, spot)
    found = drawn(Solid(parts), Lens(focal_px, cx - x0, cy - y0, x1 - x0, y1 - y0), light)
    foot = min(box[3], float(spot.height)) if not spot.is_foot else spot.y
    stretch = np.where(np.isfinite(found.away), found.away / np.float32(ahead), np.float32(1))
    return Layer(x0, y0, found.colours, foot - y0, spot.tall_px, np.asarray(stretch, np.float32))


def _in_camera(
    solid: Solid, turns: tuple[float, float], at: npt.NDArray[Any], *, is_foot: bool
) -> tuple[SolidPart, ...]:
    """The solid's parts as the camera has them: its longest side 1, turned, and put at a point."""
    low, high = solid.box()
    middle = (low + high) / 2
    if is_foot:
        middle[1] = low[1]
    longest = float((high - low).max()) or 1.0
    turn, lean = np.radians(turns)
    around = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    forward = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    whole = np.diag([1.0, -1.0, -1.0]) @ forward @ around  # y down and z ahead
    return tuple(
        SolidPart(
            ((part.points - middle) / longest @ whole.T + at).astype(np.float32),
            part.faces,
            None if part.normals is None else (part.normals @ whole.T).astype(np.float32),
            part.colour,
            part.colours,
            part.texture,
            part.uv,
            part.is_unlit,
        )
        for part in solid.parts
    )


def _seen_box(
    parts: tuple[SolidPart, ...], focal_px: float, middle: tuple[float, float]
) -> tuple[float, ...] | None:
    """Left, top, right, bottom in pixels; None where a part of it is beside or behind the camera."""
    points = np.concatenate([part.points for part in parts])
    if points[:, 2].min() <= 1e-3 * points[:, 2].max():
        return None
    places = points[:, :2] / points[:, 2:] * focal_px + np.asarray(middle)
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    return float(left) - 1, float(top) - 1, float(right) + 1, float(bottom) + 1
