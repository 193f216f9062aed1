"""Shards and the batches drawn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.errors import HeldOutError  # noqa: E402
from nearfar_lab.mixture import LoadedSet, Mixture, Plan  # noqa: E402
from nearfar_lab.shards import VALIDATION_PER_SHARD, find_shards  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path


def _plan(scenes: Path) -> Plan:
    return Plan({"scenes": 1.0}, ((32, 64, 4, 1.0),), 3, scenes, scenes)


def test_an_unfinished_shard_is_not_seen(scenes: Path) -> None:
    """Without its JSON a shard is still being written."""
    np.save(scenes / "second.rgb.npy", np.zeros((2, 4, 4, 3), np.uint8))
    assert [shard.path.name for shard in find_shards(scenes)] == ["first"]


def test_a_missing_folder_has_no_shards(tmp_path: Path) -> None:
    """Training may begin before any scene is rendered."""
    assert find_shards(tmp_path / "none") == []


def test_a_batch_has_what_its_plan_says(scenes: Path) -> None:
    """Sizes, types, and a target of median about 0."""
    batch = next(iter(Mixture(_plan(scenes))))
    assert batch.image.shape == (4, 32, 64, 3)
    assert batch.image.dtype == torch.uint8
    assert batch.target.shape == (4, 32, 64)
    assert batch.has_edges.all()
    assert batch.target.nanmedian().abs() < 1


def test_the_same_plan_gives_the_same_batches(scenes: Path) -> None:
    """Nothing but the seed decides."""
    first, second = (next(iter(Mixture(_plan(scenes)))) for _ in range(2))
    assert torch.equal(first.image, second.image)
    assert torch.equal(first.target.nan_to_num(), second.target.nan_to_num())


def test_the_validation_pictures_of_a_shard_are_never_drawn(scenes: Path) -> None:
    """The first pictures of a shard are marked with a level that no batch may show."""
    inverse = np.load(scenes / "first.inv.npy")
    inverse[:VALIDATION_PER_SHARD] = np.nan
    np.save(scenes / "first.inv.npy", inverse)
    batches = iter(Mixture(_plan(scenes)))
    for _ in range(5):
        assert next(batches).target.isfinite().any(dim=(1, 2)).all()


def test_held_out_sets_are_refused(data: Path) -> None:
    """Nobody trains on the test frames by a slip."""
    with pytest.raises(HeldOutError, match="held out"):
        LoadedSet("nyu_v2", data)
