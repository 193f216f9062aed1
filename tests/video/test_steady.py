"""Depth held steady from frame to frame."""

from __future__ import annotations

import io

import numpy as np
import pytest

from moving import scene, wavering
from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.video.steady import SceneSpans, Steady, SteadyOptions

RELATIVE, METRIC = DepthKind.RELATIVE_INVERSE, DepthKind.METRIC


def clip(count: int, *, step: int = 0, seed: int = 0, noise: float = 0.0):
    """Frames of one scene, with a wavering network's depth."""
    random = np.random.default_rng(seed)
    for number in range(count):
        rgb, depth = scene(number, step=step, seed=seed)
        grain = random.normal(0, noise, rgb.shape) if noise else 0
        yield np.clip(rgb + grain, 0, 255).astype(np.uint8), wavering(depth, random)


def followed(frames, mode: str = "live", kind: DepthKind = RELATIVE, **more):
    """All frames, held steady."""
    steady, found = Steady(kind, SteadyOptions(mode=mode, **more)), []
    for rgb, depth in frames:
        found += steady.push(rgb, depth)
    return found + steady.finish()


def levels(frames) -> np.ndarray:
    """(N, h, w) what is shown, in steps of 255."""
    return np.stack([255 * (f.depth - f.span[0]) / (f.span[1] - f.span[0]) for f in frames])


@pytest.mark.parametrize("mode", ["live", "offline", "off"])
def test_every_frame_comes_once_and_in_order(mode) -> None:
    """Whatever waits for what."""
    found = followed(clip(21, step=2), mode, look_ahead=4)
    assert [frame.index for frame in found] == list(range(21))
    assert [frame.is_cut for frame in found] == [True] + 20 * [False]


@pytest.mark.parametrize("mode", ["live", "offline"])
def test_nothing_moves_and_nothing_changes(mode) -> None:
    """A noisy picture of a still scene and a wavering network: no pixel goes by more than one step of 255."""
    shown = np.round(levels(followed(clip(24, noise=4), mode)))
    assert np.abs(np.diff(shown, axis=0)).max() <= 1
    bare = np.round(levels(followed(clip(24, noise=4), "off")))
    assert np.abs(np.diff(bare, axis=0)).max() > 10


@pytest.mark.parametrize(("mode", "most"), [("live", 0.4), ("offline", 0.3)])
def test_a_sliding_view_is_steadier_and_nearer_the_truth(mode, most) -> None:
    """Errors against the true depth, in one scale for all frames, fall by far."""

    def errors(found) -> float:
        true = [scene(number, step=2)[1] for number in range(30)]
        pairs = np.array(
            [[f.depth[:, 4:-4].ravel(), t[:, 4:-4].ravel()] for f, t in zip(found, true, strict=True)]
        )
        x, y = pairs[:, 0].ravel(), pairs[:, 1].ravel()
        slope, start = np.polyfit(x, y, 1)
        return float(np.abs(slope * x + start - y).mean())

    frames = list(clip(30, step=2))
    assert errors(followed(frames, mode)) < most * errors(followed(frames, "off"))


@pytest.mark.parametrize("mode", ["live", "offline"])
def test_nothing_is_carried_over_a_cut(mode) -> None:
    """After it all is as if the clip began there."""
    later = list(clip(9, step=1, seed=7))
    whole = followed([*clip(11, step=2), *later], mode)[11:]
    alone = followed(later, mode)
    assert whole[0].is_cut
    for one, other in zip(whole, alone, strict=True):
        assert np.array_equal(one.depth, other.depth)
        assert one.span == other.span


