"""The blur of a lens: every pixel has its own circle of confusion, and near things cover far ones.

The picture is split into layers of like blur and painted from far to near. A layer covers all that is nearer
too (which then paints over it), so a surface across two layers shows no seam, and what was hidden behind a
near object is carried on from its surroundings. Large blur is done on small copies. Colours are mixed as
light (gamma 2), as a lens does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from nearfar.ops.inpaint import extend

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

Shape = Literal["disc", "hexagon", "anamorphic"]
SHAPES: tuple[Shape, ...] = ("disc", "hexagon", "anamorphic")

_SHARP_PX = 0.7  # a circle of about a pixel is no blur
_RATIO = 1.45  # of the radii of two layers
# (radius from which, scale): a blur of that radius in pixels is done on a copy 1/scale as large.
_SCALES = ((_SHARP_PX, 2), (6.0, 4), (16.0, 8))
_TINY = np.float32(1e-4)


@dataclass(frozen=True, slots=True)
class Aperture:
    """``shape`` of the opening; ``highlights``: how much brighter than white bright spots are taken to be."""

    shape: Shape = "disc"
    highlights: float = 0.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Layers done at one scale on one side of the focus: ``radii`` are its bounds in the photo's pixels."""

    scale: int
    is_near: bool
    radii: tuple[float, ...]

    def covers(self, coc: Floats) -> npt.NDArray[np.bool_]:
        signed = coc if self.is_near else -coc
        return np.asarray((signed >= self.radii[0]) & (signed < self.radii[-1]))


def defocus(pixels: npt.NDArray[Any], coc_px: Floats, aperture: Aperture | None = None) -> npt.NDArray[Any]:
    """H×W×3 pixels of the same type, blurred.

    Args:
        pixels: H×W×3 uint8 or uint16.
        coc_px: H×W float32 radius of the circle of confusion in pixels; above 0 before the focus, below 0
            behind it. Where it is about a pixel or less, the picture stays as it is.
        aperture: the shape of the blur.
    """
    aperture = aperture or Aperture()
    far_px, near_px = float(-coc_px.min()), float(coc_px.max())
    if max(far_px, near_px) < _SHARP_PX:
        return pixels.copy()
    top = int(np.iinfo(pixels.dtype).max)
    light = _light(pixels, top)
    glowing = _boosted(light, aperture.highlights)
    behind = _far_side(glowing, coc_px, far_px, aperture.shape)
    is_far = coc_px <= -_SHARP_PX
    out = light if behind is None else _mixed(light, behind, is_far)
    if near_px >= _SHARP_PX:
        out = out.copy() if out is glowing else out  # it is painted on while it is read
        _paint_near(out, glowing, coc_px, near_px, aperture.shape)
    return _pixels(out, top, pixels.dtype)


def _light(pixels: npt.NDArray[Any], top: int) -> Floats:
    light = pixels.astype(np.float32)
    light *= np.float32(1 / top)
    np.multiply(light, light, out=light)
    return light


def _pixels(light: Floats, top: int, kind: Any) -> npt.NDArray[Any]:
    np.clip(light, 0, 1, out=light)
    cv2.sqrt(light, light)
    light *= np.float32(top)
    light += np.float32(0.5)
    return light.astype(kind)


def _boosted(light: Floats, highlights: float) -> Floats:
    """Light in which what is nearly white is brighter than white: the film could not hold it."""
    if highlights <= 0:
        return light
    brightest = light.max(axis=2)
    over = np.clip((brightest - np.float32(0.8)) / np.float32(0.2), 0, 1)
    return np.asarray(light * (1 + np.float32(highlights) * over * over)[..., None], np.float32)


def _groups(largest_px: float, is_near: bool) -> Iterator[_Group]:
    """Groups from small to large blur."""
    ends = [start for start, _ in _SCALES[1:]] + [np.inf]
    for (start, scale), end in zip(_SCALES, ends, strict=True):
        if largest_px < start:
            return
        bounds = [start]
        while bounds[-1] * _RATIO * 1.2 < min(end, largest_px):
            bounds.append(bounds[-1] * _RATIO)
        yield _Group(scale, is_near, (*bounds, float(min(end, largest_px * 1.001 + 1))))


