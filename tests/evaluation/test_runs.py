"""Whole runs: what is written down, predictions in folders, intervals, comparisons and pages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import small_sets
from nearfar.errors import ParameterError, SourceError
from nearfar.evaluation.bootstrap import Drawing, interval, paired
from nearfar.evaluation.catalogue import eval_set, protocol
from nearfar.evaluation.charts import COLOURS, Axis, Series, line_chart
from nearfar.evaluation.comparing import compare
from nearfar.evaluation.curves import Curves, edge_distance
from nearfar.evaluation.predictions import Folder, Kind, Prediction, Ramp, predictor_of
from nearfar.evaluation.report import page
from nearfar.evaluation.rules import Given
from nearfar.evaluation.runs import Plan, Result, evaluate
from nearfar.evaluation.samples import Wish

if TYPE_CHECKING:
    from pathlib import Path

DRAWING = Drawing(200)


def plan(name: str, chosen: str, folder: Path, **more: Any) -> Plan:
    """A plan for a small set that is written there."""
    if not any(folder.iterdir()):
        small_sets.WRITERS[chosen](folder)
    wish = more.pop("wish", Wish(folder))
    return Plan(protocol(name), eval_set(chosen), wish, drawing=DRAWING, **more)


def maps(folder: Path, seed: int = 0, noise: float = 0.05, count: int = 3) -> Path:
    """Metric maps for the small set ``folder``, as .npy."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    for n in range(count):
        depth = np.nan_to_num(small_sets.depth_of(n), nan=5.0)
        np.save(
            folder / f"{n:04d}.npy", (depth * np.exp(rng.normal(0, noise, depth.shape))).astype(np.float32)
        )
    return folder


def judged(tmp_path: Path, noise: float = 0.05, seed: int = 0) -> Result:
    """Three metric maps of a folder by Eigen's protocol."""
    (tmp_path / "set").mkdir(exist_ok=True)
    given = maps(tmp_path / f"maps{seed}", seed, noise)
    return evaluate(plan("eigen", "folder", tmp_path / "set"), Folder(given, "metric"))


def test_everything_is_written_down(tmp_path: Path) -> None:
    """Counts of pictures and pixels, rules, the drawing, a row a picture; and it is JSON."""
    document = judged(tmp_path).document
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    known = int(np.isfinite(small_sets.depth_of()).sum())
    assert (document["images"], document["pixels"]) == (3, 3 * known)
    assert document["bootstrap"] == {"resamples": 200, "seed": 0, "level": 0.95, "unit": "pictures"}
    assert document["model"]["kind"] == "metric"
    assert [row["image"] for row in document["rows"]] == ["0000", "0001", "0002"]
    mean = np.mean([row["figures"]["abs_rel"] for row in document["rows"]])
    figure = document["figures"]["abs_rel"]
    assert figure["mean"] == pytest.approx(mean)
    assert figure["low"] <= figure["mean"] <= figure["high"]
    assert figure["better"] == "lower"
    assert document["figures"]["delta1"]["better"] == "higher"


def test_ramp_on_pairs(tmp_path: Path) -> None:
    """The lower the nearer: right where the nearer point is lower, all pairs count alike."""
    result = evaluate(plan("da2k", "da2k", tmp_path), Ramp())
    document = result.document
    assert document["pairs"] == 4
    assert document["figures"]["accuracy"]["mean"] == 1
    assert set(document["groups"]) == set()  # a photo a scene: nothing to group
    assert all(sheet[:2] == b"\xff\xd8" for sheet in result.sheets)


def test_pairs_told_wrong(tmp_path: Path) -> None:
    """A flat map is right by half; one upside down never."""
    flat = Prediction(np.ones((48, 64), np.float32), Kind.RELATIVE_INVERSE)
    upside = Prediction(np.repeat(np.arange(48, 0, -1)[:, None], 64, 1).astype(np.float32), flat.kind)
    for prediction, wanted in ((flat, 0.5), (upside, 0.0)):
        found = evaluate(plan("da2k", "da2k", tmp_path), Fixed(prediction)).document
        assert found["figures"]["accuracy"]["mean"] == wanted


class Fixed:
    """A predictor that always says the same."""

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction

    def describe(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "fixed"}

    def predict(self, *_: object) -> Prediction:
        """What it was made with."""
        return self.prediction


def test_clips(tmp_path: Path) -> None:
    """Frames of one scene are judged together; the lost camera is left out and told."""
    document = evaluate(plan("tae", "scannet", tmp_path), Ramp()).document
    (row,) = document["rows"]
    assert (row["image"], row["frames"]) == ("scene0707_00", 2)
    assert row["figures"]["tae"] == pytest.approx(
        0
    )  # a ramp is alike along rows, and the camera goes along them
    assert document["skipped"] == [
        {"image": "scene0707_00: scene0707_00/color/10", "reason": "It has no pose."}
    ]


