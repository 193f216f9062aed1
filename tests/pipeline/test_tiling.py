"""Big pictures by tiles: finer, seamless, bounded in memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import nearfar
from nearfar import api
from nearfar.cards import DepthKind
from nearfar.errors import NonFiniteOutputError, ParameterError
from nearfar.pipeline import Estimator, tiling
from nearfar.pipeline.tiling import Tiles
from nearfar.settings import Settings
from nearfar.types import Camera, Photo
from pictures import draw

if TYPE_CHECKING:
    from pathlib import Path

CARD = nearfar.list_models()[0]


@dataclass
class Biased:
    """A network of ramp and brightness whose scale and shift change with everything it looks at."""

    metric: bool = False
    seen: int = 0
    fixed_size: tuple[int, int] | None = None
    batch_limit: int | None = None

    def run(self, batch: np.ndarray) -> np.ndarray:
        """(N, H, W): brightness, then in another scale (and shift) for each run."""
        self.seen += 1
        bright = batch.mean(axis=1) + 4
        scale = 1 + 0.6 * np.sin(2.1 * self.seen)
        return np.asarray(scale * bright + (0 if self.metric else 3 * np.cos(self.seen)), np.float32)


@dataclass
class Flat:
    """A network that sees detail in the whole and nothing in a part."""

    value: float = 0.0
    seen: int = 0
    fixed_size: tuple[int, int] | None = None
    batch_limit: int | None = None

    def run(self, batch: np.ndarray) -> np.ndarray:
        """The brightness of the first picture, ``value`` for all others."""
        self.seen += 1
        first = batch.mean(axis=1)
        return np.asarray(first if self.seen == 1 else np.full_like(first, self.value), np.float32)


def estimator(session: object, kind: DepthKind = DepthKind.RELATIVE_INVERSE) -> Estimator:
    """A network of the embedded card's input rule."""
    return Estimator(replace(CARD, kind=kind), session, "fake")


