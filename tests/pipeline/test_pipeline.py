"""Many photos are the same as one by one."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import nearfar
from nearfar.cards import DepthKind, InputSpec
from nearfar.engines.fake import FakeSession
from nearfar.errors import EngineError, NonFiniteOutputError
from nearfar.ops.outlines import brightness, sharpen
from nearfar.pipeline import BATCH_LIMIT, Estimator
from nearfar.pipeline.preprocess import prepare
from pictures import draw

SIZES = [(128, 96), (96, 128), (64, 64), (128, 96), (1, 1), (300, 20), (641, 427), (128, 96)]


def photos() -> list[nearfar.Photo]:
    """Photos of mixed sizes, all different."""
    rng = np.random.default_rng(8)
    drawn = [draw(width, height) for width, height in SIZES]
    return [
        nearfar.Photo(np.clip(p.astype(int) + rng.integers(-20, 20), 0, 255).astype(np.uint8)) for p in drawn
    ]


@pytest.mark.parametrize("engine", ["onnxruntime", "fake"])
def test_batch_is_the_same_as_one_by_one(engine: str) -> None:
    """In order, and equal within 1e-5 of the range."""
    model, given = nearfar.load(engine=engine), photos()
    together = model.estimate_batch(iter(given))
    assert [(depth.width, depth.height) for depth in together] == SIZES
    for photo, depth in zip(given, together, strict=True):
        alone = model.estimate(photo)
        low, high = alone.value_range
        assert np.abs(alone.values - depth.values).max() <= 1e-5 * max(high - low, abs(high))
        assert alone.describe() | {"min": 0, "max": 0} == depth.describe() | {"min": 0, "max": 0}


def test_no_photos_no_maps() -> None:
    """Nothing in, nothing out."""
    assert nearfar.load(engine="fake").estimate_batch([]) == []


class Session:
    """Answers with the value given, and remembers how many photos came at a time."""

    fixed_size: tuple[int, int] | None = None
    batch_limit: int | None = None

    def __init__(self, value: float = 0.0) -> None:
        self.value, self.counts = value, []

    def run(self, batch: np.ndarray) -> np.ndarray:
        """(N, H, W) of one value."""
        self.counts.append(len(batch))
        return np.full((len(batch), *batch.shape[2:]), self.value, np.float32)


def estimator(session: object) -> Estimator:
    """The embedded network's card over another session."""
    return Estimator(nearfar.load(engine="fake").card, session, "fake")


def test_batches_are_bounded() -> None:
    """However many photos there are, memory is for a few at a time."""
    session = Session()
    estimator(session).estimate_batch([nearfar.Photo(draw(32, 32))] * (2 * BATCH_LIMIT + 1))
    assert session.counts == [BATCH_LIMIT, BATCH_LIMIT, 1]


def test_nan_is_an_error_of_the_engine() -> None:
    """NaN anywhere on the way is an EngineError that names the model."""
    with pytest.raises(EngineError, match="embedded") as caught:
        estimator(Session(float("nan"))).estimate(nearfar.Photo(draw(32, 32)))
    assert isinstance(caught.value, NonFiniteOutputError)


def test_provenance_travels(drawing: np.ndarray) -> None:
    """A result says which network, weights, input size and engine made it."""
    row = nearfar.load(engine="fake").estimate(drawing).describe()
    card = nearfar.list_models()[0]
    assert (row["model"], row["weights_sha256"], row["engine"]) == (card.name, card.sha256, "fake")
    assert (row["input_width"], row["input_height"]) == card.input.network_size(128, 96)


def test_file_of_one_size_and_one_picture() -> None:
    """A network file with fixed sizes gets pictures of its size, one at a time."""
    session = Session()
    session.fixed_size, session.batch_limit = (64, 96), 1
    photos = [nearfar.Photo(draw(40, 30)), nearfar.Photo(draw(50, 20))]
    maps = estimator(session).estimate_batch(photos)
    assert session.counts == [1, 1]
    assert [(m.width, m.height) for m in maps] == [(40, 30), (50, 20)]
    assert maps[0].provenance.input_size == (64, 96)