@pytest.mark.parametrize("chosen", ["nyu-png", "kitti", "eth3d", "sintel", "tum", "ibims", "middlebury"])
def test_a_ramp_on_every_kind_of_set(chosen: str, tmp_path: Path) -> None:
    """MoGe's protocol runs over what the readers give."""
    document = evaluate(plan("moge", chosen, tmp_path), Ramp()).document
    assert document["figures"]["affine_disparity.abs_rel"]["mean"] > 0


def test_nothing_to_judge_is_told(tmp_path: Path) -> None:
    """A set whose only picture has one laser point."""
    with pytest.raises(ParameterError, match=r"No picture could be judged \(Only 1 pixels"):
        evaluate(plan("moge", "ddad", tmp_path), Ramp())


def test_sets_that_do_not_fit(tmp_path: Path) -> None:
    """Pairs where there are none, clips without poses, depth where there are pairs."""
    for name, chosen, lacks in (
        ("da2k", "nyu-png", "pairs"),
        ("tae", "diode", "camera poses"),
        ("midas", "da2k", "depth"),
    ):
        with pytest.raises(ParameterError, match=f"no {lacks}"):
            evaluate(plan(name, chosen, tmp_path), Ramp())


def test_lists_are_counted(tmp_path: Path) -> None:
    """A list that is not the published one is refused, unless it is said to be a part."""
    small_sets.kitti(tmp_path)
    wish = Wish(tmp_path, listed=tuple(small_sets.kitti_list().splitlines()))
    with pytest.raises(ParameterError, match="gives 2 pictures, but 652 are published"):
        evaluate(plan("midas", "kitti", tmp_path, wish=wish), Ramp())
    document = evaluate(plan("midas", "kitti", tmp_path, wish=wish, is_partial=True), Ramp()).document
    assert document["set"]["expected"] == 652
    assert document["set"]["is_complete"] is False


def test_limit_spreads(tmp_path: Path) -> None:
    """About so many, not the first ones."""
    small_sets.folder(tmp_path, 9)
    document = evaluate(plan("midas", "folder", tmp_path, limit=3), Ramp()).document
    assert [row["image"] for row in document["rows"]] == ["0000", "0003", "0006"]


def test_other_rules_are_told(tmp_path: Path) -> None:
    """What a user chose stands in the rules."""
    document = evaluate(
        plan("midas", "folder", tmp_path, given=Given(align="robust", crop="garg", cap_m=4)), Ramp()
    ).document
    (track,) = document["protocol"]["rules"]["tracks"]
    assert (track["alignment_method"], track["crop"]) == ("least absolute deviations", "garg")
    assert track["valid_m"] == [0, 4]


def test_pictures_without_truth_are_told(tmp_path: Path) -> None:
    """Left out with the reason; where all are, it is an error."""
    small_sets.folder(tmp_path)
    small_sets.write_codes(tmp_path / "0001.png", np.full((48, 64), np.nan), 1000)
    document = evaluate(plan("midas", "folder", tmp_path), Ramp()).document
    assert [row["image"] for row in document["skipped"]] == ["0001"]
    assert document["images"] == 2


def test_maps_of_others(tmp_path: Path) -> None:
    """Names as the set's, flat or last part alone; another size; 16-bit millimetres."""
    import cv2

    small_sets.nyu_png(tmp_path / "set")
    given = tmp_path / "maps"
    (given / "kitchen").mkdir(parents=True)
    depths = [np.nan_to_num(small_sets.depth_of(n), nan=5.0) for n in range(3)]
    np.save(given / "kitchen" / "rgb_00000.npy", depths[0])
    np.savez(given / "kitchen_rgb_00001.npz", depth=cv2.resize(depths[1], (128, 96)))
    small_sets.write_codes(given / "rgb_00002.png", depths[2], 1)
    document = evaluate(
        plan("eigen", "nyu-png", tmp_path / "set", given=Given(align="none")), Folder(given, "metric")
    ).document
    errors = [row["figures"]["abs_rel"] for row in document["rows"]]
    assert errors[0] < 1e-3
    assert errors[1] < 0.03
    assert errors[2] > 0.05  # whole metres


def test_maps_that_are_absent(tmp_path: Path) -> None:
    """The names that were looked for are told; a folder that is none, and a kind that is none."""
    small_sets.folder(tmp_path / "set")
    given = maps(tmp_path / "maps", count=2)
    with pytest.raises(SourceError, match="no map of '0002'") as told:
        evaluate(plan("eigen", "folder", tmp_path / "set"), Folder(given, "metric"))
    assert "0002.npy" in told.value.hint
    with pytest.raises(ParameterError, match="no folder"):
        Folder(tmp_path / "nowhere", "metric")
    with pytest.raises(ParameterError, match="Did you mean 'metric'"):
        Folder(given, "metrics")


