"""A thing put into the photo at a place and a depth: what is nearer hides it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects import anaglyph, stereo
from nearfar.effects._canvas import (
    REFINE_HELP,
    finished,
    floats,
    matching,
    near_rows,
    parse_colour,
    quantised,
)
from nearfar.effects._layer import Layer, Spot, multiplied, of_picture, of_solid, of_words
from nearfar.effects._light import light_of
from nearfar.effects._views import PLANE_HELP, SEPARATION_HELP
from nearfar.effects.fog import seen_through
from nearfar.errors import ParameterError
from nearfar.ops.bands import each_band, gathered
from nearfar.ops.focus import threshold
from nearfar.ops.intrinsics import camera_of
from nearfar.ops.nearness import ends_of_nearness
from nearfar.ops.raster import Shading
from nearfar.options import numbers, option
from nearfar.plugins import Effect
from nearfar.types import DepthKind, DepthMap, Photo, Picture
from nearfar.types.solid import Solid

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.effects._canvas import RowsOf

    Floats = npt.NDArray[np.float32]
    Direction = tuple[float, float, float]

_PATCH = 0.012  # of the longer side: half the square in which the surface at a place is looked for
_GUESS = (0.1, 1.0)  # inverse distance of the farthest and the nearest pixel of relative depth: 10 and 1
_SEEN = {"surface": 0.8, "between": 0.4}  # of words, where nothing else is asked for
_REACH = 0.07  # nearness within which a surface is close enough for a contact shadow


@dataclass(frozen=True, slots=True)
class OccludeOptions:
    """What is put in, where it stands, how far away, and how it is lit."""

    thing: Any = option(None, "Picture that is put in; its alpha cuts it out.", file="picture")
    glb: Any = option(None, "Mesh that is put in instead: a binary glTF file.", file="mesh")
    text: str = option("nearfar", "Words that are put in where there is no file.", form="TEXT")
    ink: str = option("#ffffff", "Colour of the words: a name or #rrggbb.", form="COLOUR")
    place: tuple[float, float] = option(
        (0.5, 0.7),
        "Where it stands in the picture: x,y from 0,0 (left, top) to 1,1.",
        parse=numbers("place", 2),
        form="PLACE",
    )
    anchor: str = option(
        "foot", "Which part of it is at the place: its foot or its middle.", choices=("foot", "middle")
    )
    stand: str = option(
        "surface",
        "How far away: on the surface that is seen at the place, or between the subject and what is behind.",
        choices=("surface", "between"),
    )
    nearness: float | None = option(
        None, "How far away instead: 0 at the farthest pixel, 1 at the nearest.", low=0, high=1
    )
    distance_m: float | None = option(
        None, "How far away instead, in metres, where the depth is metric.", low=0.01, high=100_000
    )
    seen: float | None = option(
        None,
        "Share of words that is seen at least where stand says how far: they are brought nearer until it is. "
        "Else 0.8 on a surface, 0.4 between.",
        low=0,
        high=1,
    )
    tall: float = option(
        25.0, "Height (of a mesh: longest side) in percent of the picture's height.", low=0.1, high=400
    )
    tall_m: float | None = option(
        None, "Height instead in metres, where the depth is metric.", low=0.001, high=10_000
    )
    turn: float = option(30.0, "Turn of a mesh round its upright axis, in degrees.", low=-360, high=360)
    lean: float = option(0.0, "Leaning of a mesh towards the viewer, in degrees.", low=-180, high=180)
    sun: tuple[float, float] | None = option(
        None,
        "Where light comes from: x,y of a lamp before the picture; as the photo's shading tells otherwise.",
        parse=numbers("sun", 2),
        form="PLACE",
    )
    shade: float = option(0.6, "How much of a mesh's light comes from there.", low=0, high=1)
    shadow: float = option(0.6, "Strength of the shadow where it touches something.", low=0, high=1)
    softness: float = option(
        0.03, "Width of the soft edge where it is hidden, as a share of the depth.", low=0.001, high=1
    )
    haze: float = option(0.0, "Fog before it: optical thickness at the farthest pixel.", low=0, high=20)
    haze_colour: str = option("#d5dbe0", "Colour of that fog: a name or #rrggbb.", form="COLOUR")
    haze_photo: bool = option(False, "The fog lies over the photo too, not over the thing alone.")
    views: str = option(
        "one",
        "One view, or two for two eyes: side by side, side by side for crossed eyes, or red and cyan.",
        choices=("one", "parallel", "cross", "anaglyph"),
    )
    separation: float = option(3.0, SEPARATION_HELP, low=0, high=20)
    plane: float = option(0.5, PLANE_HELP, low=0, high=1)
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: OccludeOptions) -> Picture:
    """The photo with the thing in it, or two views of both.

    Raises:
        ParameterError: photo and depth differ in size, two things or none were given, or metres are asked of
            depth that has none.
    """
    photo = matching(photo, depth)
    near = near_rows(photo, depth, is_refined=options.refine)
    stage = _stage(photo, depth, near, options)
    if options.views == "one":
        return _finished(_composed(photo, near, stage, None), photo, depth)
    seen = gathered(near, *depth.values.shape)
    pixels = _composed(photo, seen.__getitem__, stage, seen)
    both = Photo(pixels[..., :3], pixels[..., 3] if photo.alpha is not None else None)
    flat = DepthMap(seen, DepthKind.RELATIVE_INVERSE, shared_span=(0.0, 1.0))
    apart, plane = options.separation, options.plane
    if options.views == "anaglyph":
        done = anaglyph.apply(both, flat, anaglyph.AnaglyphOptions(apart, plane, refine=False))
    else:
        done = stereo.apply(both, flat, stereo.StereoOptions(apart, plane, options.views, refine=False))
    return replace(done, text=depth.text())


def _finished(pixels: npt.NDArray[Any], photo: Photo, depth: DepthMap) -> Picture:
    """A picture of the composed pixels, which have their alpha already."""
    return Picture(pixels, depth.text()) if photo.alpha is not None else finished(pixels, photo, depth)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """The thing as it stands: its layer, the nearness of each of its pixels, and what is done to light."""

    layer: Layer
    near: Floats
    middle: float
    shadow: Floats
    options: OccludeOptions
    haze: Floats


def _stage(photo: Photo, depth: DepthMap, near: RowsOf, options: OccludeOptions) -> _Stage:
    middle = nearness_for(photo, depth, near, options)
    low, high = _ends(depth)
    inverse = max(low + middle * (high - low), 1e-6)
    spot = _spot(photo, depth, inverse, options)
    light = direction_for(photo, depth, options)
    layer = _layer(depth, spot, light, options)
    if not layer.colours[..., 3].any():
        x, y = options.place
        raise ParameterError(
            f"Nothing of the thing lies in the picture: place is {x:g},{y:g}.",
            "Give x,y from 0,0 (left, top) to 1,1, not pixels.",
            parameter="place",
        )
    close = np.full(layer.colours.shape[:2], middle, np.float32)
    if layer.stretch is not None:
        close = np.asarray((inverse / layer.stretch - low) / (high - low), np.float32)
    colour = np.array(parse_colour(options.haze_colour), np.float32)
    return _Stage(layer, close, middle, _shadow(layer, light), options, colour)


def nearness_for(photo: Photo, depth: DepthMap, near: RowsOf, options: OccludeOptions) -> float:
    """How near the thing stands, on the photo's scale of 0 to 1; beyond it where metres say so.

    Raises:
        ParameterError: metres of depth that has none, or two ways to say it.
    """
    if options.distance_m is not None:
        if options.nearness is not None:
            raise ParameterError("Both nearness and distance_m were given.", "Give one.", "distance_m")
        _require_metres(depth, "distance_m")
        low, high = ends_of_nearness(depth)
        return (1 / options.distance_m - low) / (high - low) if high > low else 0.0
    if options.nearness is not None:
        return options.nearness
    found = _surface(photo, depth, near, options)
    is_words = options.thing is None and options.glb is None
    return max(found, _legible(photo, depth, near, options, found)) if is_words else found


def _surface(photo: Photo, depth: DepthMap, near: RowsOf, options: OccludeOptions) -> float:
    """How near what ``stand`` names is."""
    if options.stand == "between":
        return threshold(gathered(near, *depth.values.shape))
    x, y = options.place
    half = max(1, round(_PATCH * max(photo.width, photo.height)))
    row, column = int(np.clip(y, 0, 1) * (photo.height - 1)), int(np.clip(x, 0, 1) * (photo.width - 1))
    rows = slice(max(0, row - half), min(photo.height, row + half + 1))
    return float(np.median(near(rows)[:, max(0, column - half) : column + half + 1]))


def _legible(photo: Photo, depth: DepthMap, near: RowsOf, options: OccludeOptions, middle: float) -> float:
    """How near words must be at least so that enough of them is seen; 0 where nothing is asked for."""
    share = _SEEN[options.stand] if options.seen is None else options.seen
    if share == 0:
        return 0.0
    low, high = _ends(depth)
    spot = _spot(photo, depth, max(low + middle * (high - low), 1e-6), options)
    layer = of_words(options.text, parse_colour(options.ink), spot)
    rows, columns = layer.colours.shape[:2]
    behind = near(slice(layer.top, layer.top + rows))[:, layer.left : layer.left + columns]
    ink = layer.colours[..., 3] > 0.5
    if not ink.any():
        return 0.0
    nearest = float(np.quantile(behind[ink], share, method="higher"))
    return min(1.0, nearest - _slack(options) + options.softness / 2)


def _require_metres(depth: DepthMap, name: str) -> None:
    if depth.kind is not DepthKind.METRIC:
        raise ParameterError(
            f"{name} asks for metres, and this depth has none.",
            "Use a metric model or a calibration, or give nearness and tall.",
            parameter=name,
        )


def _ends(depth: DepthMap) -> tuple[float, float]:
    """Inverse distance at nearness 0 and 1: of metric depth in metres, else a stated guess."""
    low, high = ends_of_nearness(depth) if depth.kind is DepthKind.METRIC else _GUESS
    return (low, high) if high > low else _GUESS


def _spot(photo: Photo, depth: DepthMap, inverse: float, options: OccludeOptions) -> Spot:
    tall_px = options.tall / 100 * photo.height
    if options.tall_m is not None:
        _require_metres(depth, "tall_m")
        tall_px = options.tall_m * camera_of(depth).fy_px * inverse
    x, y = options.place
    tall_px = min(max(tall_px, 1.0), 8.0 * photo.height)
    width, height = photo.width, photo.height
    return Spot(x * width, y * height, tall_px, width, height, options.anchor == "foot")


def direction_for(photo: Photo, depth: DepthMap, options: OccludeOptions) -> Direction:
    """Unit vector to the light: from a lamp one picture width before the picture, or as its shading tells."""
    if options.sun is None:
        return light_of(photo, depth)
    way = np.array([options.sun[0] - 0.5, (options.sun[1] - 0.5) * photo.height / photo.width, -0.5])
    x, y, z = (way / np.linalg.norm(way)).tolist()
    return x, y, z


def _layer(depth: DepthMap, spot: Spot, light: Direction, options: OccludeOptions) -> Layer:
    if options.glb is not None:
        if options.thing is not None:
            raise ParameterError("Both a picture and a mesh were given.", "Give one of them.", "glb")
        if not isinstance(options.glb, Solid):
            raise ParameterError("glb is no mesh.", "Read it with nearfar.read_mesh.", "glb")
        shading = Shading(light, options.shade)
        return of_solid(options.glb, spot, camera_of(depth), (options.turn, options.lean), shading)
    if options.thing is not None:
        if not isinstance(options.thing, Photo):
            raise ParameterError("thing is not a photo.", "Read it with nearfar.read.", "thing")
        return of_picture(multiplied(options.thing), spot)
    return of_words(options.text, parse_colour(options.ink), spot)


def _shadow(layer: Layer, light: Direction) -> Floats:
    """(h, w) in 0…1 round the thing's window, which is wider by the layer's margin: how dark it is there."""
    edge = margin_of(layer)
    alpha = cv2.copyMakeBorder(layer.colours[..., 3], edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    blur = max(0.6, 0.03 * layer.tall_px)
    aside = -light[0] * 0.08 * layer.tall_px
    down = -min(light[1], 0.0) * 0.03 * layer.tall_px
    move = np.array([[1, 0, aside], [0, 1, down]], np.float32)
    soft = cv2.GaussianBlur(cv2.warpAffine(alpha, move, alpha.shape[::-1]), (0, 0), blur)
    rows = np.arange(alpha.shape[0], dtype=np.float32)[:, None] - np.float32(edge + layer.foot)
    strip = max(1, round(0.12 * layer.tall_px))
    base = min(max(round(edge + layer.foot), 1), alpha.shape[0])
    stands = alpha[max(0, base - strip) : base].max(axis=0, keepdims=True)
    pool = stands * np.exp(-((rows / np.float32(max(1.0, 0.06 * layer.tall_px))) ** 2))
    pool = cv2.GaussianBlur(cv2.warpAffine(pool, move, alpha.shape[::-1]), (0, 0), blur)
    return np.asarray(np.maximum(0.7 * soft, pool), np.float32)


def margin_of(layer: Layer) -> int:
    """Pixels round a layer's window that its shadow may reach."""
    return min(512, max(2, round(0.15 * layer.tall_px)))