def _far_side(light: Floats, coc: Floats, largest_px: float, shape: Shape) -> Floats | None:
    """The blurred background as if nothing stood before it, H×W×3; None where all is in focus or nearer."""
    out: Floats | None = None
    for group in reversed(list(_groups(largest_px, is_near=False))):
        mask = group.covers(coc)
        if not mask.any():
            continue
        colour, weight, radius = _small(light, np.abs(coc), mask, group.scale)
        farther = _small_mask(coc <= -group.radii[-1], group.scale)
        nearer = _small_mask(coc > -group.radii[0], group.scale)
        under = extend(colour, weight) if out is None else _enlarged(out, (weight.shape[1], weight.shape[0]))
        if out is not None:
            share = extend(weight / np.maximum(weight + farther, _TINY), np.minimum(1, weight + farther))
            nearer *= share
        out = _paint(under, colour, weight, nearer, _layers(group, radius), shape)
    if out is None:
        return None
    return out if out.shape == light.shape else _enlarged(out, (light.shape[1], light.shape[0]))


def _layers(group: _Group, radius: Floats) -> list[tuple[float, npt.NDArray[np.bool_]]]:
    """(blur radius in pixels of the small copy, where) from far to near."""
    pairs = list(zip(group.radii, group.radii[1:], strict=False))
    found = []
    for low, high in pairs if group.is_near else reversed(pairs):
        where = (radius >= low) & (radius < high)
        if where.any():
            found.append((float(radius[where].mean()) / group.scale, where))
    return found


def _paint(
    under: Floats,
    colour: Floats,
    weight: Floats,
    nearer: Floats,
    layers: list[tuple[float, npt.NDArray[np.bool_]]],
    shape: Shape,
) -> Floats:
    """The layers over what lies behind them. ``nearer``: h×w share of what stands before all of them."""
    rest: Floats = np.asarray(np.minimum(1, weight + nearer), np.float32)
    for radius, where in layers:
        own = weight * where
        blurred = _blurred(np.dstack([colour * own[..., None], own, rest]), radius, shape)
        cover, own_cover = blurred[..., 4], blurred[..., 3]
        # Where the layer itself does not reach, what lies behind shows.
        known = own_cover / (own_cover + _TINY)
        paint = blurred[..., :3] / np.maximum(own_cover, _TINY)[..., None]
        under = np.asarray(under + (paint - under) * (cover * known)[..., None], np.float32)
        rest = np.asarray(np.maximum(rest - own, 0), np.float32)
    return under


def _paint_near(out: Floats, light: Floats, coc: Floats, largest_px: float, shape: Shape) -> None:
    """Lay what is before the focus over ``out``, in place: blurred, its rims see-through."""
    is_near = coc >= _SHARP_PX
    _fill_behind(out, is_near)
    for group in _groups(largest_px, is_near=True):
        mask = group.covers(coc)
        if not mask.any():
            continue
        colour, weight, radius = _small(light, coc, mask, group.scale)
        nearer = _small_mask(coc >= group.radii[-1], group.scale)
        painted, seen = _paint_over(colour, weight, nearer, _layers(group, radius), shape)
        full = (out.shape[1], out.shape[0])
        cover = _enlarged(seen, full)
        out *= (1 - cover)[..., None]
        out += _enlarged(painted, full)


def _paint_over(
    colour: Floats,
    weight: Floats,
    nearer: Floats,
    layers: list[tuple[float, npt.NDArray[np.bool_]]],
    shape: Shape,
) -> tuple[Floats, Floats]:
    """What the layers add (premultiplied, h×w×3) and how much of the rest they hide (h×w)."""
    clear = np.ones(weight.shape, np.float32)
    added = np.zeros(colour.shape, np.float32)
    rest: Floats = np.asarray(np.minimum(1, weight + nearer), np.float32)
    for radius, where in layers:
        own = weight * where
        blurred = _blurred(np.dstack([colour * own[..., None], own, rest]), radius, shape)
        own_cover = blurred[..., 3]
        cover = blurred[..., 4] * own_cover / (own_cover + _TINY)
        paint = blurred[..., :3] / np.maximum(own_cover, _TINY)[..., None]
        added *= (1 - cover)[..., None]
        added += paint * cover[..., None]
        clear *= 1 - cover
        rest = np.asarray(np.maximum(rest - own, 0), np.float32)
    return added, 1 - clear