def test_maps_that_describe_themselves(tmp_path: Path) -> None:
    """Files of nearfar need no kind, and another one is refused."""
    import nearfar

    small_sets.folder(tmp_path / "set")
    given = tmp_path / "maps"
    given.mkdir()
    for n in range(3):
        values = 1 / np.nan_to_num(small_sets.depth_of(n), nan=5.0)
        nearfar.DepthMap(values, "relative_inverse").save(given / f"{n:04d}.tiff")
    document = evaluate(plan("midas", "folder", tmp_path / "set"), Folder(given)).document
    assert document["model"]["kind"] == "relative_inverse"
    assert document["figures"]["abs_rel"]["mean"] < 1e-3
    with pytest.raises(ParameterError, match="says that it is relative_inverse"):
        evaluate(plan("midas", "folder", tmp_path / "set"), Folder(given, "metric"))


def test_a_network_is_described(tmp_path: Path) -> None:
    """Name, hash of the weights, engine, size of the input, whether it was flipped."""
    small_sets.folder(tmp_path, 1)
    document = evaluate(
        plan("midas", "folder", tmp_path), predictor_of("embedded", size=128, flip=True)
    ).document
    model = document["model"]
    assert (model["name"], model["flip"], model["kind"]) == ("embedded", True, "relative_inverse")
    assert len(model["sha256"]) == 64
    assert max(model["input_size"]) == 128


def test_flip_is_the_mean_of_both() -> None:
    """Of a photo and its mirror image, mirrored back."""
    plain, flipped = (predictor_of("embedded", size=128, flip=flip) for flip in (False, True))
    photo = small_sets.photo_of(0, 96, 128)
    one = plain.predict("a", photo).values
    other = plain.predict("a", np.ascontiguousarray(photo[:, ::-1])).values[:, ::-1]
    np.testing.assert_allclose(flipped.predict("a", photo).values, (one + other) / 2, rtol=1e-6)


def test_interval_of_a_mean() -> None:
    """As wide as the normal formula says, within the noise of drawing; the same for the same seed."""
    values = np.random.default_rng(0).normal(3, 1, 400)
    ones, groups = np.ones(400), [str(n) for n in range(400)]
    found = interval(values, ones, groups, Drawing(4000))
    half = 1.96 * values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert interval(values, ones, groups, Drawing(4000)) == found


def test_interval_of_clips_is_wider() -> None:
    """Frames of a clip are alike: drawn together they tell less."""
    clips = np.repeat(np.random.default_rng(0).normal(0, 1, 20), 20)
    groups = [str(n // 20) for n in range(400)]
    single = interval(clips, np.ones(400), groups, Drawing(1000))
    together = interval(clips, np.ones(400), groups, Drawing(1000, unit="clips"))
    assert together.high - together.low > 3 * (single.high - single.low)
    assert together.mean == single.mean


def test_shares_of_pairs_weigh() -> None:
    """A photo with nine pairs counts nine times one with a single pair; one without does not count."""
    found = interval(np.array([9.0, 0, 0]), np.array([9.0, 1, 0]), ["a", "b", "c"], Drawing(50))
    assert (found.mean, found.count) == (0.9, 2)


def test_paired_sees_small_differences() -> None:
    """Where pictures differ far more than models: paired it shows, and none is not called one."""
    rng = np.random.default_rng(0)
    hard = rng.uniform(0, 10, 200)
    ones, groups = np.ones(200), [str(n) for n in range(200)]
    first, second = (hard, ones), (hard - 0.1 + rng.normal(0, 0.05, 200), ones)
    found = paired(first, second, groups, DRAWING)
    assert found.difference == pytest.approx(-0.1, abs=0.02)
    assert found.p < 0.02
    assert found.high < 0
    same = paired(first, (hard + rng.normal(0, 0.05, 200), ones), groups, DRAWING)
    assert same.p > 0.02
    assert same.low < 0 < same.high


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"level": 1.0}, {"unit": "frames"}])
def test_drawings_are_checked(wrong: dict[str, Any]) -> None:
    """What makes no sense is refused."""
    with pytest.raises(ParameterError):
        Drawing(**wrong)


