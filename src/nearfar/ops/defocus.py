"""The blur of a lens: every pixel has its own circle of confusion, and near things cover far ones.

The picture is split into layers of like blur and painted from far to near. A layer covers all that is nearer
too (which then paints over it), so a surface across two layers shows no seam, and what was hidden behind a
near object is carried on from its surroundings. Large blur is done on small copies. Colours are mixed as
light (gamma 2), as a lens does.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from nearfar.ops.bands import WHOLE_PIXELS, each_band
from nearfar.ops.circles import Circles
from nearfar.ops.inpaint import extend
from nearfar.ops.resize import enlarged_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_Place = tuple[slice, slice]
_Rows = tuple[int, int, int]  # from, to, of how many

Shape = Literal["disc", "hexagon", "anamorphic"]
SHAPES: tuple[Shape, ...] = ("disc", "hexagon", "anamorphic")

_SHARP_PX = 0.7  # a circle of about a pixel is no blur
_BLURRED_PX = 2.0  # from here on nothing of the sharp picture is left; between the two it is mixed in
_RATIO = 2.2  # of the radii of two layers
_OVERLAP = 1.6  # of a layer's largest radius: so far it goes on below the next one
_HALF = 2  # all blur is done on copies of at most half the size
# (radius from which, scale): a blur of that radius in pixels is done on a copy 1/scale as large.
_SCALES = ((_SHARP_PX, _HALF), (4.0, 4), (12.0, 8))
_TINY = np.float32(1e-4)
_RIM_TRUST = np.float32(0.02)
_FINE_PX = 100  # radius up to which a kernel is drawn five times as fine
_MOST_PIXELS = 5_000_000  # of the smaller copies of larger ones
_STRIP_ROWS = 64  # rows finished at once: the working set stays in the processor's cache


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
        """Where it has colours."""
        signed = coc if self.is_near else -coc
        return np.asarray((signed >= self.radii[0]) & (signed < self.overlap * self.radii[-1]))

    @property
    def overlap(self) -> float:
        """How far a layer goes on below the next one, whose rim is clear where that is blurrier."""
        return _OVERLAP if self.is_near else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    """The picture at half its size: ``light`` (H, W, 3), ``coc`` (H, W) in photo pixels, ``trust`` (H, W).

    Trust is small where what a pixel averages has unlike blur: at the rim of an object it holds colours of
    both sides, and would carry a fringe into the blur.
    """

    light: Floats
    coc: Floats
    trust: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Pixels of a group at its scale: ``colour`` (H, W, 3), its ``trust``, their ``share`` and ``radius``."""

    colour: Floats
    trust: Floats
    share: Floats
    radius: Floats

    def rows(self, rows: slice) -> _Part:
        """Some of its rows."""
        return _Part(self.colour[rows], self.trust[rows], self.share[rows], self.radius[rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Like blur: its ``kernel`` for the small copy, ``where`` it is, where its ``own`` colours are from."""

    kernel: Floats
    where: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]

    def rows(self, rows: slice) -> _Layer:
        """Some of its rows."""
        return _Layer(self.kernel, self.where[rows], self.own[rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Layers:
    """What is laid over the photo, all at half its size.

    ``behind``: the blurred background, or None. ``filled``: what stands behind near things; ``added`` and
    ``clear``: blurred near things, premultiplied, and the share of the rest that they let through; or None.
    ``step``: the half is that of a picture so many times smaller than the photo.
    """

    behind: Floats | None
    filled: Floats | None
    added: Floats | None
    clear: Floats | None
    step: int = 1


def defocus(
    pixels: npt.NDArray[Any], coc_px: Floats | Circles, aperture: Aperture | None = None
) -> npt.NDArray[Any]:
    """(H, W, 3) pixels of the same type, blurred.

    Args:
        pixels: (H, W, 3) uint8 or uint16.
        coc_px: (H, W) float32 radius of the circle of confusion in pixels; above 0 before the focus, below 0
            behind it. Where it is about a pixel or less, the picture stays as it is. Of a large picture it
            need not be there as a whole.
        aperture: the shape of the blur.
    """
    aperture = aperture or Aperture()
    circles = coc_px if isinstance(coc_px, Circles) else Circles.of(coc_px)
    step = _step(circles.shape[0] * circles.shape[1])
    far_px, near_px = -circles.ends[0] / step, circles.ends[1] / step
    if max(far_px, near_px) < _SHARP_PX:
        return pixels.copy()
    half = _half(*_reduced(pixels, circles, step))
    glowing = _Copy(_boosted(half.light, aperture.highlights), half.coc, half.trust)
    if near_px < _SHARP_PX:
        behind = _far_side(glowing, far_px, aperture.shape)
        return _finished(pixels, circles, _Layers(behind, None, None, None, step))
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(_near_side, glowing, near_px, aperture.shape)
        if step > 1:
            doing.result()  # not both at once: memory
        behind = _far_side(glowing, far_px, aperture.shape)
        added, clear = doing.result()
    is_far = (half.coc <= -_SHARP_PX)[..., None]
    beyond = half.light if behind is None else np.where(is_far, behind, half.light)
    filled = _filled_behind(beyond, (half.coc < _SHARP_PX) & (half.trust == 1))
    return _finished(pixels, circles, _Layers(behind, filled, added, clear, step))


def _step(count: int) -> int:
    """How many times smaller a picture of so many pixels is blurred: so that memory and time have a bound."""
    return 1 if count <= WHOLE_PIXELS else math.ceil(math.sqrt(count / _MOST_PIXELS))


def _reduced(pixels: npt.NDArray[Any], coc: Circles, step: int) -> tuple[npt.NDArray[Any], Floats]:
    """The picture and its circles, both in pixels ``step`` times as large."""
    if step == 1:
        return pixels, coc.rows_of(slice(0, coc.shape[0]))
    size = -(-coc.shape[1] // step), -(-coc.shape[0] // step)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small, coc.sampled(size) * np.float32(1 / step)


def _half(pixels: npt.NDArray[Any], coc: Floats) -> _Copy:
    size = (-(-coc.shape[1] // _HALF), -(-coc.shape[0] // _HALF))
    light = _light(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), int(np.iinfo(pixels.dtype).max))
    block = np.ones((2 * _HALF - 1, 2 * _HALF - 1), np.uint8)
    low, high = (_sampled(op(coc, block), size) for op in (cv2.erode, cv2.dilate))
    limit = np.maximum(1, np.float32(0.15) * np.maximum(np.abs(low), np.abs(high)))
    trust = np.where(high - low <= limit, np.float32(1), _RIM_TRUST)
    return _Copy(light, _sampled(coc, size), trust)


def _sampled(values: Any, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_NEAREST), np.float32)


def _light(pixels: Any, top: int) -> Floats:
    light: Floats = np.multiply(pixels, np.float32(1 / top), dtype=np.float32)
    light *= light
    return light


def _boosted(light: Floats, highlights: float) -> Floats:
    """Light in which what is nearly white is brighter than white: the film could not hold it."""
    if highlights <= 0:
        return light
    over = cv2.max(cv2.max(light[..., 0], light[..., 1]), light[..., 2])
    over = np.clip((over - np.float32(0.8)) / np.float32(0.2), 0, 1)
    side = max(9, max(over.shape) // 16)
    rows, columns = (min(side, max(9, count)) for count in over.shape)  # OpenCV keeps that many rows
    over *= np.clip(
        1 - 2 * cv2.blur(over, (columns, rows)), 0, 1
    )  # a lamp, not a white wall or a sheet of paper
    return np.asarray(light * (1 + np.float32(highlights) * over * over)[..., None], np.float32)


def _finished(pixels: npt.NDArray[Any], coc: Circles, layers: _Layers) -> npt.NDArray[Any]:
    """The photo with the layers over it, strip by strip."""
    out = np.empty_like(pixels)
    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
        starts = range(0, len(out), _STRIP_ROWS)
        list(pool.map(lambda start: _finish_strip(pixels, coc, layers, start, out), starts))
    return out


def _finish_strip(
    pixels: npt.NDArray[Any], coc: Circles, layers: _Layers, start: int, out: npt.NDArray[Any]
) -> None:
    height, width = coc.shape
    rows = (start, min(height, start + _STRIP_ROWS))
    part, top = slice(*rows), int(np.iinfo(pixels.dtype).max)
    light, radius = _light(pixels[part], top), coc.rows_of(part) * np.float32(1 / layers.step)
    if layers.behind is not None:
        _mix(light, layers.behind, (*rows, height), -radius)
    if layers.filled is not None and layers.added is not None and layers.clear is not None:
        _mix(light, layers.filled, (*rows, height), radius)
        light *= _thrice(enlarged_rows(layers.clear, rows, height, width))
        light += enlarged_rows(layers.added, rows, height, width)
    np.clip(light, 0, 1, out=light)
    cv2.sqrt(light, light)
    light *= np.float32(top)
    light += np.float32(0.5)
    out[part] = light


def _mix(light: Floats, half: Floats, rows: _Rows, radius: Floats) -> None:
    """``light`` becomes ``half`` enlarged where blur is large; a hard switch leaves specks on a slope."""
    if float(radius.max()) <= _SHARP_PX:
        return
    other = enlarged_rows(half, rows[:2], rows[2], light.shape[1])
    share = np.clip((radius - np.float32(_SHARP_PX)) * np.float32(1 / (_BLURRED_PX - _SHARP_PX)), 0, 1)
    other -= light
    other *= _thrice(share)
    light += other


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


def _far_side(half: _Copy, largest_px: float, shape: Shape) -> Floats | None:
    """The blurred background as if nothing stood before it, at half size; None where there is none."""
    out: Floats | None = None
    for group in reversed(list(_groups(largest_px, is_near=False))):
        mask = group.covers(half.coc)
        if not mask.any():
            continue
        part = _part(half, mask, group.scale)
        farther = _small_mask(half.coc <= -group.radii[-1], group.scale)
        nearer = np.maximum(0, 1 - part.share - farther)
        if out is None:
            under = extend(part.colour, part.trust)
        else:
            under = _enlarged(out, (nearer.shape[1], nearer.shape[0]))
            known = part.share + farther
            nearer *= extend(part.share / np.maximum(known, _TINY), np.minimum(1, known))
        out = _paint(under, part, nearer, _layers(group, part.radius, shape))
    return None if out is None else _enlarged(out, half.coc.shape[::-1])


def _layers(group: _Group, radius: Floats, shape: Shape) -> list[_Layer]:
    """From far to near."""
    pairs = list(zip(group.radii, group.radii[1:], strict=False))
    found = []
    for low, high in pairs if group.is_near else reversed(pairs):
        is_last = high == group.radii[-1]
        where = (radius >= low) & ((radius < high) | is_last)
        if where.any():
            mean = min(float(radius[where].mean()), high)
            own = (radius >= low) & ((radius < high * group.overlap) | is_last)
            found.append(_Layer(aperture_kernel(mean / group.scale, shape), where, own))
    return found


def _paint(under: Floats, part: _Part, nearer: Floats, layers: list[_Layer]) -> Floats:
    """The layers over what lies behind them. ``nearer``: (H, W) share of what stands before all of them."""
    out = np.empty_like(under)

    def work(band: slice) -> None:
        seen, inner = _with_margin(band, len(under), layers)
        painted = under[seen].copy()
        for here, paint, share in _blurred_layers(part.rows(seen), nearer[seen], layers, seen):
            # Where the layer itself does not reach, what lies behind shows.
            change = np.subtract(paint, painted[here], out=paint)
            change *= _thrice(share)
            painted[here] += change
        out[band] = painted[inner]

    each_band(work, len(under), under.shape[1])
    return out


def _with_margin(band: slice, height: int, layers: list[_Layer]) -> tuple[slice, slice]:
    """The rows that the blur of a band reads, and where the band lies in them."""
    margin = max((len(layer.kernel) // 2 for layer in layers), default=0)
    start = max(0, band.start - margin)
    seen = slice(start, min(height, band.stop + margin))
    return seen, slice(band.start - start, band.stop - start)


def _near_side(half: _Copy, largest_px: float, shape: Shape) -> tuple[Floats, Floats]:
    """What is before the focus, blurred, at half size: premultiplied light, share let through."""
    size = half.coc.shape[::-1]
    added = np.zeros(half.light.shape, np.float32)
    clear = np.ones(half.coc.shape, np.float32)
    for group in _groups(largest_px, is_near=True):
        mask = group.covers(half.coc)
        if not mask.any():
            continue
        part = _part(half, mask, group.scale)
        nearer = _small_mask(half.coc >= group.radii[-1], group.scale)
        painted, through = _painted(part, nearer, _layers(group, part.radius, shape))
        through = _enlarged(through, size)
        added *= _thrice(through)
        added += _enlarged(painted, size)
        clear *= through
    return added, clear


def _painted(part: _Part, nearer: Floats, layers: list[_Layer]) -> tuple[Floats, Floats]:
    """What the layers add (premultiplied, (H, W, 3)) and how much of the rest they let through (H, W)."""
    clear: Floats = np.ones(part.share.shape, np.float32)
    added: Floats = np.zeros(part.colour.shape, np.float32)

    def work(band: slice) -> None:
        seen, inner = _with_margin(band, len(clear), layers)
        thin, light = np.ones(clear[seen].shape, np.float32), np.zeros(added[seen].shape, np.float32)
        for here, paint, share in _blurred_layers(part.rows(seen), nearer[seen], layers, seen):
            through = 1 - share
            light[here] *= _thrice(through)
            light[here] += np.multiply(paint, _thrice(share), out=paint)
            thin[here] *= through
        added[band], clear[band] = light[inner], thin[inner]

    each_band(work, len(clear), clear.shape[1])
    return added, clear


def _blurred_layers(
    part: _Part, nearer: Floats, layers: list[_Layer], rows: slice
) -> Iterator[tuple[_Place, Floats, Floats]]:
    """Of each layer from far to near: the part of the rows that it reaches, its colours there, its share.

    The share is what it and all that is nearer cover, where it reaches. ``part`` and ``nearer`` are of the
    rows alone, the layers whole.
    """
    rest: Floats = np.asarray(np.minimum(1, part.share + nearer), np.float32)
    for layer in (whole.rows(rows) for whole in layers):
        if not layer.own.any():
            continue
        here = _around(layer.own, len(layer.kernel))
        own = np.asarray(part.trust[here] * layer.own[here], np.float32)
        paint, reach, share = (
            _filtered(a, layer.kernel) for a in (part.colour[here] * _thrice(own), own, rest[here])
        )
        paint *= _thrice(np.asarray(1 / np.maximum(reach, _TINY), np.float32))
        share *= reach / (reach + _TINY)
        yield here, paint, share
        rest[here] -= part.share[here] * layer.where[here]
        np.maximum(rest, 0, out=rest)


def _around(where: npt.NDArray[np.bool_], margin: int) -> _Place:
    """The rectangle round all that is true, and a margin."""
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _thrice(plane: Floats) -> Floats:
    """(H, W, 3) of one plane: products of whole arrays are faster than those of a last axis of one."""
    return np.asarray(cv2.merge((plane, plane, plane)), np.float32)


def _filtered(array: Floats, kernel: Floats) -> Floats:
    fitted = _folded(_folded(kernel, array.shape[0]).T, array.shape[1]).T
    filtered = cv2.filter2D(array, -1, np.ascontiguousarray(fitted), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(filtered, np.float32)


def _folded(kernel: Floats, length: int) -> Floats:
    """The kernel with no more rows than reach across so many pixels.

    Rows beyond see the rim's pixel repeated, from every place, as the last row that is kept does: the result
    is the same, and the memory goes with the picture and not with the blur.
    """
    beyond = len(kernel) // 2 - max(1, length - 1)
    if beyond <= 0:
        return kernel
    folded = kernel[beyond:-beyond].copy()
    folded[0] += kernel[:beyond].sum(axis=0)
    folded[-1] += kernel[-beyond:].sum(axis=0)
    return folded


def _filled_behind(light: Floats, keep: npt.NDArray[np.bool_]) -> Floats:
    """The picture with near things replaced by their surroundings: their rims will let them through."""
    size = (max(1, light.shape[1] // 2), max(1, light.shape[0] // 2))
    share = keep.astype(np.float32)
    weight = _resized(share, size, cv2.INTER_AREA)
    colour = _resized(light * _thrice(share), size, cv2.INTER_AREA)
    colour /= _thrice(np.maximum(weight, _TINY))
    filled = _enlarged(extend(colour, np.minimum(1, weight)), (light.shape[1], light.shape[0]))
    return np.where(keep[..., None], light, filled)


def _part(half: _Copy, mask: npt.NDArray[np.bool_], scale: int) -> _Part:
    """The masked pixels alone, at 1/scale of the photo."""
    share = mask.astype(np.float32)
    trust = share * half.trust
    if scale == _HALF:
        return _Part(half.light, trust, share, np.abs(half.coc))
    size = _size(share, scale)
    small_trust, small_share = (_resized(a, size, cv2.INTER_AREA) for a in (trust, share))
    colour = _resized(half.light * _thrice(trust), size, cv2.INTER_AREA)
    colour /= _thrice(np.maximum(small_trust, _TINY))
    radius = _resized(np.abs(half.coc) * share, size, cv2.INTER_AREA)
    radius /= np.maximum(small_share, _TINY)
    return _Part(colour, small_trust, small_share, radius)


def _small_mask(mask: npt.NDArray[np.bool_], scale: int) -> Floats:
    share = mask.astype(np.float32)
    return share if scale == _HALF else _resized(share, _size(share, scale), cv2.INTER_AREA)


def _size(array: Floats, scale: int) -> tuple[int, int]:
    step = scale // _HALF
    return -(-array.shape[1] // step), -(-array.shape[0] // step)


def _resized(array: Floats, size: tuple[int, int], how: int) -> Floats:
    return np.asarray(cv2.resize(array, size, interpolation=how), np.float32)


def _enlarged(array: Floats, size: tuple[int, int]) -> Floats:
    return array if array.shape[1::-1] == size else _resized(array, size, cv2.INTER_LINEAR)


def aperture_kernel(radius: float, shape: Shape = "disc") -> Floats:
    """A kernel of sum 1: an opening of that radius in pixels, its rim smoothed over a pixel."""
    half = max(1, int(np.ceil(radius)))
    fine = 5 if half <= _FINE_PX else 1  # the rim of a large opening is a small part of it
    steps = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    y, x = np.meshgrid(steps, steps, indexing="ij")
    inside = _INSIDE[shape](x / radius, y / radius).astype(np.float32)
    side = 2 * half + 1
    kernel = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(kernel / kernel.sum(), np.float32)


_INSIDE = {
    "disc": lambda x, y: x * x + y * y <= 1 + 1e-9,
    "hexagon": lambda x, y: np.maximum(np.abs(y), np.abs(x) * 0.866 + np.abs(y) * 0.5) <= 0.91,
    "anamorphic": lambda x, y: (x / 0.6) ** 2 + y * y <= 1 + 1e-9,
}
