"""Whole protocols against short scripts that do what the published ones do, and against stored values."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import small_sets
from nearfar.errors import ParameterError
from nearfar.evaluation.catalogue import eval_set, eval_sets, protocol, protocols
from nearfar.evaluation.clips import judge_clip
from nearfar.evaluation.dense import TooFewError, cut_photo, judge
from nearfar.evaluation.predictions import Kind, Prediction
from nearfar.evaluation.reprojection import View, temporal_error
from nearfar.evaluation.rules import Given, Rules
from nearfar.evaluation.samples import Sample
from nearfar.types import Camera

CLOSE = 1e-6
STORED = {
    "midas": {"beyond": 0.02112436, "abs_rel": 0.07577872, "log10": 0.03300269, "silog": 9.48533404},
    "eigen": {"abs_rel": 0.07685744, "sq_rel": 0.03473581, "rmse": 0.37684135, "delta1": 0.97853492},
    "moge": {
        "metric.abs_rel": 0.07979693,
        "scale.abs_rel": 0.07943997,
        "affine_depth.abs_rel": 0.07763629,
        "affine_disparity.abs_rel": 0.07610224,
        "boundary.boundary_f1_radius1": 0.0793555,
    },
}
"""Figures of one fixed noisy map of 64 × 48 pixels, by protocol."""


def sample(height: int = 90, width: int = 120, seed: int = 0) -> Sample:
    """A photo with depth of its size."""
    true = small_sets.depth_of(seed, height, width)
    return Sample("a", small_sets.photo_of(seed, height, width), true)


def found(kind: Kind, like: Sample, seed: int = 1) -> Prediction:
    """A noisy map of a kind: as large as the photo, everywhere finite."""
    rng = np.random.default_rng(seed)
    height, width = like.rgb.shape[:2]
    depth = cv2.resize(np.nan_to_num(like.depth_m, nan=4.0), (width, height))
    noisy = depth * np.exp(rng.normal(0, 0.1, depth.shape))
    values = {
        Kind.METRIC: noisy,
        Kind.SCALE: 3.5 * noisy,
        Kind.AFFINE_DEPTH: 0.2 * noisy - 0.3,
        Kind.RELATIVE_INVERSE: 7 / noisy + 0.4,
    }[kind]
    return Prediction(values.astype(np.float32), kind)


def rules_of(name: str, chosen: str, kind: Kind, given: Given | None = None) -> Rules:
    """The rules of a protocol on a set."""
    return protocol(name).rules(eval_set(chosen), kind, given or Given())


def lstsq(p: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Scale and shift by NumPy's solver."""
    return np.linalg.lstsq(np.stack([p, np.ones_like(p)], axis=1), d, rcond=None)[0]


def test_midas() -> None:
    """Least squares in inverse depth over what is nearer than the cap; floor at its inverse."""
    one = sample()
    guess = found(Kind.RELATIVE_INVERSE, one)
    ours = judge(one, guess, rules_of("midas", "sintel", guess.kind, Given(cap_m=4.0)))
    true = one.depth_m.astype(np.float64)
    mask = np.isfinite(true) & (true < 4)
    p, d = guess.values.astype(np.float64)[mask], 1 / true[mask]
    scale, shift = lstsq(p, d)
    depth = 1 / np.maximum(scale * p + shift, 1 / 4)
    ratio = np.maximum(depth / true[mask], true[mask] / depth)
    assert ours.figures["beyond"] == pytest.approx(np.mean(ratio > 1.25), abs=CLOSE)
    assert ours.figures["abs_rel"] == pytest.approx(
        np.mean(np.abs(depth - true[mask]) / true[mask]), rel=CLOSE
    )
    assert ours.pixels == mask.sum()
    np.testing.assert_allclose(ours.alignments["all"], (scale, shift), rtol=CLOSE)