def test_compare(tmp_path: Path) -> None:
    """The less noisy maps are better on every picture; results against themselves show nothing."""
    rough, fine = judged(tmp_path, 0.3).document, judged(tmp_path, 0.02, 1).document
    found = compare(rough, fine, Drawing(2000))
    row = found["figures"]["abs_rel"]
    assert row["difference"] == pytest.approx(row["second"] - row["first"])
    assert (row["better"], row["second_better_on"], row["images"]) == ("second", 3, 3)
    turned = compare(fine, rough, Drawing(2000))["figures"]["abs_rel"]
    assert (turned["better"], turned["first_better_on"]) == ("first", 3)
    same = compare(fine, fine, DRAWING)["figures"]["abs_rel"]
    assert (same["difference"], same["p"], same["better"]) == (0, 1, "no difference shown")


def test_compare_refuses_unlike_results(tmp_path: Path) -> None:
    """Another protocol, and another cap."""
    one = judged(tmp_path).document
    other = evaluate(plan("marigold", "folder", tmp_path / "set"), Ramp()).document
    with pytest.raises(ParameterError, match="protocol 'eigen', the second of 'marigold'"):
        compare(one, other, DRAWING)
    capped = evaluate(plan("eigen", "folder", tmp_path / "set", given=Given(cap_m=3)), Ramp()).document
    with pytest.raises(ParameterError, match="other crops, caps"):
        compare(one, capped, DRAWING)


def test_curves_add_up() -> None:
    """Each pixel falls into one bin; sums are those of a loop."""
    true = np.array([[0.4, 0.4, 2.2], [2.2, np.nan, 100]])
    found = np.array([[0.5, 0.4, 2.2], [1.1, 1, 150]])
    curves = Curves()
    curves.add(found, true)
    rows = {row["from"]: row for row in curves.describe()["distance_m"]}
    assert {low: row["pixels"] for low, row in rows.items()} == {0.0: 2, 2.0: 2, 80.0: 1}
    assert rows[0.0]["abs_rel"] == pytest.approx((0.25 + 0) / 2)
    assert rows[2.0]["beyond"] == 0.5
    assert rows[80.0]["to"] is None


def test_edge_distance() -> None:
    """0 at both sides of an outline, one more at each step away; none on a plane."""
    true = np.full((5, 9), 4.0)
    true[:, :4] = 2
    away = edge_distance(true)
    assert away is not None
    np.testing.assert_allclose(away[2], [3, 2, 1, 0, 0, 1, 2, 3, 4], atol=1e-3)
    assert edge_distance(np.full((5, 9), 4.0)) is None


def test_the_worst_are_kept(tmp_path: Path) -> None:
    """As many as asked, worst first, each with a picture of its maps."""
    small_sets.folder(tmp_path / "set", 6)
    given = maps(tmp_path / "maps", count=6)
    np.save(given / "0004.npy", np.full((48, 64), 9, np.float32))
    result = evaluate(plan("eigen", "folder", tmp_path / "set", worst=2), Folder(given, "metric"))
    assert result.document["worst"][0]["image"] == "0004"
    values = [row["value"] for row in result.document["worst"]]
    assert len(values) == len(result.sheets) == 2
    assert values[0] > values[1]


def test_lines_keep_their_colours() -> None:
    """A result without a figure takes no colour from the next: the legend holds for every chart."""
    first, second = Series("a", ()), Series("b", ((0.0, 1.0), (1.0, 3.0)))
    drawn = line_chart("t", "u", Axis("x", ()), (first, second))
    assert f'stroke="{COLOURS[1]}"' in drawn
    assert COLOURS[0] not in drawn
    assert ">4<" not in drawn  # 3 is below a round 5
    assert ">5<" in drawn


@pytest.mark.parametrize(("name", "chosen"), [("da2k", "da2k"), ("tae", "scannet"), ("moge", "ibims")])
def test_every_kind_of_result_has_a_page(name: str, chosen: str, tmp_path: Path) -> None:
    """Pairs, clips and pictures: a table, a curve by picture, and the worst."""
    result = evaluate(plan(name, chosen, tmp_path), Ramp())
    text = page([(result.document, result.sheets)])
    assert result.document["protocol"]["title"] in text
    assert "picture by picture" in text
    assert text.count("<figure>") == len(result.sheets) > 0


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    """Figures, curves and pictures stand in one file without addresses to fetch or programs to run."""
    one, other = judged(tmp_path, 0.3), judged(tmp_path, 0.02, 1)
    text = page([(r.document, r.sheets) for r in (one, other)], "A & B")
    assert "<h1>A &amp; B</h1>" in text
    assert text.count("data:image/jpeg;base64,") == 6
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)", text)
    assert "<script" not in text
    assert "url(" not in text
    assert text.count("<svg") == 3
    mean = one.document["figures"]["abs_rel"]["mean"]
    assert f"{mean:.4g}" in text
    assert text.count("<polyline") == 6