def test_flip_is_the_mean_with_the_mirror_image() -> None:
    """A network that leans to one side is made even, alone and in batches."""

    class Leaning(Session):
        def run(self, batch: np.ndarray) -> np.ndarray:
            self.counts.append(len(batch))
            lean = np.linspace(0, 1, batch.shape[3], dtype=np.float32)
            return np.asarray(batch.mean(axis=1) + lean, np.float32)

    card = nearfar.load(engine="fake").card
    even = Estimator(replace(card, input=replace(card.input, flip=True)), Leaning(), "fake")
    photo = nearfar.Photo(np.full((64, 64, 3), 100, np.uint8))
    assert np.ptp(estimator(Leaning()).estimate(photo).values) > 0.9
    assert np.ptp(even.estimate(photo).values) < 1e-5
    assert all(np.ptp(depth.values) < 1e-5 for depth in even.estimate_batch([photo] * 3))
    assert even.session.counts == [1, 1, 3, 3]


class Asymmetric(FakeSession):
    """The fake network's brightness and ramp, and a lean to the right, as no mirrored pass has it."""

    def run(self, batch: np.ndarray) -> np.ndarray:
        """(N, H, W)."""
        return super().run(batch) + np.linspace(0, 1, batch.shape[3], dtype=np.float32)


PADDED = InputSpec(240, 4, (0.5,) * 3, (0.5,) * 3, "upper_bound", pad=3.0, flip=True)


def padded(session: object) -> Estimator:
    """A network as ZoeDepth: photos get a mirrored border, answers are means with those mirrored."""
    card = replace(nearfar.load(engine="fake").card, input=PADDED, kind=DepthKind.METRIC)
    return Estimator(card, session, "fake")


def test_an_answer_covers_the_photo_and_nothing_else() -> None:
    """Padding is cut off and the lean averages out: values are those of the photo's own rows and columns."""
    grey = np.broadcast_to(np.linspace(40, 200, 200).astype(np.uint8)[None, :, None], (128, 200, 3)).copy()
    found = padded(Asymmetric()).answer(nearfar.Photo(grey))
    border_x, border_y = PADDED.border(200, 128)
    width, height = PADDED.network_size(200 + 2 * border_x, 128 + 2 * border_y)
    assert (border_x, border_y) == (30, 24)
    assert found.shape == (round(height * 128 / 176), round(width * 200 / 260))
    rows, columns = ((np.arange(n) + 0.5) / n for n in found.shape)
    brightness = 0.1 * (np.interp(columns * 200 - 0.5, np.arange(200), grey[0, :, 0]) / 255 - 0.5) / 0.5
    ramp = (24 + rows * 128) / 176 * (height / (height - 1)) - 0.5 / (height - 1)
    expected = ramp[:, None] + brightness[None] + 0.5
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_an_answer_agrees_with_the_depth_map() -> None:
    """The whole estimate is the answer at the photo's size."""
    network = padded(Asymmetric())
    photo = nearfar.Photo(draw(200, 128))
    whole = network.estimate(photo).values
    answer = network.answer(photo)
    small = cv2.resize(whole, answer.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small - answer).mean() < 4e-3


def test_an_answer_without_padding_is_what_the_network_gives() -> None:
    """Bit for bit, at the network's size, where the card asks for no sharper outlines."""
    network = nearfar.load("embedded-v1", engine="fake").estimator
    photo = nearfar.Photo(draw(128, 96))
    prepared = prepare(photo, network.input)
    np.testing.assert_array_equal(network.answer(photo), FakeSession().run(prepared.tensor)[0])


def test_an_answer_has_its_outlines_sharpened_where_the_card_says_so() -> None:
    """What the network gives, sharpened along the brightness that it saw, alone and in a batch."""
    network = nearfar.load(engine="fake").estimator
    photo = nearfar.Photo(draw(128, 96))
    prepared = prepare(photo, network.input)
    grey = brightness(prepared.tensor[0], network.input.mean, network.input.std)
    expected = sharpen(FakeSession().run(prepared.tensor)[0], grey, network.card.outlines)
    assert network.card.outlines == 1
    np.testing.assert_array_equal(network.answer(photo), expected)
    together = network.estimate_batch([photo, photo])
    np.testing.assert_allclose(together[1].values, network.estimate(photo).values, atol=1e-6)


def test_nan_in_an_answer_is_an_error_of_the_engine() -> None:
    """As in a whole estimate."""
    with pytest.raises(NonFiniteOutputError, match="embedded"):
        estimator(Session(float("nan"))).answer(nearfar.Photo(draw(32, 32)))
