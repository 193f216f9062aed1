"""Every formula against a second implementation: plain loops, NumPy's or SciPy's general solvers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from nearfar.errors import ParameterError, UnknownNameError
from nearfar.evaluation.alignment import ALIGNMENTS, absolute_scale, absolute_scale_and_shift, scale_and_shift
from nearfar.evaluation.boundary import STEPS, boundary_f1
from nearfar.evaluation.crops import CROPS, crop, kb_crop
from nearfar.evaluation.figures import depth_figures, is_higher_better
from nearfar.evaluation.grids import nearest_known, strided
from nearfar.evaluation.reprojection import View, temporal_error
from nearfar.types import Camera

CLOSE = 1e-6


def drawn(seed: int, count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A prediction, a truth that it resembles with some outliers, and weights."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.5, 9.5, count)
    prediction = 0.4 * truth + 1 + rng.normal(0, 0.2, count)
    prediction[: count // 10] += rng.normal(0, 5, count // 10)
    return prediction, truth, 1 / truth


@pytest.mark.parametrize("seed", range(4))
def test_weighted_least_squares(seed: int) -> None:
    """NumPy's solver of the system whose rows are multiplied by the roots of the weights."""
    p, d, w = drawn(seed)
    system = np.stack([p, np.ones_like(p)], axis=1) * np.sqrt(w)[:, None]
    wanted = np.linalg.lstsq(system, d * np.sqrt(w), rcond=None)[0]
    np.testing.assert_allclose(scale_and_shift(p, d, w), wanted, rtol=CLOSE)


def test_scale_alone_by_least_squares() -> None:
    """NumPy's solver of one column."""
    p, d, w = drawn(1)
    (wanted,) = np.linalg.lstsq((p * np.sqrt(w))[:, None], d * np.sqrt(w), rcond=None)[0]
    assert ALIGNMENTS["scale"].fit(p, d, w) == (pytest.approx(wanted, rel=CLOSE), 0)


def test_median() -> None:
    """The middle of sorted numbers by the middle of sorted numbers."""
    p, d, w = drawn(2, 201)
    assert ALIGNMENTS["median"].fit(p, d, w)[0] == pytest.approx(sorted(d)[100] / sorted(p)[100])


def least_total(p: np.ndarray, d: np.ndarray, w: np.ndarray, *, has_shift: bool) -> float:
    """The least weighted sum of absolute residuals, by linear programming."""
    linprog = pytest.importorskip("scipy.optimize").linprog
    count = len(p)
    line = np.stack([p, np.ones_like(p) if has_shift else np.zeros_like(p)], axis=1)
    upper = np.block([[line, -np.eye(count)], [-line, -np.eye(count)]])
    found = linprog(
        np.r_[0, 0, w], A_ub=upper, b_ub=np.r_[d, -d], bounds=[(None, None)] * 2 + [(0, None)] * count
    )
    return float(found.fun)


@pytest.mark.parametrize("seed", range(6))
def test_least_absolute_deviations(seed: int) -> None:
    """As little as a linear program reaches: with a shift, and with a scale alone."""
    p, d, w = drawn(seed)
    scale, shift = absolute_scale_and_shift(p, d, w)
    assert w @ np.abs(scale * p + shift - d) == pytest.approx(least_total(p, d, w, has_shift=True), rel=CLOSE)
    alone = absolute_scale(p, d, w)
    assert w @ np.abs(alone * p - d) == pytest.approx(least_total(p, d, w, has_shift=False), rel=CLOSE)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [1.0, 20.0])
def test_least_absolute_deviations_with_ties(seed: int, steps: float) -> None:
    """Few different values, as maps of eight bits have: still the least sum."""
    p, d, _ = drawn(seed, 400)
    p, d = np.round(p * steps) / steps, np.maximum(np.round(d * steps) / steps, 1 / steps)
    scale, shift = absolute_scale_and_shift(p, d, 1 / d)
    total = (1 / d) @ np.abs(scale * p + shift - d)
    assert total == pytest.approx(least_total(p, d, 1 / d, has_shift=True), rel=CLOSE)