def scene(width: int, height: int) -> Photo:
    """The drawn scene with fine detail everywhere, soft enough that a step stands out."""
    noise = np.random.default_rng(5).normal(0, 12, (height, width, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(draw(width, height).astype(np.float32) + noise, (0, 0), 2)
    return Photo(np.clip(soft, 0, 255).astype(np.uint8))


def seams(values: np.ndarray, grid: object) -> tuple[float, float]:
    """Mean step across the tiles' edges against the 95th percentile of the mean step across any line."""
    height, width = values.shape
    across = np.abs(np.diff(values, axis=1)).mean(axis=0) / np.ptp(values)
    down = np.abs(np.diff(values, axis=0)).mean(axis=1) / np.ptp(values)
    at: list[float] = []
    for starts, side, raster, length, steps in (
        (grid.columns, grid.tile[0], grid.width, width, across),
        (grid.rows, grid.tile[1], grid.height, height, down),
    ):
        edges = {e for s in starts for e in (s, s + side) if 0 < e < raster}
        at += [steps[round(e * length / raster) - 1] for e in edges]
    return float(np.mean(at)), float(np.percentile(np.concatenate([across, down]), 95))


@pytest.mark.parametrize("kind", list(DepthKind))
def test_biased_network_leaves_no_seam(kind: DepthKind) -> None:
    """Tiles that come in scales and shifts of their own join as if they were one picture."""
    photo, session = scene(900, 700), Biased(metric=kind is DepthKind.METRIC)
    network = estimator(session, kind)
    found = tiling.estimate(network, photo)
    grid = tiling.grid_of(network.input, photo)
    assert session.seen == len(grid) + 1 > 10
    at_seams, elsewhere = seams(found.values, grid)
    assert at_seams <= elsewhere
    bright = cv2.resize(photo.pixels.mean(axis=2), (450, 350), interpolation=cv2.INTER_AREA)
    small = cv2.resize(found.values, (450, 350), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(bright.ravel(), small.ravel())[0, 1] > 0.99


def test_without_the_fit_there_would_be_seams() -> None:
    """The measure sees seams where there are some: the same tiles, laid side by side as they come."""
    photo, session = scene(900, 700), Biased()
    network = estimator(session)
    grid = tiling.grid_of(network.input, photo)
    hard = np.zeros((grid.height, grid.width), np.float32)
    for box in grid.boxes():
        part = tiling._cut(photo, box, grid)
        hard[box.slices] = cv2.resize(network.estimate(part).values, (box.width, box.height))
    at_seams, elsewhere = seams(hard, grid)
    assert at_seams > 2 * elsewhere


@pytest.mark.parametrize("length", [0, 500])
def test_embedded_network_leaves_no_seam(shared: Path, length: int) -> None:
    """A real photo through the real network."""
    model = nearfar.load("embedded", engine="onnxruntime")
    photo = nearfar.read(shared / "photos" / "photo04.jpg")
    found = tiling.estimate(model.estimator, photo, Tiles(length))
    at_seams, elsewhere = seams(found.values, tiling.grid_of(model.estimator.input, photo, length))
    assert at_seams <= elsewhere
    once = model.estimate(photo)
    assert np.corrcoef(once.values.ravel(), found.values.ravel())[0, 1] > 0.9


def test_tiles_see_what_one_look_cannot() -> None:
    """Stripes finer than one look resolves are there with tiles."""
    pixels = np.repeat(np.linspace(0, 150, 1024).astype(np.uint8)[:, None, None], 1024, axis=1).repeat(3, 2)
    pixels[:, ::4] += 60
    pixels[:, 1::4] += 60
    network = estimator(Biased())
    once, tiled = network.estimate(Photo(pixels)), tiling.estimate(network, Photo(pixels), Tiles(1024))
    steps = [np.abs(np.diff(m.values[:, 100:-100], axis=1)).mean() / np.ptp(m.values) for m in (once, tiled)]
    assert steps[1] > 0.1 > 10 * steps[0]


@pytest.mark.parametrize("kind", [DepthKind.RELATIVE_INVERSE, DepthKind.METRIC])
def test_tiles_that_say_nothing_leave_the_whole(kind: DepthKind) -> None:
    """A network that is blind in parts gives what it gave for the whole."""
    photo = scene(600, 600)
    once = estimator(Flat(), kind).estimate(photo)
    tiled = tiling.estimate(estimator(Flat(), kind), photo)
    assert np.abs(once.values - tiled.values).max() < 0.05 * np.ptp(once.values)


def test_metres_stay_metres() -> None:
    """Metric tiles are scaled to the whole, never shifted: depth stays positive and of the same size."""
    photo = scene(700, 600)
    session = Biased(metric=True)
    once = estimator(Biased(metric=True), DepthKind.METRIC).estimate(photo)
    tiled = tiling.estimate(estimator(session, DepthKind.METRIC), photo)
    assert tiled.values.min() > 0
    assert np.median(tiled.values / once.values) == pytest.approx(1, abs=0.01)


def test_small_photo_is_one_look() -> None:
    """Where one tile would hold the photo, nothing changes and the result says so."""
    photo = scene(200, 150)
    network = nearfar.load(engine="fake").estimator
    assert np.array_equal(tiling.estimate(network, photo).values, network.estimate(photo).values)
    assert tiling.estimate(network, photo).provenance.tiles == 0


def test_result_says_how_many_tiles() -> None:
    """The description carries the number of tiles, and who waits is told after each."""
    told: list[tuple[int, int]] = []
    found = nearfar.load(engine="fake").estimate(
        scene(800, 500).pixels, tiles=True, tell=lambda *row: told.append(row)
    )
    count = found.describe()["tiles"]
    assert told == [(i, count) for i in range(1, count + 1)]
    assert (found.width, found.height) == (800, 500)


def test_who_is_told_may_stop_it() -> None:
    """An interrupt between two tiles ends the work at once."""
    session = Biased()

    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiling.estimate(estimator(session), scene(900, 700), tell=stop)
    assert session.seen == 3


def test_nan_in_a_tile_is_told() -> None:
    """A tile without numbers does not vanish behind the whole."""
    with pytest.raises(NonFiniteOutputError, match="embedded"):
        tiling.estimate(estimator(Flat(float("nan"))), scene(600, 600))


def test_too_many_tiles_are_refused_before_any_work() -> None:
    """The message says how many it would be and what to change."""
    session = Flat()
    big = Photo(np.zeros((6000, 6000, 3), np.uint8))
    with pytest.raises(ParameterError, match="at most 256") as caught:
        tiling.estimate(estimator(session), big, Tiles(6000))
    assert (caught.value.parameter, session.seen) == ("tiles_length", 0)


def test_negative_length_is_refused() -> None:
    """A length is a number of pixels."""
    with pytest.raises(ParameterError, match="tiles_length is -3"):
        nearfar.load(engine="fake").estimate(scene(64, 64).pixels, tiles=-3)


def test_memory_is_bounded_by_the_tile() -> None:
    """Beside the photo and the map there is little, however large the picture is."""
    network = nearfar.load(engine="fake").estimator
    spare = []
    for width, height in ((2000, 1500), (6000, 4000)):
        photo = Photo(np.full((height, width, 3), 128, np.uint8))
        tracemalloc.start()
        found = tiling.estimate(network, photo, Tiles(1000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        spare.append(peak - found.values.nbytes)
    assert max(spare) < 40e6
    assert spare[1] < 2.5 * spare[0] + 10e6


@pytest.mark.parametrize("shape", [(64, 96), (96, 64)])
def test_network_of_one_size(shape: tuple[int, int]) -> None:
    """A file that takes one shape gets tiles of that shape."""
    session = Biased(fixed_size=shape)
    photo = scene(300, 280)
    found = tiling.estimate(estimator(session), photo)
    assert tiling.grid_of(estimator(session).input, photo).tile == shape
    assert found.provenance.tiles == session.seen - 1 > 1


def test_camera_and_alpha_go_with_the_tile() -> None:
    """A part of a photo has its own principal point and its own see-through pixels."""
    alpha = np.arange(200 * 300, dtype=np.uint32).reshape(200, 300).astype(np.uint8)
    photo = Photo(np.zeros((200, 300, 3), np.uint8), alpha, Camera(250, 250, 150, 100))
    grid = tiling.grid_of(replace(CARD.input, size=64), photo, 300)
    part = tiling._cut(photo, grid.boxes()[-1], grid)
    assert np.array_equal(part.alpha, alpha[-64:, -64:])
    assert (part.camera.cx_px, part.camera.cy_px, part.camera.fx_px) == (150 - 236, 100 - 136, 250)


def test_library_takes_a_length(photo_jpeg: Path) -> None:
    """``tiles=NUMBER`` is the length at which the photo is seen."""
    model = api.load(engine="fake", size=32, settings=Settings())
    assert (
        model.estimate(photo_jpeg, tiles=128).provenance.tiles
        > model.estimate(photo_jpeg, tiles=64).provenance.tiles
    )
