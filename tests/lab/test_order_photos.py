"""Photos with ordered pairs: read, cut, counted, learned from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.evaluation.pairs import PairCounts, count_pairs
from nearfar_lab.augment import Strength
from nearfar_lab.datasets import order_set, order_sets
from nearfar_lab.datasets.order_photos import OrderedPhoto, OrderItem, OrderSet, more_points, pairs_of
from nearfar_lab.errors import HeldOutError
from nearfar_lab.evaluate import evaluate_pairs
from nearfar_lab.ordered import OrderedSet, ordered_view, pair_weights
from nearfar_lab.predictors import Ramp

if TYPE_CHECKING:
    from pathlib import Path

DOWN = [0.5, 0.9, 0.5, 0.1]
UP = [0.5, 0.1, 0.5, 0.9]


def _photo(*pairs: list[float]) -> OrderedPhoto:
    return OrderedPhoto("made", np.zeros((40, 60, 3), np.uint8), np.array(pairs, np.float32))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two folders of two photos each, one of them kept back."""
    for folder in ("photos_various", "photos_scenes"):
        (tmp_path / folder).mkdir()
        for name in ("0002.jpg", "0003.jpg"):
            cv2.imwrite(str(tmp_path / folder / name), np.full((30, 40, 3), 90, np.uint8))
        rows = {name: [[0.5, 0.9, 1], [0.5, 0.5, 2], [0.1, 0.5, 2]] for name in ("0002.jpg", "0003.jpg")}
        (tmp_path / folder / "order.json").write_text(json.dumps(rows))
    return tmp_path


def test_points_of_one_rank_are_not_compared() -> None:
    """Of three points with two ranks, two pairs; the nearer stands first."""
    pairs = pairs_of([[0.2, 0.3, 2], [0.5, 0.5, 1], [0.9, 0.1, 2]])
    np.testing.assert_allclose(pairs, [[0.5, 0.5, 0.2, 0.3], [0.5, 0.5, 0.9, 0.1]])


def test_photos_whose_number_ends_in_three_validate(root: Path) -> None:
    """The two halves of a folder have no photo in common; the joined set validates on both folders."""
    assert [item.name for item in order_set("photos_various").items(root)] == ["0002.jpg"]
    assert [item.name for item in order_set("photos_various_validation").items(root)] == ["0003.jpg"]
    assert len(order_set("order_photos").items(root)) == 2