@pytest.mark.parametrize("name", sorted(set(ALIGNMENTS) - {"none"}))
def test_flat_predictions_divide_by_nothing(name: str) -> None:
    """All equal, or all 0: finite numbers come out."""
    d = np.array([1.0, 2.0, 4.0])
    for value in (0.0, 3.0):
        assert np.isfinite(ALIGNMENTS[name].fit(np.full(3, value), d, np.ones(3))).all()


@pytest.mark.parametrize("name", sorted(set(ALIGNMENTS) - {"none"}))
def test_what_is_aligned_already_stays(name: str) -> None:
    """Scale 1 and shift 0 of the truth itself."""
    d = drawn(0)[1]
    np.testing.assert_allclose(ALIGNMENTS[name].fit(d, d, 1 / d), (1, 0), atol=1e-9)


def test_figures_in_loops() -> None:
    """Each figure as its formula is written down."""
    found, true, _ = drawn(3)
    found = np.abs(found) + 0.1
    rows = list(zip(found.tolist(), true.tolist(), strict=True))
    count = len(rows)
    ours = depth_figures(found, true).as_row()
    logs = [math.log(z) - math.log(t) for z, t in rows]
    wanted = {
        "beyond": sum(max(z / t, t / z) > 1.25 for z, t in rows) / count,
        "abs_rel": sum(abs(z - t) / t for z, t in rows) / count,
        "sq_rel": sum((z - t) ** 2 / t for z, t in rows) / count,
        "rmse": math.sqrt(sum((z - t) ** 2 for z, t in rows) / count),
        "rmse_log": math.sqrt(sum(g * g for g in logs) / count),
        "log10": sum(abs(math.log10(z) - math.log10(t)) for z, t in rows) / count,
        "silog": 100 * math.sqrt(sum(g * g for g in logs) / count - (sum(logs) / count) ** 2),
        "irmse": math.sqrt(sum((1000 / z - 1000 / t) ** 2 for z, t in rows) / count),
        **{f"delta{n}": sum(max(z / t, t / z) < 1.25**n for z, t in rows) / count for n in (1, 2, 3)},
    }
    assert ours.keys() == wanted.keys()
    for name, value in wanted.items():
        assert ours[name] == pytest.approx(value, rel=CLOSE), name


def test_figures_of_four_pixels() -> None:
    """Stored values, reckoned by hand: 2, 1, 4, 5 m found where 1, 1, 5, 4 m are true."""
    row = depth_figures(np.array([2.0, 1, 4, 5]), np.array([1.0, 1, 5, 4])).as_row()
    assert row["abs_rel"] == pytest.approx((1 + 0 + 0.2 + 0.25) / 4)
    assert row["sq_rel"] == pytest.approx((1 + 0 + 0.2 + 0.25) / 4)
    assert row["rmse"] == pytest.approx(math.sqrt(0.75))
    assert (row["beyond"], row["delta1"], row["delta2"]) == (0.25, 0.25, 0.75)  # 1.25 itself is neither
    assert row["log10"] == pytest.approx((0.30103 + 0 + 0.09691 + 0.09691) / 4, rel=1e-5)


def test_the_guard_adds_to_the_truth() -> None:
    """As MoGe divides."""
    guarded = depth_figures(np.array([2.0]), np.array([1.0]), guard_m=1.0)
    assert guarded.abs_rel == 0.5


@pytest.mark.parametrize(
    ("name", "height", "width", "wanted"),
    [
        ("garg", 375, 1242, (153, 371, 44, 1197)),
        ("eigen", 375, 1242, (124, 342, 44, 1197)),
        ("eigen-nyu", 480, 640, (45, 471, 41, 601)),
        ("make3d", 55, 305, (17, 38, 0, 305)),
        ("scannet", 480, 640, (8, 472, 11, 629)),
        ("none", 5, 7, (0, 5, 0, 7)),
    ],
)
def test_crops(name: str, height: int, width: int, wanted: tuple[int, ...]) -> None:
    """The published numbers at the published sizes."""
    rows, columns = crop(name, height, width)
    assert (rows.start, rows.stop, columns.start, columns.stop) == wanted
    assert name in CROPS