def _composed(photo: Photo, near: RowsOf, stage: _Stage, into: Floats | None) -> npt.NDArray[Any]:
    """(H, W, 3 or 4) of the photo's type; ``into``: nearness, where the thing's own is written."""
    channels = 3 if photo.alpha is None else 4
    out = np.empty((photo.height, photo.width, channels), photo.pixels.dtype)

    def take(rows: slice) -> None:
        here, colours = near(rows), floats(photo, rows)
        alpha = None
        if photo.alpha is not None:
            alpha = photo.alpha[rows].astype(np.float32) / np.float32(np.iinfo(photo.alpha.dtype).max)
        if stage.options.haze > 0 and stage.options.haze_photo:
            colours = _hazy(colours, np.float32(1), here, stage)
        _shade(rows, here, colours, stage)
        _put(rows, (here, colours, alpha), stage, into)
        out[rows, :, :3] = quantised(colours, photo)
        if alpha is not None:
            out[rows, :, 3] = quantised(alpha, photo)

    each_band(take, photo.height, photo.width)
    return out


def _hazy(colours: Floats, alpha: Floats | np.float32, near: Floats, stage: _Stage) -> Floats:
    """Colours multiplied by alpha, behind as much fog as there is at their nearness."""
    through = seen_through(np.clip(near, 0, 1), stage.options.haze)[..., None]
    veil = stage.haze * (alpha[..., None] if isinstance(alpha, np.ndarray) else alpha)
    return np.asarray(colours * through + veil * (1 - through), np.float32)