def test_more_points_join_those_of_photos_to_learn_from(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second ranking adds its own pairs, none across the two, and none to photos kept back."""
    more = {"photos_scenes": {name: [[0.2, 0.1, 1], [0.2, 0.9, 2]] for name in ("0002.jpg", "0003.jpg")}}
    monkeypatch.setattr("nearfar_lab.datasets.order_photos.more_points", lambda: more)
    (item,) = order_set("photos_scenes").items(root)
    assert item.read().pairs.tolist()[2:] == [pytest.approx([0.2, 0.1, 0.2, 0.9])]
    (kept,) = order_set("photos_scenes_validation").items(root)
    assert len(kept.read().pairs) == 2


def test_more_points_are_within_photos_and_none_kept_back() -> None:
    """Every point of the file is a fraction with a rank, one pair a photo at least; no photo validates."""
    for photos in more_points().values():
        for name, points in photos.items():
            assert not name.split(".")[0].endswith("3"), name
            assert len(pairs_of(points)), name
            assert all(0 <= x <= 1 and 0 <= y <= 1 and rank == int(rank) >= 1 for x, y, rank in points), name


def test_photos_kept_back_are_never_trained_on(root: Path) -> None:
    """A recipe that asks for them is refused."""
    for name in ("order_photos_validation", "photos_scenes_validation", "photos_demo"):
        if name in order_sets():
            with pytest.raises(HeldOutError, match="kept back"):
                OrderedSet({name: 1.0}, root)


def test_a_photo_without_pairs_is_refused() -> None:
    """It could teach nothing."""
    with pytest.raises(ParameterError, match="at least one"):
        OrderedPhoto("made", np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.float32))


def test_a_ramp_is_right_where_the_lower_is_nearer() -> None:
    """Two pairs of three, and none whose nearer point stands higher."""
    ramp = np.repeat(np.arange(8.0)[:, None], 6, axis=1)
    counts = count_pairs(ramp, np.array([DOWN, DOWN, UP], np.float32))
    assert counts == PairCounts(3, 2.0, 1, 0.0)
    assert counts.share == pytest.approx(2 / 3)
    assert counts.share_higher == 0


def test_equal_values_are_half_right() -> None:
    """A flat map says nothing."""
    assert count_pairs(np.zeros((4, 4)), np.array([DOWN], np.float32)).share == 0.5


def test_values_are_read_between_pixels() -> None:
    """A point a third of the way from one pixel centre to the next has a third of the step."""
    row = np.array([[0.0, 1.0, 0.3, 0.0]])
    x = (0.5 + 1 / 3) / 4
    assert count_pairs(row, np.array([[x, 0.5, 2.5 / 4, 0.5]], np.float32)).right == 1  # .333 against .300


def test_shares_are_over_all_pairs(tmp_path: Path) -> None:
    """A photo with three pairs counts three times as much as one with one."""
    photos = (_photo(DOWN, DOWN, DOWN), _photo(UP))
    made = OrderSet("made", "here", lambda _: [OrderItem(str(p), lambda p=p: p) for p in photos])
    means = evaluate_pairs(Ramp(), made, tmp_path).means()
    assert means == {"pairs": 0.75, "pairs_higher": 0.0}


def test_points_stay_on_what_they_mark() -> None:
    """Whatever is cut and mirrored, the nearer point lies on the bright half and the farther on the dark."""
    rgb = np.zeros((60, 90, 3), np.uint8)
    rgb[:, 45:] = 200
    pairs = np.array([[0.8, y, 0.2, y] for y in (0.2, 0.4, 0.6, 0.8)], np.float32)
    photo = OrderedPhoto("made", rgb, pairs)
    rng = np.random.default_rng(0)
    for _ in range(30):
        view = ordered_view(rng, photo, (32, 48), Strength())
        near_y, near_x, far_y, far_x = view.pairs.T
        assert (view.clean[near_y, near_x, 0] > view.clean[far_y, far_x, 0]).all()
        assert view.weight.sum() == pytest.approx(1)


def test_a_pair_that_the_ramp_gets_wrong_counts_more() -> None:
    """Two and a half times as much."""
    weight = pair_weights(np.array([DOWN, UP], np.float32))
    assert weight[1] / weight[0] == pytest.approx(2.5)


def test_the_order_loss_falls_as_the_gap_grows() -> None:
    """Half a step apart costs log 2 less than nothing does; the right order costs less than the wrong one."""
    torch = pytest.importorskip("torch")
    from nearfar_lab.losses.order import order_loss

    nearness = torch.linspace(0, 4, 32).view(1, 32, 1).expand(1, 32, 32)
    pairs, weight = torch.tensor([[0, 28, 16, 4, 16]]), torch.ones(1)
    right, wrong = (order_loss(sign * nearness, pairs, weight) for sign in (1, -1))
    gap = float(nearness[0, 28, 16] - nearness[0, 4, 16])
    assert float(right) == pytest.approx(np.log1p(np.exp(0.5 - 2 * gap)), rel=1e-3)
    assert float(wrong) == pytest.approx(0.5 + 2 * gap, rel=2e-2)


def test_a_batch_carries_ranked_photos_behind_the_others(root: Path, scenes: Path) -> None:
    """Half as many as pictures with depth; their pairs name them."""
    pytest.importorskip("torch")
    from nearfar_lab.mixture import Mixture, Plan

    plan = Plan({"scenes": 1.0}, ((32, 64, 4, 1.0),), 1, root, scenes, order_shares={"photos_various": 1.0})
    batch = next(iter(Mixture(plan)))
    assert len(batch.image) == 6
    assert len(batch.target) == 4
    assert set(batch.pairs[:, 0].tolist()) == {0, 1}
    assert float(batch.pair_weight.sum()) == pytest.approx(2)
