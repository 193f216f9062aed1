"""What effects share: the photo checked against the depth, its colours as floats, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.alpha import shown
from nearfar.ops.bands import each_band, gathered
from nearfar.ops.nearness import nearness, nearness_rows
from nearfar.ops.refine import refine, refined
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    RowsOf = Callable[[slice], Floats]

REFINE_HELP = "Bring depth edges to the photo's edges first."


def matching(photo: Photo | None, depth: DepthMap) -> Photo:
    """The photo, when there is one of the depth map's size.

    Raises:
        ParameterError: there is none, or it has another size.
    """
    if photo is None:
        raise ParameterError("This effect needs the photo.", "Give the photo that the depth was made from.")
    if (photo.height, photo.width) != depth.values.shape:
        raise ParameterError(
            f"The photo is {photo.width}×{photo.height}, but its depth {depth.width}×{depth.height} pixels.",
            "Give the photo that the depth was made from.",
        )
    return photo


def near_of(photo: Photo, depth: DepthMap, *, is_refined: bool) -> Floats:
    """(H, W) nearness in 0…1, its edges on the photo's where asked for."""
    near = nearness(depth)
    return refine(near, shown(photo), depth.provenance.input_size, out=near) if is_refined else near


def near_rows(photo: Photo, depth: DepthMap, *, is_refined: bool) -> RowsOf:
    """What gives rows of :func:`near_of`, so that a large photo's is never there as a whole."""
    plain = nearness_rows(depth)
    if not is_refined:
        return plain
    near = gathered(plain, *depth.values.shape)
    model = refined(near, shown(photo), depth.provenance.input_size)
    return plain if model is None else model.rows


def floats(photo: Photo, rows: slice = slice(None)) -> Floats:
    """(H, W, 3) float32 in 0…1, sRGB; of some rows."""
    part = photo.pixels[rows]
    return np.multiply(part, np.float32(1 / np.iinfo(part.dtype).max), dtype=np.float32)


def painted(photo: Photo, paint: Callable[[slice, Floats], Floats], fewest: int = 1) -> npt.NDArray[Any]:
    """(H, W, 3) of the photo's type: what ``paint(rows, colours)`` makes of each band, which it may use up.

    ``fewest``: rows of a band.
    """
    out = np.empty(photo.pixels.shape, photo.pixels.dtype)

    def take(rows: slice) -> None:
        out[rows] = quantised(paint(rows, floats(photo, rows)), photo)

    each_band(take, photo.height, photo.width, fewest)
    return out


def quantised(colours: Floats, like: Photo) -> npt.NDArray[Any]:
    """Floats in 0…1 to the photo's type; ``colours`` is used up."""
    top = np.iinfo(like.pixels.dtype).max
    np.clip(colours, 0, 1, out=colours)
    colours *= np.float32(top)
    colours += np.float32(0.5)
    return colours.astype(like.pixels.dtype)


def finished(pixels: npt.NDArray[Any], photo: Photo, depth: DepthMap) -> Picture:
    """A picture of the photo's size with its alpha."""
    return Picture(pixels if photo.alpha is None else np.dstack([pixels, photo.alpha]), depth.text())


def parse_colour(text: str) -> tuple[float, float, float]:
    """Red, green, blue in 0…1 from ``#rrggbb``, ``#rgb`` or a name that CSS knows.

    Raises:
        ParameterError: anything else.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as exc:
        raise ParameterError(f"'{text}' is no colour.", "Give a name or #rrggbb.") from exc
    return red / 255, green / 255, blue / 255


def chosen_by(mask: Any, depth: DepthMap) -> npt.NDArray[np.bool_]:
    """(H, W) bool: where a mask ((H, W) of numbers or bool) is not 0.

    Raises:
        ParameterError: it has another size.
    """
    chosen = np.asarray(mask) > 0
    if chosen.shape != depth.values.shape:
        size = "×".join(str(n) for n in chosen.shape[::-1])
        raise ParameterError(
            f"The mask is {size}, but the photo {depth.width}×{depth.height} pixels.",
            "Give a mask made from this photo.",
            parameter="mask",
        )
    return chosen