def test_kb_crop() -> None:
    """352 × 1216 at the bottom, in the middle; smaller pictures are refused."""
    rows, columns = kb_crop(375, 1242)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (23, 375, 13, 1229)
    with pytest.raises(ParameterError, match="1216×352"):
        kb_crop(352, 1000)
    with pytest.raises(UnknownNameError, match="crop"):
        crop("grag", 375, 1242)
    with pytest.raises(ParameterError, match="leaves nothing"):
        crop("scannet", 16, 640)


def again_f1(found: np.ndarray, true: np.ndarray, is_known: np.ndarray, radius: int) -> float:
    """Boundary F1 pixel by pixel, precision and recall apart."""
    height, width = true.shape
    scores = []
    for step in STEPS:
        both = ours = theirs = 0
        for y in range(radius, height - radius):
            for x in range(radius, width - radius):
                for v in range(y - radius, y + radius + 1):
                    for u in range(x - radius, x + radius + 1):
                        is_near = (v - y) ** 2 + (u - x) ** 2 <= radius**2
                        if is_near and is_known[y, x] and is_known[v, u]:
                            a = found[v, u] / found[y, x] > 1 + step
                            b = true[v, u] / true[y, x] > 1 + step
                            both, ours, theirs = both + (a and b), ours + a, theirs + b
        precision, recall = both / max(ours, 1e-12), both / max(theirs, 1e-12)
        scores.append(2 * precision * recall / max(precision + recall, 1e-12))
    return sum(w * f for w, f in zip(STEPS, scores, strict=True)) / sum(STEPS)


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_boundary_f1_in_loops(radius: int) -> None:
    """A box before a slope, found a pixel too low and noisy; some pixels unknown."""
    rng = np.random.default_rng(radius)
    true = 4 + np.linspace(0, 2, 14)[:, None] * np.ones((14, 17))
    true[4:9, 5:11] = 2
    found = np.roll(true, 1, axis=0) * np.exp(rng.normal(0, 0.03, true.shape))
    is_known = rng.random(true.shape) > 0.1
    ours = boundary_f1(found, true, is_known, radius)
    assert ours == pytest.approx(again_f1(found, true, is_known, radius), rel=CLOSE)
    assert 0 < ours < 1
    assert boundary_f1(true, true, is_known, radius) == 1


def test_boundary_f1_of_a_plane_is_nothing() -> None:
    """No boundary in the truth: not 0, but no figure."""
    assert math.isnan(boundary_f1(np.ones((8, 8)), np.ones((8, 8)), np.ones((8, 8), bool), 1))


def again_nearest(is_known: np.ndarray, side: int) -> set[tuple[int, int, int, int]]:
    """(cell row, cell column, row, column) of every cell, by looking at each pixel of its window."""
    height, width = is_known.shape
    down, across = max(1.0, height / side), max(1.0, width / side)
    found = set()
    for i in range(side):
        for j in range(side):
            y, x = (i + 0.5) * height / side, (j + 0.5) * width / side
            top, left = round(y - down / 2), round(x - across / 2)
            best: tuple[float, int, int] | None = None
            for v in range(top, top + math.ceil(down)):
                for u in range(left, left + math.ceil(across)):
                    if 0 <= v < height and 0 <= u < width and is_known[v, u]:
                        away = (v + 0.5 - y) ** 2 + (u + 0.5 - x) ** 2
                        if best is None or away < best[0] - 1e-12:
                            best = (away, v, u)
            if best is not None:
                found.add((i, j, best[1], best[2]))
    return found


