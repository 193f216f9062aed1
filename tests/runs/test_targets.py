"""Shards of results: whole or not there, each result once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.runs import Run, RunOptions, Source
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import Manifest, _Appended
from runs_shards import samples

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["webdataset", "parquet"])
def into(request) -> str:
    """The layout of a target."""
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


def good(photos: Path) -> list[str]:
    """The photos that can be done."""
    return sorted(item.name for item in Source(str(photos)) if item.name != "bad.jpg")


def test_each_result_is_in_one_shard(photos, pipeline, tmp_path, into) -> None:
    """Shards have as many photos as were asked for, and the manifest says which has which."""
    options = RunOptions(into=into, shard=3)
    report = Run(Source(str(photos)), str(tmp_path / "out"), pipeline, options).go()
    assert (report.done, report.failed) == (8, 1)
    assert len(list((tmp_path / "out").glob("shard-*"))) == 3
    assert samples(tmp_path / "out") == good(photos)
    rows = Manifest(LocalPlace(str(tmp_path / "out"))).latest()
    assert all("::" in row.results[0].path for row in rows if not row.is_failed)


def test_a_run_that_is_killed_between_a_shard_and_its_rows(
    photos, pipeline, tmp_path, into, monkeypatch
) -> None:
    """Leaves no photo twice: the shard that nobody tells of goes, and its photos are done again."""
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline, RunOptions(into=into, shard=3))
    add = _Appended.add

    def killed(self, rows) -> None:
        if len(rows) == 3 and (tmp_path / "out").joinpath("nearfar-run/journal").exists():
            raise KeyboardInterrupt
        add(self, rows)

    monkeypatch.setattr(_Appended, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        run.go()
    monkeypatch.undo()
    assert samples(tmp_path / "out")
    run.go()
    assert samples(tmp_path / "out") == good(photos)


def test_a_damaged_shard_is_made_again_whole(photos, pipeline, tmp_path, into) -> None:
    """The photos that it held are all done again, and are in one shard each."""
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline, RunOptions(into=into, shard=3))
    run.go()
    shard = min((tmp_path / "out").glob("shard-*"))
    shard.write_bytes(shard.read_bytes()[:3000])
    run.options = RunOptions(into=into, shard=3, verify=True)
    assert run.go().damaged == 3
    assert samples(tmp_path / "out") == good(photos)
    assert run.go().damaged == 0