@pytest.mark.parametrize(
    ("name", "cap"), [("eth3d", 72), ("sintel", 72), ("kitti", 80), ("nyu", 10), ("tum", 10)]
)
def test_caps_of_midas(name: str, cap: float) -> None:
    """As published, by set, without any crop."""
    (track,) = rules_of("midas", name, Kind.RELATIVE_INVERSE).tracks
    assert (track.valid_m, track.crop) == ((0.0, cap), "none")


def test_eigen_on_kitti() -> None:
    """BTS: the photo is cut, the map put back, Garg's crop judged between 1 mm and 80 m, clamped."""
    one = sample(375, 1242)
    cut = cut_photo(one.rgb, "kb-photo")
    assert cut.shape == (352, 1216, 3)
    guess = found(Kind.METRIC, one)
    guess = Prediction(np.ascontiguousarray(30 * guess.values[23:, 13:1229]), Kind.METRIC)
    far = Sample("a", one.rgb, one.depth_m * 30)
    ours = judge(far, guess, rules_of("eigen", "kitti", Kind.METRIC))
    pasted = np.zeros((375, 1242))
    pasted[23:, 13:1229] = guess.values
    pasted = np.clip(pasted, 1e-3, 80)
    true = far.depth_m.astype(np.float64)
    box = np.zeros(true.shape, bool)
    box[int(0.40810811 * 375) : int(0.99189189 * 375), int(0.03594771 * 1242) : int(0.96405229 * 1242)] = True
    mask = box & (true > 1e-3) & (true < 80)
    z, t = pasted[mask], true[mask]
    assert ours.pixels == mask.sum()
    assert ours.figures["rmse"] == pytest.approx(np.sqrt(np.mean((z - t) ** 2)), rel=CLOSE)
    assert ours.figures["sq_rel"] == pytest.approx(np.mean((z - t) ** 2 / t), rel=CLOSE)
    g = np.log(z) - np.log(t)
    assert ours.figures["silog"] == pytest.approx(100 * np.sqrt(np.mean(g**2) - np.mean(g) ** 2), rel=CLOSE)


@pytest.mark.parametrize(
    ("kind", "name", "space"),
    [
        (Kind.METRIC, "none", "depth"),
        (Kind.SCALE, "median", "depth"),
        (Kind.AFFINE_DEPTH, "scale-shift", "depth"),
        (Kind.RELATIVE_INVERSE, "scale-shift", "inverse depth"),
    ],
)
def test_eigen_aligns_as_little_as_it_must(kind: Kind, name: str, space: str) -> None:
    """And says so; a user may choose otherwise."""
    (track,) = rules_of("eigen", "nyu", kind).tracks
    assert (track.alignment, track.space, track.crop) == (name, space, "eigen-nyu")
    (track,) = rules_of("eigen", "nyu", kind, Given(align="median", crop="none", cap_m=5)).tracks
    assert (track.alignment, track.crop, track.valid_m) == ("median", "none", (1e-3, 5))


@pytest.mark.parametrize("kind", [Kind.RELATIVE_INVERSE, Kind.AFFINE_DEPTH])
def test_marigold(kind: Kind) -> None:
    """In the space of the prediction; inverse depth at least 0.001; then between the set's distances."""
    one = sample()
    guess = found(kind, one)
    ours = judge(one, guess, rules_of("marigold", "scannet", kind))
    true = one.depth_m.astype(np.float64)
    mask = (true > 1e-3) & (true < 10)
    values = guess.values.astype(np.float64)
    if kind is Kind.RELATIVE_INVERSE:
        used = mask & (values > 0)
        scale, shift = lstsq(values[used], 1 / true[used])
        depth = 1 / np.clip(values * scale + shift, 1e-3, None)
    else:
        scale, shift = lstsq(values[mask], true[mask])
        depth = values * scale + shift
    depth = np.clip(depth, 1e-3, 10)[mask]
    assert ours.figures["abs_rel"] == pytest.approx(
        np.mean(np.abs(depth - true[mask]) / true[mask]), rel=CLOSE
    )
    assert ours.figures["delta1"] == pytest.approx(
        np.mean(np.maximum(depth / true[mask], true[mask] / depth) < 1.25), abs=CLOSE
    )


