"""The one way of a photo, and a stream of them."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

import nearfar
from nearfar import api, one_photo
from nearfar.decode.photo import Limits
from nearfar.errors import BrokenImageError, NearfarError, ParameterError, TooLargeError
from nearfar.machine.cpus import usable_cpus
from nearfar.one_photo import Estimated, EstimateOptions, Unwatched, look
from nearfar.settings import Settings
from pictures import draw, encoded

if TYPE_CHECKING:
    from nearfar.api import Model


@pytest.fixture(scope="module")
def model() -> Model:
    """The fake network."""
    return nearfar.load(engine="fake")


@dataclass
class Told:
    """Writes down what happens to a photo."""

    words: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str):
        """A stage."""
        self.words.append(name)
        yield

    @contextmanager
    def engine(self, _: Any):
        """The network."""
        self.words.append("network")
        yield

    def step(self, done: int, of: int) -> None:
        """A tile."""
        self.words.append(f"{done}/{of}")

    def do(self, work: Any, *given: Any) -> Any:
        """Work on bytes of strangers."""
        self.words.append(work.__name__)
        return work(*given)


def test_the_stages_come_in_order(model: Model) -> None:
    """Model, decode, engine, and the network within."""
    told = Told()
    seen = look(lambda: draw(20, 10), lambda: model, EstimateOptions(), Limits(), told)
    assert told.words == ["model", "decode", "read_photo", "engine", "network"]
    assert seen.depth.values.shape == (10, 20)
    assert seen.model is model


def test_tiles_are_told(model: Model) -> None:
    """A watch hears of each tile."""
    told = Told()
    look(lambda: draw(900, 300), lambda: model, EstimateOptions(tiles=800), Limits(), told)
    assert told.words[-1].split("/")[0] == told.words[-1].split("/")[1] != "1"


def test_the_options_name_camera_and_photo(model: Model) -> None:
    """Intrinsics take the place of EXIF's, and messages call the photo by its name."""
    options = EstimateOptions(intrinsics=(50.0, 50.0, 10.0, 5.0), name="the frame")
    seen = look(lambda: encoded(draw(20, 10), "PNG"), lambda: model, options, Limits(), Unwatched())
    assert seen.depth.camera is not None
    assert seen.depth.camera.fx_px == 50
    with pytest.raises(TooLargeError, match="the frame"):
        look(lambda: encoded(draw(20, 10), "PNG"), lambda: model, options, Limits(max_pixels=9), Unwatched())


def test_a_stream_gives_what_single_photos_give(model: Model) -> None:
    """In order, by several threads, photo and depth together."""
    photos = [draw(40 + number, 30) for number in range(7)]
    found = list(model.estimate_stream(photos, workers=3))
    assert [one.index for one in found] == list(range(7))
    for one, pixels in zip(found, photos, strict=True):
        photo, depth = one.result()
        assert np.array_equal(photo.pixels, pixels)
        assert np.array_equal(depth.values, model.estimate(pixels).values)
        assert one.seconds > 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_photo_is_its_own_result(model: Model, workers: int) -> None:
    """The others go on, and the error says what is wrong when it is asked for."""
    good = encoded(draw(20, 10), "PNG")
    found = list(model.estimate_stream([good, good[:60], good], workers=workers))
    assert [one.error is None for one in found] == [True, False, True]
    assert found[1].depth is None
    with pytest.raises(BrokenImageError):
        found[1].result()


