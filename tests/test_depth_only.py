"""Where nothing but the depth is wanted, large photos are decoded at half: the map hardly differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import nearfar
from nearfar import assets, one_photo
from nearfar.bench.baseline import difference
from nearfar.cards import AMPLE
from nearfar.one_photo import EstimateOptions
from nearfar.ops.resize import shrink

if TYPE_CHECKING:
    from nearfar import Model

DEPTH_ONLY = EstimateOptions(depth_only=True)


@pytest.fixture(scope="module")
def model() -> Model:
    """The network in the package."""
    return nearfar.load()


def large(name: str, width: int) -> bytes:
    """A sample of the package, enlarged, as a file."""
    pixels = cv2.imread(str(assets.FOLDER / "samples" / f"{name}.jpg"))
    height = round(width * pixels.shape[0] / pixels.shape[1])
    return cv2.imencode(".jpg", cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC))[
        1
    ].tobytes()


@pytest.mark.parametrize("name", ["street", "room", "closeup"])
def test_the_map_is_the_same(model: Model, name: str) -> None:
    """Within a step of 255 on average, of a photo that is decoded at half."""
    data = large(name, 2400)
    found = model.estimate(data)
    whole = model.estimate(nearfar.read(data))
    assert (found.width, found.height) == (whole.width, whole.height)
    assert difference(found.values, whole.values) <= 1


@pytest.mark.parametrize(("width", "share"), [(2000, 1), (2100, 2), (4200, 4)])
def test_how_far_it_is_reduced(model: Model, width: int, share: int) -> None:
    """To no less than four times what the network looks at."""
    photo = one_photo.read(large("room", width), model.estimator, DEPTH_ONLY)
    assert photo.width == width // share
    assert photo.width >= AMPLE * model.estimator.input.network_size(*photo.full_size)[0]


@pytest.mark.parametrize("options", [EstimateOptions(), EstimateOptions(tiles=True, depth_only=True)])
def test_who_wants_the_photo_gets_it_whole(model: Model, options: EstimateOptions) -> None:
    """Without being told, and for tiles, all pixels are there."""
    photo = one_photo.read(large("room", 2400), model.estimator, options)
    assert photo.reduced_from is None


def test_a_stream_gives_whole_photos(model: Model) -> None:
    """Its photos may be shown."""
    (found,) = model.estimate_stream([large("room", 2400)])
    assert found.result()[0].width == 2400


def test_a_network_that_does_not_average_sees_all(model: Model) -> None:
    """Where fine patterns get through they are part of what it was published with."""
    rule = nearfar.list_models()[0].input
    midas = next(card for card in nearfar.list_models() if card.input.resample == "cubic").input
    assert midas.ample_size(4000, 3000) == (4000, 3000)
    assert rule.ample_size(4000, 3000) == tuple(AMPLE * side for side in rule.network_size(4000, 3000))


def test_halving_is_the_mean_of_four() -> None:
    """Far larger pictures are halved by plain means before they are shrunk as ever."""
    pixels = np.random.default_rng(3).integers(0, 256, (640, 960, 3)).astype(np.uint8)
    halves = np.floor(pixels.reshape(320, 2, 480, 2, 3).mean(axis=(1, 3)) + 0.5).astype(np.uint8)
    assert np.array_equal(shrink(pixels, 60, 40), shrink(halves, 60, 40))
