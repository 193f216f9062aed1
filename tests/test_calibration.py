"""Metres from known distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.calibration import Calibration, KnownPoint, calibrate
from nearfar.errors import BrokenImageError, ParameterError
from nearfar.types import Camera, DepthKind, DepthMap, Provenance

if TYPE_CHECKING:
    from pathlib import Path

METRES = np.linspace(1, 9, 30 * 40, dtype=np.float32).reshape(30, 40)


def relative(kind: DepthKind = DepthKind.RELATIVE_INVERSE) -> DepthMap:
    """METRES with an unknown scale and shift."""
    values = {
        DepthKind.RELATIVE_INVERSE: 3 / METRES + 0.5,
        DepthKind.AFFINE_DEPTH: 0.2 * METRES - 7,
        DepthKind.METRIC: METRES / 2,
    }[kind]
    return DepthMap(values.astype(np.float32), kind, provenance=Provenance("m", "ab" * 32))


def points(*places: tuple[int, int], off: float = 1.0) -> list[KnownPoint]:
    """Known distances at pixels."""
    return [KnownPoint(x, y, float(METRES[y, x]) * off) for x, y in places]


@pytest.mark.parametrize("kind", DepthKind)
def test_two_points_give_metres(kind: DepthKind) -> None:
    """Scale and shift are found, whatever the kind."""
    depth = relative(kind)
    metric = calibrate(depth, points((5, 2), (30, 27))).apply(depth)
    assert (metric.kind, metric.unit, metric.valid) == (DepthKind.METRIC, "m", None)
    assert np.abs(metric.values / METRES - 1).max() < 0.002


def test_one_point_rescales_a_metric_map() -> None:
    """One distance is enough where only the scale is wrong."""
    depth = relative(DepthKind.METRIC)
    assert np.allclose(calibrate(depth, points((8, 8))).apply(depth).values, METRES, rtol=1e-5)
    with pytest.raises(ParameterError, match="two points or more"):
        calibrate(relative(), points((8, 8)))


def test_more_points_are_fitted_with_residuals() -> None:
    """Small contradictions are spread, and told."""
    known = points((5, 2), (20, 15)) + points((30, 27), off=1.05)
    fit = calibrate(relative(), known)
    assert 0 < max(abs(e) for e in fit.errors_m) < 0.5
    assert len(fit.errors_m) == 3


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([KnownPoint(5, 2, 9), KnownPoint(30, 27, 1)], "contradict the depth map"),
        ([KnownPoint(5, 2, 2), KnownPoint(6, 2, 9)], "same depth"),
        ([KnownPoint(500, 2, 2), KnownPoint(6, 2, 9)], "outside"),
        ([*points((5, 2), (30, 27)), KnownPoint(20, 15, 1.2)], "do not fit"),
    ],
)
def test_what_cannot_fit_is_refused(known: list[KnownPoint], message: str) -> None:
    """Points that make no sense are told, not averaged away."""
    flat = relative()
    flat = flat.with_values(np.where(np.indices(METRES.shape)[0] < 5, flat.values[2, 5], flat.values))
    with pytest.raises(ParameterError, match=message):
        calibrate(flat, known)


def test_profile_round_trip(tmp_path: Path) -> None:
    """A saved profile gives the same metres, and the camera at the picture's size."""
    depth = relative()
    fit = calibrate(depth, points((5, 2), (30, 27)), Camera(50, 50, 20, 15))
    back = Calibration.load(fit.save(tmp_path / "camera.json"))
    assert back == fit
    double = DepthMap(np.repeat(np.repeat(depth.values, 2, 0), 2, 1), depth.kind)
    assert back.apply(double).camera == Camera(100, 100, 40, 30)


def test_profile_is_for_its_network() -> None:
    """Values of another kind or network are not scaled by it."""
    fit = calibrate(relative(), points((5, 2), (30, 27)))
    with pytest.raises(ParameterError, match="relative_inverse"):
        fit.apply(relative(DepthKind.AFFINE_DEPTH))
    other = DepthMap(METRES, DepthKind.RELATIVE_INVERSE, provenance=Provenance("n", "cd" * 32))
    with pytest.raises(ParameterError, match="weights"):
        fit.apply(other)


def test_behind_infinity_is_not_valid() -> None:
    """Sky whose inverse depth falls under nought has no distance."""
    depth = relative()
    fit = calibrate(depth, points((5, 2), (30, 27)))
    sky = depth.with_values(np.where(METRES < 1.5, np.float32(0), depth.values))
    metric = fit.apply(sky)
    assert metric.valid is not None
    assert np.array_equal(metric.valid, METRES >= 1.5)


def test_points_are_read_and_damage_told(tmp_path: Path) -> None:
    """x,y=metres is a point; other texts and files are refused."""
    assert KnownPoint.parse("3,4=2.5") == KnownPoint(3, 4, 2.5)
    for text in ("3,4", "3=4", "a,b=c", "1,2=-3"):
        with pytest.raises(ParameterError):
            KnownPoint.parse(text)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(BrokenImageError, match="no calibration"):
        Calibration.load(tmp_path / "bad.json")
