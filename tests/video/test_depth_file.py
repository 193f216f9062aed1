"""Depth as a video: what is read back is what was written, to a step, with what it means."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError, UnsupportedFormatError
from nearfar.types import DepthMap, Provenance
from nearfar.types.moving import VideoInfo
from nearfar.video.depth_file import DepthScale, planes_of_depth, read_depth_video, tags_of
from nearfar.video.join import JoinOptions, join
from nearfar.video.look import look_of
from nearfar.video.write import open_piece
from video.clips import clip

if TYPE_CHECKING:
    from pathlib import Path

KINDS = tuple(DepthKind)
MADE_BY = Provenance("embedded", "ab12", (64, 48))
TIMES = (0, 1501, 4000, 4001, 90_017)


def values_of(kind: DepthKind, number: int, shape: tuple[int, int] = (47, 63)) -> np.ndarray:
    """A ramp that grows from frame to frame."""
    ramp = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    return (2 + 8 * ramp if kind is DepthKind.METRIC else 3 * ramp - 1) * np.float32(1 + 0.05 * number)


def written(folder: Path, kind: DepthKind, bits: int = 16) -> tuple[Path, DepthScale]:
    """A depth video of five frames with varied times."""
    first = values_of(kind, 0)
    scale = DepthScale.of(first, kind, (float(first.min()), float(first.max())), bits)
    info = VideoInfo(63, 47, Fraction(1, 90_000), Fraction(30))
    suffix = ".mkv" if bits == 16 else ".mp4"
    with open_piece(folder / "a.nut", look_of(f"depth{bits}", info, (63, 47), 2)) as piece:
        for number, pts in enumerate(TIMES):
            numbers = scale.numbers(values_of(kind, number))
            if bits == 16:
                piece.write(numbers, pts)
            else:
                piece.write_planes(planes_of_depth(numbers), pts)
    target = folder / f"clip{suffix}"
    words = tags_of(DepthMap(first, kind, None, None, MADE_BY), scale, info.time_base)
    join([folder / "a.nut"], target, options=JoinOptions(words, keeps_times=True))
    return target, scale


@pytest.mark.parametrize("kind", KINDS)
def test_values_come_back_to_half_a_step(tmp_path: Path, kind: DepthKind) -> None:
    """Every kind of depth, with its unit, network, weights and exact times."""
    path, scale = written(tmp_path, kind)
    video = read_depth_video(path)
    frames = list(video)
    assert (video.kind, video.unit, video.scale) == (kind, kind.unit, scale)
    assert (video.provenance.model, video.provenance.weights_sha256) == ("embedded", "ab12")
    assert tuple(one.pts for one in frames) == TIMES
    assert video.time_base == Fraction(1, 90_000)
    for number, frame in enumerate(frames):
        gap = np.abs(frame.depth.values - values_of(kind, number)).max()
        assert gap <= 0.51 * scale.scale
        assert frame.depth.valid is None
    assert frames[1].seconds == pytest.approx(1501 / 90_000)
    assert len(list(video)) == len(frames)


def test_metres_are_millimetres() -> None:
    """Up to 65 m as everybody stores them; beyond it coarser."""
    near = values_of(DepthKind.METRIC, 0)
    assert DepthScale.of(near, DepthKind.METRIC, (2, 10)) == DepthScale(0.001, 0.0)
    far = DepthScale.of(near * 20, DepthKind.METRIC, (40, 200))
    assert far.ends[1] == pytest.approx(400)


@pytest.mark.parametrize(("bits", "room"), [(16, 1.0), (10, 0.25)])
def test_there_is_room_for_what_comes(bits: int, room: float) -> None:
    """On both sides of the first frame's span."""
    scale = DepthScale.of(np.array([[1, 3]], np.float32), DepthKind.RELATIVE_INVERSE, (1, 3), bits)
    assert scale.ends == pytest.approx((1 - 2 * room, 3 + 2 * room))


def test_ten_bits_lose_little(tmp_path: Path) -> None:
    """HEVC in MP4: times exact, values to a hundredth of the span."""
    path, scale = written(tmp_path, DepthKind.RELATIVE_INVERSE, bits=10)
    frames = list(read_depth_video(path))
    assert tuple(one.pts for one in frames) == TIMES
    for number, frame in enumerate(frames):
        assert frame.depth.values.shape == (47, 63)
        assert (
            np.abs(frame.depth.values - values_of(DepthKind.RELATIVE_INVERSE, number)).mean()
            < 2 * scale.scale
        )


def test_what_is_not_valid_is_nought(tmp_path: Path) -> None:
    """And comes back as not valid."""
    scale = DepthScale(0.5, -0.5)
    valid = np.ones((2, 3), bool)
    valid[1, 1] = False
    numbers = scale.numbers(np.full((2, 3), 4, np.float32), valid)
    assert numbers.tolist() == [[9, 9, 9], [9, 0, 9]]
    values, back = scale.values(numbers)
    assert np.array_equal(back, valid)
    assert (values[valid] == 4).all()


def test_values_beyond_the_ends_are_cut_off_and_counted() -> None:
    """Never turned over to the other end."""
    scale = DepthScale(1.0, 0.0)
    values = np.array([[-5, 0, 70_000, 3]], np.float32)
    assert scale.numbers(values).tolist() == [[1, 1, 65535, 3]]
    assert scale.share_beyond(values) == 0.75


def test_a_narrow_span_far_away_keeps_its_steps() -> None:
    """A span of a thousandth about a thousand."""
    values = np.linspace(1000, 1000.001, 12, dtype=np.float32).reshape(3, 4)
    scale = DepthScale.of(values, DepthKind.AFFINE_DEPTH, (1000, 1000.001))
    back, _ = scale.values(scale.numbers(values))
    assert np.abs(back - values).max() < 1e-4


def test_a_broken_depth_video_gives_what_is_readable(tmp_path: Path) -> None:
    """Its first frames."""
    path, _ = written(tmp_path, DepthKind.METRIC)
    data = path.read_bytes()
    assert 0 < len(list(read_depth_video(data[: len(data) * 2 // 3]))) < len(TIMES)


def test_other_videos_are_no_depth(tmp_path: Path) -> None:
    """They do not say what their numbers mean."""
    with pytest.raises(UnsupportedFormatError, match="mean"):
        read_depth_video(clip(tmp_path / "clip.mkv"))


@pytest.mark.parametrize("given", [{"scale": 0}, {"bits": 12}])
def test_impossible_scales_are_refused(given: dict) -> None:
    """A step of nought, and other bits."""
    with pytest.raises(ParameterError):
        replace(DepthScale(1.0, 0.0), **given)