def test_a_photo_that_finds_no_memory_is_its_own_result(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and the next one is done."""
    real = one_photo.depth_of

    def depth_of(photo: Any, *given: Any) -> Any:
        if photo.width == 21:
            raise MemoryError
        return real(photo, *given)

    monkeypatch.setattr(one_photo, "depth_of", depth_of)
    found = list(model.estimate_stream([draw(21, 10), draw(20, 10)]))
    assert "memory" in str(found[0].error)
    assert found[1].error is None


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stream_makes_something_of_each_photo(model: Model, workers: int) -> None:
    """In the thread that estimated it; photo and depth are let go of, and an error is the photo's own."""
    threads = set()

    def then(found: Estimated) -> tuple[int, int]:
        threads.add(threading.current_thread())
        if found.index == 1:
            raise ParameterError("This one cannot be made.")
        photo, depth = found.result()
        return found.index, photo.width * depth.height

    photos = [draw(20 + number, 10) for number in range(5)]
    found = list(model.estimate_stream(photos, workers=workers, then=then))
    assert [one.made for one in found] == [(0, 200), None, (2, 220), (3, 230), (4, 240)]
    assert [type(one.error) for one in found[:2]] == [type(None), ParameterError]
    assert all(one.photo is None and one.depth is None for one in found)
    assert (threading.current_thread() in threads) == (workers == 1)


def test_photos_side_by_side_give_the_same_maps() -> None:
    """Bit for bit what the network gives with all processors; it runs in one thread for each photo."""
    model, photos = nearfar.load(), [draw(300, 200), draw(200, 300), draw(90, 90)]
    for pixels, found in zip(photos, model.estimate_stream(photos, workers=2), strict=True):
        assert np.array_equal(found.result()[1].values, model.estimate(pixels).values)
    many = api.load_side_by_side(usable_cpus(), {})
    assert many.settings.threads == 1
    assert api.load_side_by_side(1, {}).settings.threads == 0


def test_threads_that_were_set_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says how many threads a network has gets them also for many photos."""
    monkeypatch.setenv("NEARFAR_THREADS", "3")
    assert api.load_side_by_side(2, {}).settings.threads == 3


def test_what_cannot_be_loaded_is_told_alike() -> None:
    """In the words of load, for one photo as for many."""
    for asked in ({"name": "nothing"}, {"precision": "int3"}, {"size": 7}):
        with pytest.raises(NearfarError) as alone:
            nearfar.load(**asked)
        with pytest.raises(NearfarError, match=re.escape(str(alone.value))):
            api.load_side_by_side(2, asked)


def test_opencv_has_its_threads_back_after_a_stream(model: Model) -> None:
    """Also where it is closed before its end."""
    before = cv2.getNumThreads()
    stream = model.estimate_stream([draw(20, 10)] * 9, workers=usable_cpus() + 1)
    next(stream)
    assert cv2.getNumThreads() == 1
    stream.close()
    assert cv2.getNumThreads() == before


def test_a_stream_is_lazy(model: Model) -> None:
    """Photos without an end: only those near the one that is given are taken."""
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield draw(20, 10)

    stream = model.estimate_stream(endless(), workers=2)
    assert [next(stream).index for _ in range(3)] == [0, 1, 2]
    stream.close()
    assert taken <= 5


def test_a_fast_model_decodes_whole_where_it_is_shown() -> None:
    """Else of a JPEG just enough; the map keeps the photo's size."""
    fast, jpeg = nearfar.load(engine="fake", fast=True), encoded(draw(2000, 1000), "JPEG")
    small = next(fast.estimate_stream([jpeg]))
    whole = next(fast.estimate_stream([jpeg], EstimateOptions(whole=True)))
    assert small.result()[0].width < whole.result()[0].width == 2000
    assert small.result()[1].width == 2000


def test_an_empty_result_is_an_error() -> None:
    """Neither depth nor error: it raises all the same."""
    with pytest.raises(NearfarError, match="no depth"):
        Estimated(0).result()


def test_the_limits_are_the_settings() -> None:
    """A photo over a limit of the model's settings is its own result."""
    model = nearfar.load(settings=Settings(engine="fake", max_pixels=100))
    assert isinstance(next(model.estimate_stream([draw(20, 10)])).error, TooLargeError)


METHODS = {
    "asked",
    "card",
    "estimate",
    "estimate_batch",
    "estimate_stream",
    "estimator",
    "read",
    "settings",
    "why",
}


def test_what_a_model_offers() -> None:
    """Its public names come and go on purpose only."""
    assert {name for name in dir(nearfar.Model) if not name.startswith("_")} == METHODS