@pytest.mark.parametrize("mode", ["live", "offline"])
@pytest.mark.parametrize("kind", list(DepthKind))
@pytest.mark.parametrize("at", [1, 7, 13])
def test_a_saved_state_goes_on_bit_for_bit(mode, kind, at) -> None:
    """Kept without pickles, read again, and every later frame is equal."""
    frames = [(rgb, 2 + depth) for rgb, depth in [*clip(9, step=2), *clip(9, seed=3)]]
    whole = followed(frames, mode, kind, look_ahead=3, range=(1.0, 4.0))
    steady = Steady(kind, SteadyOptions(mode=mode, look_ahead=3, range=(1.0, 4.0)))
    found = [frame for rgb, depth in frames[:at] for frame in steady.push(rgb, depth)]
    kept = io.BytesIO()
    np.savez(kept, **steady.state())
    kept.seek(0)
    with np.load(kept, allow_pickle=False) as arrays:
        again = Steady.restored(dict(arrays))
    found += [frame for rgb, depth in frames[at:] for frame in again.push(rgb, depth)] + again.finish()
    for one, other in zip(whole, found, strict=True):
        assert np.array_equal(one.depth, other.depth)
        assert (one.index, one.span, one.is_cut, one.scale, one.shift) == (
            other.index,
            other.span,
            other.is_cut,
            other.scale,
            other.shift,
        )


def test_metres_stay_metres() -> None:
    """A metric network that wavers by a fifth is right on the mean, though its scene is held."""
    random = np.random.default_rng(2)
    frames = [
        (rgb, np.asarray(random.uniform(0.9, 1.1) * (2 + depth), np.float32))
        for rgb, depth in (scene(number, step=1) for number in range(40))
    ]
    found = followed(frames, "live", METRIC)
    ratios = [float(np.median(f.depth / (2 + scene(n, step=1)[1]))) for n, f in enumerate(found)]
    assert np.mean(ratios[10:]) == pytest.approx(1, abs=0.05)
    assert np.abs(np.diff(ratios)).max() < 0.03


def test_what_comes_nearer_is_not_held_back() -> None:
    """Metres that fall by one per cent a frame are followed without a lag that grows."""
    frames = []
    for number in range(80):
        rgb, depth = scene(number, step=1)
        frames.append((rgb, np.asarray(0.99**number * (2 + depth), np.float32)))
    last = followed(frames, "live", METRIC)[-1]
    assert np.median(last.depth / frames[-1][1]) == pytest.approx(1, abs=0.05)


def test_a_large_map_is_held_as_the_small_one() -> None:
    """What was done to the network's own map is done to the photo's."""
    random = np.random.default_rng(8)
    for kind in (RELATIVE, METRIC):
        frames = [(rgb, 1 + depth) for rgb, depth in clip(6, step=2)]
        last = followed(frames, "live", kind)[-1]
        assert np.allclose(last.applied(last.own), last.depth, atol=1e-4)
        assert last.applied(random.uniform(1, 2, (192, 256)).astype(np.float32)).shape == (192, 256)


def test_one_range_for_a_scene_in_two_passes() -> None:
    """The second pass shows every frame of a scene in the span that the first found."""
    frames = [*clip(8, step=2), *clip(8, seed=3)]
    spans = SceneSpans()
    for frame in followed(frames):
        spans.add(frame)
    steady = Steady(RELATIVE, SteadyOptions(), spans.spans())
    found = [frame.span for rgb, depth in frames for frame in steady.push(rgb, depth)]
    assert len(spans.spans()) == 2
    assert found == 8 * [spans.spans()[0]] + 8 * [spans.spans()[1]]


def test_pixels_without_a_value_are_the_farthest() -> None:
    """NaN of a network that knows no depth for the sky."""
    rgb, depth = scene(0)
    depth[:10] = np.nan
    shown = followed([(rgb, depth)])[0].depth
    assert (shown[:10] == np.nanmin(depth)).all()


@pytest.mark.parametrize(
    ("rgb", "depth"),
    [
        (np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.float32)),
        (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9))),
        (np.zeros((9, 9, 3), np.uint8), np.full((9, 9), np.nan, np.float32)),
        ([[1]], np.zeros((9, 9), np.float32)),
    ],
)
def test_what_is_no_frame_is_refused(rgb, depth) -> None:
    """With what was expected."""
    with pytest.raises(ParameterError):
        Steady(RELATIVE).push(rgb, depth)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5), (300, 20)])
def test_odd_sizes_are_followed(size) -> None:
    """Maps of any size, also of one pixel."""
    random = np.random.default_rng(4)
    frames = [
        (random.integers(0, 255, (*size, 3), np.uint8), random.random(size, np.float32)) for _ in range(4)
    ]
    assert len(followed(frames, "offline")) == 4