def test_marigold_on_kitti_cuts_both() -> None:
    """Photo and truth to the benchmark's size, then Eigen's crop of that."""
    rules = rules_of("marigold", "kitti", Kind.AFFINE_DEPTH)
    assert (rules.cut, rules.tracks[0].crop) == ("kb", "eigen")
    one = sample(375, 1242)
    whole = found(Kind.AFFINE_DEPTH, one)
    cut = Prediction(np.ascontiguousarray(whole.values[23:, 13:1229]), whole.kind)
    of_whole, of_cut = judge(one, whole, rules), judge(one, cut, rules)
    assert of_cut.pixels == (int(0.91351351 * 352) - int(0.3324324 * 352)) * (
        int(0.96405229 * 1216) - int(0.0359477 * 1216)
    )
    assert of_whole.figures == of_cut.figures


def test_marigold_on_eth3d_aligns_on_fewer_pixels() -> None:
    """Every so many, so that the longer side has 1,024."""
    (track,) = rules_of("marigold", "eth3d", Kind.AFFINE_DEPTH).tracks
    assert (track.samples, track.sampling) == (1024, "every so many")
    one = sample(60, 2048)
    guess = found(Kind.AFFINE_DEPTH, one)
    ours = judge(one, guess, rules_of("marigold", "eth3d", guess.kind))
    true, values = (np.asarray(each, np.float64)[::2, ::2] for each in (one.depth_m, guess.values))
    mask = np.isfinite(true)
    np.testing.assert_allclose(ours.alignments["all"], lstsq(values[mask], true[mask]), rtol=CLOSE)


