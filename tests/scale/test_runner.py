"""Runs on Ray: the same manifest as on one machine, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nearfar.errors import OutputError, ParameterError
from nearfar.runs import LocalRunner, Pipeline, Run, RunOptions, Source
from nearfar.runs.items import Held, Item
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import Manifest
from nearfar.runs.pipeline import digest_of, setup_of
from nearfar.runs.work import Work
from nearfar.scale.cluster import Share, room
from nearfar.scale.runner import RayOptions, RayRunner, batches
from pictures import draw, encoded
from scale_readers import Deadly, Full, Noted

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.timeout(280),
    pytest.mark.filterwarnings("ignore"),  # Ray's own, about itself
]
SMALL = Pipeline({"size": 128})
SETUP = digest_of(setup_of(SMALL, SMALL.load(1)))


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Twelve photos, and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(12):
        (folder / f"{number:02d}.jpg").write_bytes(encoded(draw(96 + number, 64), "JPEG"))
    (folder / "bad.jpg").write_bytes(b"\xff\xd8 no photo")
    return folder


def rows(target: Path) -> dict[str, object]:
    """The manifest, without the seconds, which differ."""
    found = list(Manifest(LocalPlace(str(target))).latest())
    assert len({row.source for row in found}) == len(found)
    return {row.source: replace(row, seconds=0.0) for row in found}


def files(target: Path) -> dict[str, bytes]:
    """The results."""
    found = (path for path in target.rglob("*") if path.is_file() and "nearfar-run" not in path.parts)
    return {str(path.relative_to(target)): path.read_bytes() for path in found}


@pytest.mark.parametrize("into", ["tree", "webdataset"])
def test_the_manifest_is_the_local_runners_to_the_letter(
    ray, photos: Path, tmp_path: Path, into: str
) -> None:
    """Rows, files and what failed are the same."""
    for name, runner in (("local", LocalRunner()), ("ray", RayRunner(RayOptions(batch=3)))):
        found = Run(Source(str(photos)), str(tmp_path / name), SMALL, RunOptions(into=into)).go(runner)
        assert (found.done, found.failed) == (12, 1)
    here, there = rows(tmp_path / "local"), rows(tmp_path / "ray")
    if into == "tree":
        assert here == there
        assert files(tmp_path / "local") == files(tmp_path / "ray")
    else:  # the order in shards is that of arrival
        assert {name: (row.key, row.error) for name, row in here.items()} == {
            name: (row.key, row.error) for name, row in there.items()
        }
        assert {result.sha256 for row in here.values() for result in row.results} == {
            result.sha256 for row in there.values() for result in row.results
        }


def test_a_photo_that_ends_its_process_is_a_failed_row(ray) -> None:
    """The others are done, each once."""
    good = encoded(draw(64, 48), "JPEG")
    items = [Item(f"{k}.jpg", "", -1, Deadly() if k == 3 else Held(good)) for k in range(7)]
    found = list(RayRunner(RayOptions(batch=2)).run(Work(SMALL, SETUP), items))
    assert sorted(done.row.source for done in found) == [item.name for item in items]
    failed = [done.row for done in found if done.row.is_failed]
    assert [row.source for row in failed] == ["3.jpg"]
    assert "ended the process" in failed[0].error


def test_workers_that_are_killed_lose_nothing(ray, tmp_path: Path, capsys) -> None:
    """Actors are killed while they work: each photo has one row, and is done; nothing is printed."""
    good = encoded(draw(64, 48), "JPEG")
    items = [Item(f"{k}.jpg", "", -1, Noted(good, str(tmp_path), str(k))) for k in range(60)]
    killed: set[int] = set()

    def kill() -> None:
        until = time.monotonic() + 120
        while len(killed) < 2 and time.monotonic() < until:
            for path in tmp_path.iterdir():
                pid = int(path.suffix[1:])
                if pid not in killed and len(killed) < 2:
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = list(RayRunner(RayOptions(batch=5)).run(Work(SMALL, SETUP), items))
    killer.join()
    assert killed
    assert sorted(done.row.source for done in found) == sorted(item.name for item in items)
    assert not [done.row.error for done in found if done.row.is_failed]
    assert capsys.readouterr().out == ""


def test_a_full_disk_ends_the_run_by_its_own_name(ray) -> None:
    """The error of a worker is that of the run."""
    items = [Item("a.jpg", "", -1, Held(encoded(draw(64, 48), "JPEG")))]
    with pytest.raises(OutputError, match="no space left"):
        list(RayRunner().run(Work(SMALL, SETUP, Full()), items))


def test_actors_without_room_are_refused_before_the_start(ray) -> None:
    """Ray would wait for ever; the message says what there is and what to ask for."""
    total = ray.cluster_resources()["CPU"]
    assert room(ray, Share(cpus=total)) == (1, 1, 1)
    assert room(ray, Share(cpus=0.5, most=3)) == (1, 3, 3)
    with pytest.raises(ParameterError, match="would wait for ever"):
        room(ray, Share(cpus=total + 1))
    assert room(ray, Share(cpus=0.1, gpus=0.25)) == (1, 4, 4)
    with pytest.raises(ParameterError, match="2 GPU"):
        room(ray, Share(gpus=2))


def test_actors_that_take_every_processor_get_work(ray) -> None:
    """Nothing else of the run waits for one."""
    total = int(ray.cluster_resources()["CPU"])
    items = [Item(f"{k}.jpg", "", -1, Held(encoded(draw(64, 48), "JPEG"))) for k in range(4 * total)]
    options = RayOptions(share=Share(least=total), batch=2)
    found = list(RayRunner(options).run(Work(SMALL, SETUP), items))
    assert sorted(done.row.source for done in found) == sorted(item.name for item in items)


def test_actors_may_share_a_card(ray) -> None:
    """Parts of a processor and of a card, which is there in name alone."""
    items = [Item(f"{k}.jpg", "", -1, Held(encoded(draw(64, 48), "JPEG"))) for k in range(6)]
    options = RayOptions(share=Share(cpus=0.5, gpus=0.5, least=2), batch=1)
    found = list(RayRunner(options).run(Work(SMALL, SETUP), items))
    assert sorted(done.row.source for done in found) == sorted(item.name for item in items)


def test_batches_are_of_so_many_photos_and_so_many_bytes() -> None:
    """Of known sizes; one that is larger than a batch goes alone."""
    sizes = [10, 10, 10, 40 * 2**20, 40 * 2**20, 100 * 2**20, -1, 10]
    items = {k: Item(f"{k}.jpg", "", size, Held(b"")) for k, size in enumerate(sizes)}
    assert [[number for number, _ in rows] for rows in batches(items, 2)] == [
        [0, 1],
        [2, 3],
        [4],
        [5],
        [6, 7],
    ]


def test_a_batch_without_photos_is_refused() -> None:
    """Before Ray is asked for anything."""
    with pytest.raises(ParameterError):
        RayOptions(batch=0)