@pytest.mark.parametrize(("height", "width", "side"), [(40, 56, 8), (13, 9, 16), (30, 31, 7)])
def test_nearest_known_pixels(height: int, width: int, side: int) -> None:
    """Cell by cell, also where a map is smaller than the grid."""
    is_known = np.random.default_rng(height).random((height, width)) > 0.6
    rows, columns = nearest_known(is_known, side)
    wanted = again_nearest(is_known, side)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == sorted((r, c) for *_, r, c in wanted)
    assert is_known[rows, columns].all()


def test_every_so_many() -> None:
    """The longer side gets as many pixels as asked; a small map stays whole."""
    rows, columns = strided((6, 12), 4)
    assert rows.ravel().tolist() == [0, 3]
    assert columns.ravel().tolist() == [0, 3, 6, 9]
    assert strided((6, 12), 20)[1].size == 12


def again_tae(views: list[View]) -> float:
    """The temporal alignment error point by point."""
    total = 0.0
    for one, two in itertools.pairwise(views):
        for source, target in ((one, two), (two, one)):
            camera = one.camera
            there = np.linalg.inv(target.world_from_cam) @ source.world_from_cam
            landed: dict[tuple[int, int], float] = {}
            height, width = source.depth_m.shape
            for y in range(height):
                for x in range(width):
                    z = float(source.depth_m[y, x])
                    point = [
                        (x + 0.5 - camera.cx_px) * z / camera.fx_px,
                        (y + 0.5 - camera.cy_px) * z / camera.fy_px,
                        z,
                        1,
                    ]
                    moved = there @ point
                    u = round(moved[0] * camera.fx_px / moved[2] + camera.cx_px - 0.5)
                    v = round(moved[1] * camera.fy_px / moved[2] + camera.cy_px - 0.5)
                    if 0 <= u < width and 0 <= v < height:
                        landed[v, u] = float(moved[2])
            errors = [abs(z - target.depth_m[at]) / target.depth_m[at] for at, z in landed.items() if z > 0]
            total += sum(errors) / len(errors) if errors else 0.0
    return 100 * total / (2 * (len(views) - 1))


def clip(flicker: float, seed: int = 0) -> list[View]:
    """A wall with a box, seen by a camera that goes to the right and turns a little."""
    rng = np.random.default_rng(seed)
    views = []
    for n in range(4):
        pose = np.eye(4)
        angle = 0.02 * n
        pose[:3, :3] = [
            [math.cos(angle), 0, math.sin(angle)],
            [0, 1, 0],
            [-math.sin(angle), 0, math.cos(angle)],
        ]
        pose[:3, 3] = [0.1 * n, 0, 0.05 * n]
        depth = np.full((18, 24), 3.0 - 0.05 * n) * (1 + flicker * rng.normal())
        depth[6:10, 8:14] = 2
        views.append(View(depth, Camera(20, 21, 12.2, 9.1), pose))
    return views


@pytest.mark.parametrize("flicker", [0.0, 0.1])
def test_temporal_error_in_loops(flicker: float) -> None:
    """Both directions, rounding and overwriting as published."""
    assert temporal_error(clip(flicker)) == pytest.approx(again_tae(clip(flicker)), rel=CLOSE)


def test_temporal_error_of_a_still_wall() -> None:
    """0 where nothing moves, 10 % where every second frame is a tenth too far; grows with flicker."""
    still = [View(np.full((6, 8), 2.0), Camera(5, 5, 4, 3), np.eye(4)) for _ in range(3)]
    assert temporal_error(still) == 0
    still[1] = View(np.full((6, 8), 2.2), still[1].camera, np.eye(4))
    assert temporal_error(still) == pytest.approx(100 * (0.2 / 2.2 + 0.2 / 2) / 2)
    assert temporal_error(clip(0.1)) > temporal_error(clip(0.0))
    with pytest.raises(ParameterError, match="two frames"):
        temporal_error(still[:1])


def test_which_way_is_better() -> None:
    """Shares of good pixels and pairs upwards, errors downwards."""
    assert all(map(is_higher_better, ("delta1", "c1.delta3", "accuracy", "boundary.boundary_f1_radius1")))
    assert not any(map(is_higher_better, ("abs_rel", "c2.rmse", "tae", "beyond")))