def anchored(p: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    """MoGe's way to the best line: through each point in turn, by a weighted median of slopes."""
    best = (np.inf, 0.0, 0.0)
    for i in range(len(p)):
        x, y = p - p[i], d - d[i]
        keep = x != 0
        slopes, weight = y[keep] / x[keep], np.abs(x[keep]) / d[keep]
        order = np.argsort(slopes)
        heavy = np.cumsum(weight[order])
        scale = slopes[order][np.searchsorted(2 * heavy - heavy[-1], 0)]
        shift = d[i] - scale * p[i]
        best = min(best, (float(np.sum(np.abs(scale * p + shift - d) / d)), scale, shift))
    return best[1], best[2]


def test_moge_of_metric_depth() -> None:
    """All four tracks of one map, and boundaries of the first."""
    one = sample(64, 64)  # as many pixels as the robust alignments see: all
    guess = found(Kind.METRIC, one)
    ours = judge(one, guess, rules_of("moge", "hammer", Kind.METRIC))
    true = one.depth_m.astype(np.float64)
    mask = np.isfinite(true)
    z, t = guess.values.astype(np.float64)[mask], true[mask]

    def rel(depth: np.ndarray) -> float:
        return float(np.mean(np.abs(depth - t) / (t + 1e-6)))

    assert ours.figures["metric.abs_rel"] == pytest.approx(rel(z), rel=CLOSE)
    order = np.argsort(t / z)
    heavy = np.cumsum((z / t)[order])
    scale = (t / z)[order][np.searchsorted(2 * heavy - heavy[-1], 0)]
    assert ours.figures["scale.abs_rel"] == pytest.approx(rel(scale * z), rel=CLOSE)
    scale, shift = anchored(z, t)
    assert ours.figures["affine_depth.abs_rel"] == pytest.approx(rel(scale * z + shift), rel=1e-5)
    scale, shift = lstsq(1 / z, 1 / t)
    depth = 1 / np.maximum(scale / z + shift, 1 / t.max())
    assert ours.figures["affine_disparity.abs_rel"] == pytest.approx(rel(depth), rel=CLOSE)
    assert {f"boundary.boundary_f1_radius{r}" for r in (1, 2, 3)} <= ours.figures.keys()


@pytest.mark.parametrize(
    ("kind", "tracks"),
    [
        (Kind.METRIC, {"metric", "scale", "affine_depth", "affine_disparity"}),
        (Kind.SCALE, {"scale", "affine_depth", "affine_disparity"}),
        (Kind.AFFINE_DEPTH, {"affine_depth"}),
        (Kind.RELATIVE_INVERSE, {"affine_disparity"}),
    ],
)
def test_moge_judges_what_a_kind_knows(kind: Kind, tracks: set[str]) -> None:
    """And nothing that it does not."""
    one = sample()
    ours = judge(one, found(kind, one), rules_of("moge", "eth3d", kind))
    assert {name.partition(".")[0] for name in ours.figures} == tracks
    assert all(value < 0.2 for name, value in ours.figures.items() if name.endswith("abs_rel"))


def test_moge_needs_metres_for_metres() -> None:
    """Sintel's unit is its makers' own: no metric track."""
    names = {track.name for track in rules_of("moge", "sintel", Kind.METRIC).tracks}
    assert "metric" not in names
    assert "scale" in names


def test_make3d() -> None:
    """The middle two to one of the photo, 21 of 55 rows, medians, C1 below 70 m and C2 all."""
    photo = small_sets.photo_of(0, 2272 // 8, 1704 // 8)
    grid = small_sets.depth_of(0, 55, 305) * 12
    grid[30, 100] = 81.5
    one = Sample("a", photo, grid)
    rules = rules_of("make3d", "make3d", Kind.SCALE)
    cut = cut_photo(photo, rules.cut)
    assert cut.shape[:2] == (106, 213)
    rng = np.random.default_rng(0)
    guess = rng.uniform(2, 9, cut.shape[:2]).astype(np.float32)
    ours = judge(one, Prediction(guess, Kind.SCALE), rules)
    small = cv2.resize(guess, (305, 21), interpolation=cv2.INTER_LINEAR).astype(np.float64)
    true = grid[17:38].astype(np.float64)
    for name, below, cap in (("c1", 70, 70), ("c2", np.inf, 81.91)):
        mask = np.isfinite(true) & (true > 0) & (true < below)
        z, t = small[mask], true[mask]
        z = np.clip(z * np.median(t) / np.median(z), 1e-3, cap)
        assert ours.figures[f"{name}.abs_rel"] == pytest.approx(np.mean(np.abs(z - t) / t), rel=CLOSE)
        assert ours.figures[f"{name}.log10"] == pytest.approx(np.mean(np.abs(np.log10(z / t))), rel=CLOSE)
    assert ours.figures["c2.rmse"] != ours.figures["c1.rmse"]


def test_maps_of_whole_make3d_photos() -> None:
    """The middle of them is judged, as of maps of the cut photo."""
    photo = small_sets.photo_of(0, 284, 213)
    one = Sample("a", photo, small_sets.depth_of(0, 55, 305) * 8)
    whole = np.repeat(np.linspace(9, 2, 284, dtype=np.float32)[:, None], 213, axis=1)
    rules = rules_of("make3d", "make3d", Kind.SCALE)
    cut = np.ascontiguousarray(whole[89:195])
    ours = [judge(one, Prediction(values, Kind.SCALE), rules).figures for values in (whole, cut)]
    assert ours[0] == ours[1]


def test_tae_aligns_a_clip_at_once() -> None:
    """One scale and shift for all frames; a perfect map of a moving camera comes out as good as the truth."""
    frames = []
    for n in range(3):
        pose = np.eye(4)
        pose[2, 3] = 0.1 * n
        depth = np.full((40, 50), 3 - 0.1 * n, np.float32)
        one = Sample(f"{n}", small_sets.photo_of(n, 40, 50), depth, None, Camera(30, 30, 25, 20), pose)
        frames.append((one, Prediction(2 / depth + 0.5, Kind.RELATIVE_INVERSE)))
    rules = rules_of("tae", "tum", Kind.RELATIVE_INVERSE)
    ours = judge_clip(frames, rules)
    assert ours.figures["tae"] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(ours.alignments["all"], (0.5, -0.25), atol=1e-5)
    worse = [
        (one, Prediction(p.values * (1.2 if n == 1 else 1), p.kind)) for n, (one, p) in enumerate(frames)
    ]
    assert judge_clip(worse, rules).figures["tae"] > 1


def test_tae_moves_the_camera_with_the_crop() -> None:
    """Pixels cut off at the left and the top leave the principal point nearer to both."""
    turned = np.eye(4)
    turned[:2, :2] = [[0.9, -0.436], [0.436, 0.9]]
    wall = (3 + np.linspace(0, 2, 80) * np.ones((60, 80))).astype(np.float32)
    frames = [
        (
            Sample("a", small_sets.photo_of(0, 60, 80), wall, None, Camera(40, 40, 40, 30), pose),
            Prediction(1 / wall, Kind.RELATIVE_INVERSE),
        )
        for pose in (np.eye(4), turned)
    ]
    ours = judge_clip(frames, rules_of("tae", "scannet", Kind.RELATIVE_INVERSE)).figures["tae"]
    part = wall[8:-8, 11:-11]

    def error(camera: Camera) -> float:
        return temporal_error([View(part, camera, np.eye(4)), View(part, camera, turned)])

    assert ours == pytest.approx(
        error(Camera(40, 40, 29, 22)), rel=2e-3
    )  # some places are rounded the other way
    assert abs(ours - error(Camera(40, 40, 40, 30))) > 0.1


@pytest.mark.parametrize("name", sorted(protocols()))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_rule_is_told(name: str, kind: Kind) -> None:
    """Crop, distances, space, method, weights and figures of each track, as plain values, for every set."""
    for chosen in eval_sets().values():
        rows = protocol(name).rules(chosen, kind, Given()).describe()
        assert {"cut", "resize", "mean", "tracks"} <= rows.keys()
        for track in rows["tracks"]:
            assert {
                "crop",
                "valid_m",
                "space",
                "alignment_method",
                "alignment_parameters",
                "alignment_weights",
                "alignment_pixels",
                "clamp_m",
                "figures",
            } <= track.keys()


def test_kinds_that_cannot_be_judged_are_told() -> None:
    """Affine depth has no inverse: MiDaS's protocol says which kinds it judges."""
    one = sample()
    with pytest.raises(ParameterError, match="cannot judge affine_depth"):
        judge(one, found(Kind.AFFINE_DEPTH, one), rules_of("midas", "nyu", Kind.AFFINE_DEPTH))


def test_too_few_pixels_are_left_out() -> None:
    """A truth of three pixels cannot be aligned to."""
    depth = np.full((20, 20), np.nan, np.float32)
    depth[0, :3] = 1
    one = Sample("a", small_sets.photo_of(0, 20, 20), depth)
    guess = Prediction(np.ones((20, 20), np.float32), Kind.RELATIVE_INVERSE)
    with pytest.raises(TooFewError, match="Only 3 pixels"):
        judge(one, guess, rules_of("midas", "eth3d", guess.kind))


def test_holes_of_a_prediction_are_counted() -> None:
    """They are not judged, and told."""
    one = sample()
    guess = found(Kind.METRIC, one)
    valid = np.ones(guess.values.shape, np.bool_)
    valid[40:60] = False
    holed = Prediction(np.where(valid, guess.values, 0), Kind.METRIC, valid)
    rules = rules_of("eigen", "hammer", Kind.METRIC)
    ours, whole = judge(one, holed, rules), judge(one, guess, rules)
    assert ours.without == 20 * 120
    assert ours.pixels == whole.pixels - ours.without


def test_stored_values() -> None:
    """Figures of a fixed map do not change unseen."""
    one = sample(48, 64)
    guess = found(Kind.METRIC, one)
    for name, figures in STORED.items():
        ours = judge(one, guess, rules_of(name, "hammer", Kind.METRIC)).figures
        for figure, value in figures.items():
            assert ours[figure] == pytest.approx(value, abs=CLOSE), (name, figure)
