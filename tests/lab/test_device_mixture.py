"""Batches made where the network is trained: the same promises as those of the processes beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar_lab import device_mixture  # noqa: E402
from nearfar_lab.datasets.frames import Frame  # noqa: E402
from nearfar_lab.device_mixture import DeviceMixture, RealFrames  # noqa: E402
from nearfar_lab.errors import HeldOutError  # noqa: E402
from nearfar_lab.losses.normalise import normalise_targets, normalise_with_zero  # noqa: E402
from nearfar_lab.mixture import Plan  # noqa: E402
from nearfar_lab.pool import Pool, Traits  # noqa: E402
from nearfar_lab.shards import VALIDATION_PER_SHARD  # noqa: E402
from scene_shards import write_shard  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for a few scenes, looked for at every batch."""
    monkeypatch.setattr(device_mixture, "MOST_SCENES", 40)
    monkeypatch.setattr(device_mixture, "CANVAS", 64)
    monkeypatch.setattr(device_mixture, "LOOK_S", 0.0)


def _plan(scenes: Path) -> Plan:
    return Plan({"scenes": 1.0}, ((32, 64, 4, 1.0),), 3, scenes, scenes)


def test_a_batch_has_what_its_plan_says(scenes: Path) -> None:
    """Sizes, types, exact edges, a known zero, and a target of median about 0."""
    mixture = DeviceMixture(_plan(scenes), CPU)
    batch = next(mixture.batches(mixture.plan))
    assert batch.image.shape == batch.clean.shape == (4, 32, 64, 3)
    assert batch.image.dtype == torch.uint8
    assert batch.target.shape == (4, 32, 64)
    assert batch.has_edges.all()
    assert batch.zero.isfinite().all()
    assert batch.real_count == 0
    assert batch.target.nanmedian().abs() < 1


def test_the_same_plan_gives_the_same_batches(scenes: Path) -> None:
    """Nothing but the seed decides, and another seed decides otherwise."""
    mixture = DeviceMixture(_plan(scenes), CPU)
    first, second = (next(mixture.batches(mixture.plan)) for _ in range(2))
    assert torch.equal(first.image, second.image)
    other = next(mixture.batches(replace(mixture.plan, seed=4)))
    assert not torch.equal(first.image, other.image)


def test_validation_pictures_are_left_alone_and_new_shards_are_taken_in(scenes: Path) -> None:
    """What a shard keeps back is never on the device; what is rendered meanwhile soon is."""
    mixture = DeviceMixture(_plan(scenes), CPU)
    assert mixture.scene_count == 12 - VALIDATION_PER_SHARD
    batches = mixture.batches(mixture.plan)
    next(batches)
    write_shard(scenes, "second")
    next(batches)
    assert mixture.scene_count == 2 * (12 - VALIDATION_PER_SHARD)


def test_a_full_pool_takes_no_more() -> None:
    """And says how many it took."""
    pool = Pool(3, 16, CPU)
    rgb, inverse = np.zeros((2, 8, 16, 3), np.uint8), np.ones((2, 8, 16), np.float16)
    assert pool.add_many(rgb, inverse, Traits()) == 2
    assert pool.add_many(rgb, inverse, Traits()) == 1
    assert len(pool) == 3


def test_large_frames_are_made_to_fit() -> None:
    """Colour and depth by the same factor."""
    pool = Pool(1, 32, CPU)
    pool.add([Frame("large", np.zeros((50, 100, 3), np.uint8), np.ones((50, 100), np.float32))], Traits())
    assert pool.sizes[0].tolist() == [16, 32]


def test_sparse_points_fill_their_neighbours() -> None:
    """A lidar point of one pixel becomes one of nine; others stay unknown."""
    inverse = np.full((9, 9), np.nan, np.float32)
    inverse[4, 4] = 0.5
    pool = Pool(1, 9, CPU)
    pool.add([Frame("lidar", np.zeros((9, 9, 3), np.uint8), inverse)], Traits(has_edges=False))
    assert pool.inverse[0].isfinite().sum() == 9


def test_targets_are_the_same_for_many_as_for_one() -> None:
    """Median, spread, ends and zero of each map; an empty map has none."""
    rng = np.random.default_rng(0)
    maps = rng.exponential(0.3, (3, 9, 11)).astype(np.float32)
    maps[0, :4] = np.nan
    maps[2] = np.nan
    target, zero = normalise_targets(torch.from_numpy(maps))
    for index in range(2):
        expected, where = normalise_with_zero(maps[index])
        np.testing.assert_allclose(target[index].numpy(), expected, rtol=2e-3, atol=2e-3)
        assert float(zero[index]) == pytest.approx(where, rel=2e-3)
    assert target[2].isnan().all()
    assert zero[2].isnan()


def test_held_out_sets_are_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(HeldOutError, match="held out"):
        RealFrames({"nyu_v2": 1.0}, tmp_path, CPU)


def test_real_photos_come_first(data: Path, scenes: Path) -> None:
    """So that a teacher labels the first so many; small places count by the root of their frames."""
    plan = replace(_plan(scenes), shares={"people_fall": 0.5, "scenes": 0.5}, data_root=data)
    batch = next(DeviceMixture(plan, CPU).batches(plan))
    assert batch.real_count == 2
    assert len(batch.image) == 4


def test_ranked_photos_stand_behind_the_others(scenes: Path, ranked_photos: Path) -> None:
    """Half as many as pictures with depth; each pair's nearer point lies on the bright half of its view."""
    more = {"data_root": ranked_photos, "order_shares": {"photos_various": 1.0}}
    plan = replace(_plan(scenes), sizes=((32, 64, 8, 1.0),), **more)
    mixture = DeviceMixture(plan, CPU)
    batch = next(mixture.batches(plan))
    assert len(batch.image) == 12
    assert len(batch.target) == 8
    place, near_y, near_x, far_y, far_x = batch.pairs.T
    ranked = batch.clean[8:, :, :, 0]
    assert len(place)
    assert (ranked[place, near_y, near_x] > ranked[place, far_y, far_x]).all()
    assert float(batch.pair_weight.sum()) == pytest.approx(4, abs=1.01)
