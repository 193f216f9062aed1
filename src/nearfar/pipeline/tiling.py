"""Big pictures: the network looks at overlapping tiles, each brought to the scale of one look at the whole.

A network sees a photo at a few hundred pixels; what is finer is lost. Here the photo is looked at once as a
whole, which says what is near and far, and then tile by tile at the network's own size, which says where
edges are. Each tile is fitted to the whole in the space that the network answers in (a scale and a shift;
metres only a scale), keeps the whole's broad shape, and is feathered into its neighbours.

Tiles come one by one: beside the photo and the finished map there is one tile and one raster of the working
length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.ops import tiles as ops
from nearfar.ops.resize import enlarge
from nearfar.pipeline import planes
from nearfar.pipeline.postprocess import check_finite
from nearfar.pipeline.preprocess import prepare
from nearfar.types import Camera, Photo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.cards import InputSpec
    from nearfar.ops.tiles import Box, Grid
    from nearfar.pipeline import Estimator
    from nearfar.pipeline.preprocess import Prepared
    from nearfar.types import DepthMap

    Map = npt.NDArray[np.float32]
    Tell = Callable[[int, int], object]
    """Told after each tile how many are done, of how many. What it raises ends the work."""

GAIN = 3
"""The working length, where none is given, in lengths of the network's own input."""
MOST = 256
"""Tiles of one photo at most."""
_BROAD = 1 / 8  # of a tile: what is broader than this is the whole's to say


@dataclass(frozen=True, slots=True)
class Tiles:
    """How tiles are laid. ``length``: pixels of the longer side that the network sees; 0 chooses."""

    length: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.length, bool) or not isinstance(self.length, int) or self.length < 0:
            raise ParameterError(
                f"tiles_length is {self.length!r}, but 0 or a number of pixels was expected.",
                parameter="tiles_length",
            )


def estimate(
    estimator: Estimator, photo: Photo, tiles: Tiles | None = None, tell: Tell | None = None
) -> DepthMap:
    """The depth map of a photo by tiles, as large as the photo; by one look where a tile would hold it all.

    Raises:
        ParameterError: more than :data:`MOST` tiles.
        NonFiniteOutputError: the network answered with NaN or infinity.
        EngineError: the network failed.
    """
    spec = replace(
        estimator.input, pad=0.0, letterbox=False
    )  # neighbours are what a tile's border would stand in for
    grid = grid_of(spec, photo, (tiles or Tiles()).length)
    if len(grid) == 1:
        return estimator.estimate(photo)
    prepared = prepare(photo, spec)
    whole = _depth(estimator, prepared)
    joined = _joined(estimator, photo, grid, whole, tell)
    plain = replace(estimator, card=replace(estimator.card, reading="map"))
    return plain.finish(joined, prepared, tiles=len(grid))


def _depth(estimator: Estimator, prepared: Prepared) -> Map:
    """(H, W) of depth alone; what else a network gives belongs to one look and not to tiles."""
    raw = estimator.run(prepared)
    check_finite(raw, estimator.card)
    return planes.read(raw, estimator.card, prepared.undo).depth


def grid_of(spec: InputSpec, photo: Photo, length: int = 0) -> Grid:
    """Where the tiles of a photo lie, on a raster whose longer side has ``length`` pixels.

    The length is at most the photo's own and, where it is 0, :data:`GAIN` times the network's.

    Raises:
        ParameterError: that would be more than :data:`MOST` tiles.
    """
    tile = spec.network_size(spec.size, spec.size)
    longer = max(photo.width, photo.height)
    scale = min(length or GAIN * max(tile), longer) / longer
    width, height = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    grid = ops.Grid(width, height, (min(tile[0], width), min(tile[1], height)))
    if len(grid) > MOST:
        raise ParameterError(
            f"{len(grid)} tiles would be needed, but at most {MOST} are run.",
            "Choose a smaller tiles_length.",
            parameter="tiles_length",
        )
    return grid


def _joined(estimator: Estimator, photo: Photo, grid: Grid, whole: Map, tell: Tell | None) -> Map:
    """(grid.height, grid.width): all tiles, each fitted to the whole's (H, W), feathered."""
    joined = np.zeros((grid.height, grid.width), np.float32)
    base = enlarge(whole, grid.width, grid.height)
    spread = float(np.ptp(whole))
    fine = whole.shape[1] / grid.width
    spec = replace(estimator.input, pad=0.0, letterbox=False)
    has_shift = estimator.card.kind is not DepthKind.METRIC
    for done, box in enumerate(grid.boxes(), 1):
        raw = _depth(estimator, prepare(_cut(photo, box, grid), spec))
        tile = enlarge(raw, box.width, box.height)
        fitted = _fitted(tile, base[box.slices], fine, spread, has_shift=has_shift)
        joined[box.slices] += grid.weight(box) * fitted
        if tell is not None:
            tell(done, len(grid))
    return joined


def _fitted(tile: Map, base: Map, fine: float, spread: float, *, has_shift: bool) -> Map:
    """The tile in the whole's scale with the whole's broad shape; the whole itself where they do not agree.

    They are compared at the whole's own resolution (``fine`` of the raster's), where both can know.
    """
    height, width = tile.shape
    size = (max(2, round(width * fine)), max(2, round(height * fine)))
    found = ops.fit(_small(tile, size), _small(base, size), spread, has_shift=has_shift)
    if found is None:
        return base
    fitted = np.asarray(tile * np.float32(found[0]) + np.float32(found[1]), np.float32)
    sigma = max(1.0, _BROAD * min(height, width))
    if not has_shift:  # a field of factors: metres stay metres
        floor = np.float32(1e-6 * max(spread, 1e-6))
        field = ops.low(base, sigma) / np.maximum(ops.low(fitted, sigma), floor)
        return np.asarray(fitted * field, np.float32)
    return fitted + ops.low(base - fitted, sigma)


def _small(values: Map, size: tuple[int, int]) -> Map:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _cut(photo: Photo, box: Box, grid: Grid) -> Photo:
    """The photo within a tile, its camera with it."""
    across, down = photo.width / grid.width, photo.height / grid.height
    left, right = round(box.x * across), max(round((box.x + box.width) * across), round(box.x * across) + 1)
    top, bottom = round(box.y * down), max(round((box.y + box.height) * down), round(box.y * down) + 1)
    rows, columns = slice(top, bottom), slice(left, right)
    camera = photo.camera
    if camera is not None:
        centre = camera.cx_px - left, camera.cy_px - top
        camera = Camera(camera.fx_px, camera.fy_px, *centre, camera.source)
    alpha = None if photo.alpha is None else photo.alpha[rows, columns]
    return Photo(photo.pixels[rows, columns], alpha, camera, photo.name, photo.format)