def _fill_behind(out: Floats, is_near: npt.NDArray[np.bool_]) -> None:
    """Carry colours on to where near things stood, in place: their rims will let them through."""
    scale = 4 if min(out.shape[:2]) >= 64 else 1
    size = (max(1, out.shape[1] // scale), max(1, out.shape[0] // scale))
    keep = (~is_near).astype(np.float32)
    weight = _resized(keep, size, cv2.INTER_AREA)
    colour = _resized(out * keep[..., None], size, cv2.INTER_AREA)
    colour /= np.maximum(weight, _TINY)[..., None]
    filled = _enlarged(extend(colour, np.minimum(1, weight)), (out.shape[1], out.shape[0]))
    np.copyto(out, filled, where=is_near[..., None])


def _mixed(light: Floats, behind: Floats, is_far: npt.NDArray[np.bool_]) -> Floats:
    return np.where(is_far[..., None], behind, light)


def _small(
    light: Floats, radius: Floats, mask: npt.NDArray[np.bool_], scale: int
) -> tuple[Floats, Floats, Floats]:
    """Colours, share and radius of the masked pixels alone, at 1/scale."""
    share = mask.astype(np.float32)
    if scale == 1:
        return light, share, radius
    size = _size(light, scale)
    weight = _resized(share, size, cv2.INTER_AREA)
    per = 1 / np.maximum(weight, _TINY)
    colour = _resized(light * share[..., None], size, cv2.INTER_AREA)
    colour *= per[..., None]
    return colour, weight, np.asarray(_resized(radius * share, size, cv2.INTER_AREA) * per, np.float32)


def _small_mask(mask: npt.NDArray[np.bool_], scale: int) -> Floats:
    share = mask.astype(np.float32)
    return share if scale == 1 else _resized(share, _size(share, scale), cv2.INTER_AREA)


def _size(array: Floats, scale: int) -> tuple[int, int]:
    return max(1, -(-array.shape[1] // scale)), max(1, -(-array.shape[0] // scale))


def _resized(array: Floats, size: tuple[int, int], how: int) -> Floats:
    return np.asarray(cv2.resize(array, size, interpolation=how), np.float32)


def _enlarged(array: Floats, size: tuple[int, int]) -> Floats:
    return array if array.shape[1::-1] == size else _resized(array, size, cv2.INTER_LINEAR)


def _blurred(array: Floats, radius: float, shape: Shape) -> Floats:
    kernel = aperture_kernel(radius, shape)
    parts = [
        cv2.filter2D(np.ascontiguousarray(part), -1, kernel, borderType=cv2.BORDER_REPLICATE)
        for part in (array[..., :3], array[..., 3:])
    ]
    return np.concatenate(parts, axis=2)


def aperture_kernel(radius: float, shape: Shape = "disc") -> Floats:
    """A kernel of sum 1: an opening of that radius in pixels, its rim smoothed over a pixel."""
    fine = 5
    half = max(1, int(np.ceil(radius)))
    steps = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    y, x = np.meshgrid(steps, steps, indexing="ij")
    inside = _INSIDE[shape](x / radius, y / radius).astype(np.float32)
    side = 2 * half + 1
    kernel = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(kernel / kernel.sum(), np.float32)


_INSIDE = {
    "disc": lambda x, y: x * x + y * y <= 1 + 1e-9,
    "hexagon": lambda x, y: np.maximum(np.abs(y), np.abs(x) * 0.866 + np.abs(y) * 0.5) <= 0.91,
    "anamorphic": lambda x, y: (x / 0.6) ** 2 + y * y <= 1,
}