def _shade(rows: slice, near: Floats, colours: Floats, stage: _Stage) -> None:
    """The shadow in a band, on what is as near as the thing; colours are changed."""
    edge = margin_of(stage.layer)
    part = _overlap(rows, stage.layer.top - edge, stage.layer.left - edge, stage.shadow.shape, near.shape[1])
    if part is None or stage.options.shadow == 0:
        return
    here, there = part
    close = np.exp(-(((near[here] - np.float32(stage.middle)) / np.float32(_REACH)) ** 2))
    colours[here] *= (1 - np.float32(stage.options.shadow) * stage.shadow[there] * close)[..., None]


def _put(rows: slice, band: tuple[Floats, Floats, Floats | None], stage: _Stage, into: Floats | None) -> None:
    """The thing in a band, where nothing nearer hides it; colours and alpha are changed."""
    near, colours, alpha = band
    layer = stage.layer
    part = _overlap(rows, layer.top, layer.left, layer.colours.shape[:2], near.shape[1])
    if part is None:
        return
    here, there = part
    own, close = layer.colours[there], stage.near[there]
    if stage.options.haze > 0:
        own = np.dstack([_hazy(own[..., :3], own[..., 3], close, stage), own[..., 3]])
    seen = own * _visible(near[here], close, stage.options)[..., None]
    cover = seen[..., 3:]
    if alpha is None:
        colours[here] = colours[here] * (1 - cover) + seen[..., :3]
    else:
        below = alpha[here][..., None] * (1 - cover)
        whole = below + cover
        mixed = colours[here] * below + seen[..., :3]
        colours[here] = np.where(whole > 0, mixed / np.maximum(whole, np.float32(1e-6)), colours[here])
        alpha[here] = whole[..., 0]
    if into is not None:
        target = into[rows][here]
        np.copyto(target, np.clip(close, 0, 1), where=cover[..., 0] > 0.5)


def _visible(near: Floats, close: Floats, options: OccludeOptions) -> Floats:
    """1 where the thing is seen, 0 where something nearer hides it, soft between."""
    over = (near - close - np.float32(_slack(options))) / np.float32(options.softness)
    share = np.clip(np.float32(0.5) - over, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _slack(options: OccludeOptions) -> float:
    """How much nearer than the thing something may be that does not hide it."""
    return 0.0 if options.stand == "between" and options.nearness is None else options.softness


def _overlap(
    rows: slice, top: int, left: int, shape: tuple[int, ...], width: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Where a window and a band meet: in the band, and in the window; None where they do not."""
    first, last = max(rows.start, top), min(rows.stop, top + shape[0])
    west, east = max(0, left), min(width, left + shape[1])
    if first >= last or west >= east:
        return None
    here = slice(first - rows.start, last - rows.start), slice(west, east)
    return here, (slice(first - top, last - top), slice(west - left, east - left))


PLUGIN = Effect("occlude", "A thing in the photo, hidden by what is nearer", OccludeOptions, apply)
