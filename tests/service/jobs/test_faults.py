"""Faults put in on purpose: the disk, the database, the network of a job. The rest of the service works."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jobbing import files_below
from nearfar.engines.fake import FakeSession
from nearfar.errors import EngineError
from nearfar.jobs.claims import MAX_ATTEMPTS, Claims
from nearfar.jobs.spool import Spool
from nearfar.service.jobs.work import make
from nearfar.wall.errors import WallError, WorkerCrashedError, WorkerLostError
from pictures import draw, encoded
from serving import loader_of, running, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Faulty:
    """A network that does something else for black pictures."""

    fault: Callable[[np.ndarray], np.ndarray]
    fixed_size: tuple[int, int] | None = None
    batch_limit: int | None = None
    met: list[int] = field(default_factory=list)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """What the fake network gives, but for black pictures."""
        if batch.max() - batch.min() < 1.5 and batch.mean() < 0:
            self.met.append(1)
            return self.fault(batch)
        return FakeSession().run(batch)


def _raise(_: np.ndarray) -> np.ndarray:
    raise EngineError("The network broke.")


def _crash(_: np.ndarray) -> np.ndarray:
    raise RuntimeError("nobody foresaw this: secret")


def _nan(batch: np.ndarray) -> np.ndarray:
    return np.full_like(batch[:, 0], np.nan)


BLACK = encoded(np.zeros((48, 64, 3), np.uint8))


@pytest.mark.parametrize(
    ("fault", "slug"),
    [(_raise, "engine"), (_crash, "internal"), (_nan, "engine")],
    ids=["raises", "crashes", "nan"],
)
def test_a_network_that_fails_for_one_picture(start, send, finished, jpeg, fault, slug) -> None:
    """That one fails with a problem that tells no secrets; the others are done."""
    session = Faulty(fault)
    service = start(loader=loader_of(session))
    job = finished(service, send(service, jpeg, BLACK, jpeg).json()["id"])
    assert session.met
    assert [row["state"] for row in job["pictures"]] == ["done", "failed", "done"]
    problem = job["pictures"][1]["problem"]
    assert problem["type"].endswith(slug)
    assert "secret" not in str(problem)
    assert job["state"] == "done"


def test_a_network_that_hangs_for_one_picture(start, send, finished, jpeg) -> None:
    """It is given up, tried once more, and fails; the others are done."""
    end = threading.Event()

    def hang(batch: np.ndarray) -> np.ndarray:
        end.wait(60)
        return FakeSession().run(batch)

    session = Faulty(hang)
    service = start(loader=loader_of(session), engine_timeout=1)
    try:
        job = finished(service, send(service, BLACK, jpeg).json()["id"])
        assert [row["state"] for row in job["pictures"]] == ["failed", "done"]
        assert job["pictures"][0]["problem"]["type"].endswith("engine-stuck")
        assert len(session.met) == 2
    finally:
        end.set()


def test_only_failures_make_a_failed_job(service, send, finished) -> None:
    """And its results hold the manifest alone."""
    job = finished(service, send(service, b"1", b"").json()["id"])
    assert (job["state"], job["counts"]["failed"]) == ("failed", 2)
    types = [row["problem"]["type"] for row in job["pictures"]]
    assert types == ["/docs#problem-not-an-image", "/docs#problem-empty-image"]
    assert service.client.get(job["links"]["results"]).status_code == 200


def test_a_damaged_database_stops_jobs_alone(start, send, jpeg, tmp_path) -> None:
    """503 with the way out; nothing is deleted, everything else works."""
    path = tmp_path / "jobs" / "jobs.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"this was a database once " * 400)
    service = start(home=str(tmp_path))
    for answer in (
        send(service, jpeg),
        service.client.get("/v1/jobs"),
        service.client.get("/v1/jobs/1/events"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (503, "/docs#problem-jobs-unavailable")
        assert "Nothing was deleted" in answer.json()["hint"]
        assert int(answer.headers["Retry-After"]) >= 1
    assert path.read_bytes() == b"this was a database once " * 400
    assert service.upload(jpeg).status_code == 200


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        done = False
    if not done:
        pytest.skip("a small disk cannot be mounted here: it takes root and a mount command")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(start, send, finished, jpeg, small_disk) -> None:
    """507, nothing half-accepted, everything else works; with room again jobs are accepted and done."""
    service = start(home=str(small_disk))
    first = finished(service, send(service, jpeg).json()["id"])
    before = files_below(small_disk / "jobs" / "spool")
    filler = small_disk / "filler"
    filler.write_bytes(bytes(_free(small_disk) - 64 * 1024))
    answer = send(service, jpeg + bytes(300_000))
    assert (answer.status_code, answer.json()["type"]) == (507, "/docs#problem-storage-full"), answer.text
    assert files_below(small_disk / "jobs" / "spool") == before
    assert not files_below(small_disk / "jobs" / "staging")
    assert service.upload(jpeg).status_code == 200
    assert [job["id"] for job in service.client.get("/v1/jobs").json()["jobs"]] == [first["id"]]
    filler.unlink()
    assert finished(service, send(service, jpeg).json()["id"])["state"] == "done"


def test_a_disk_that_fills_while_a_job_runs(start, send, finished, gate, small_disk, monkeypatch) -> None:
    """The picture is given back, not lost and not failed; with room it is done."""
    monkeypatch.setattr("nearfar.service.jobs.worker.PAUSE_S", 0.2)
    service = start(home=str(small_disk), loader=loader_of(gate))
    gate.open.set()
    until(lambda: service.client.get("/readyz").status_code == 200)
    gate.open.clear()
    begun = gate.entered
    id = send(service, encoded(draw(200, 200)), pipeline='{"exports": ["npy"]}').json()["id"]
    until(lambda: gate.entered == begun + 1)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(_free(small_disk) - 96 * 1024))
    gate.open.set()
    until(lambda: gate.entered >= begun + 2)  # its result found no room: it was begun again
    job = service.client.get(f"/v1/jobs/{id}").json()
    assert (job["counts"]["failed"], job["state"]) == (0, "running")
    filler.unlink()
    assert finished(service, id)["counts"]["done"] == 1


@pytest.mark.parametrize(
    "case",
    [
        (WorkerLostError("ended"), 3, "done", 4),
        (WorkerLostError("ended"), 99, "failed", MAX_ATTEMPTS),
        (WorkerCrashedError("crashed"), 1, "failed", 1),
        (WallError("no worker"), 3, "done", 4),
        (MemoryError(), 1, "done", 2),
        (MemoryError(), 99, "failed", 2),
    ],
)
def test_a_picture_whose_worker_is_lost_is_tried_again(start, send, finished, monkeypatch, case) -> None:
    """Ended from outside, or none could be started: begun anew; brought down by the picture: failed."""
    error, times, state, calls = case
    monkeypatch.setattr("nearfar.service.jobs.worker.LOOK_S", 0.05)
    met = []

    def lost(*args: object) -> object:
        met.append(1)
        if len(met) <= times:
            raise error
        return make(*args)

    monkeypatch.setattr("nearfar.service.jobs.worker.make", lost)
    service = start()
    job = finished(service, send(service, encoded(draw(64, 48))).json()["id"])
    assert (job["pictures"][0]["state"], len(met)) == (state, calls)


def test_a_worker_that_ends_with_the_service_fails_no_picture(
    send, finished, jpeg, monkeypatch, tmp_path
) -> None:
    """One signal may end both; the picture is given back untried, and the next service does it."""
    with running(home=str(tmp_path)) as service:
        jobs = service.app.state.service.jobs

        def lost(*_: object) -> object:
            jobs.begin_closing()
            raise WorkerLostError("ended")

        monkeypatch.setattr("nearfar.service.jobs.worker.make", lost)
        id = send(service, jpeg).json()["id"]
        until(lambda: jobs.is_closing)
    monkeypatch.undo()
    with running(home=str(tmp_path)) as service:
        job = finished(service, id)
        assert job["counts"]["done"] == 1
        assert service.app.state.service.jobs.open().store.picture(id, 1).attempts == 1


@pytest.mark.parametrize("where", ["write_result", "finish"])
def test_what_nobody_foresaw_keeps_no_picture(start, send, finished, jpeg, monkeypatch, where) -> None:
    """A fault of our own while a result is kept: the picture ends, and is not running for ever."""
    monkeypatch.setattr("nearfar.service.jobs.worker.PAUSE_S", 0.05)
    owner = {"write_result": Spool, "finish": Claims}[where]
    real, met = getattr(owner, where), []

    def broken(*args: object) -> object:
        met.append(1)
        if len(met) == 1:
            raise RuntimeError("nobody foresaw this")
        return real(*args)

    monkeypatch.setattr(owner, where, broken)
    service = start()
    job = finished(service, send(service, jpeg, jpeg).json()["id"])
    assert job["counts"]["done"] + job["counts"]["failed"] == 2
    assert job["counts"]["failed"] == (where == "write_result")


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_a_service_that_is_stopped_on_a_full_disk(gate, send, finished, jpeg, small_disk, times) -> None:
    """Nothing can be written down; the next service takes up what this one was working on."""
    for _ in range(times):
        filler = small_disk / "filler"
        with running(loader_of(gate), home=str(small_disk)) as service:
            gate.open.set()
            until(lambda service=service: service.client.get("/readyz").status_code == 200)
            gate.open.clear()
            begun = gate.entered
            id = send(service, jpeg, jpeg).json()["id"]
            until(lambda begun=begun: gate.entered == begun + 1)
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            gate.open.set()
        assert filler.stat().st_size > 0
        filler.unlink()
        with running(home=str(small_disk)) as service:
            assert finished(service, id)["counts"]["done"] == 2
            assert service.client.delete(f"/v1/jobs/{id}").status_code == 204


def test_a_read_only_spool(send, finished, jpeg, small_disk) -> None:
    """503, everything else works; what was there is there when it can be written to again."""
    home = {"home": str(small_disk)}
    with running(**home) as service:
        id = finished(service, send(service, jpeg).json()["id"])["id"]
    if subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=False).returncode:
        pytest.skip("the disk cannot be made read-only here")
    with running(**home) as service:
        for answer in (send(service, jpeg), service.client.get(f"/v1/jobs/{id}")):
            assert (answer.status_code, answer.json()["type"]) == (503, "/docs#problem-jobs-unavailable")
            assert "NEARFAR_HOME" in answer.json()["hint"]
        assert service.upload(jpeg).status_code == 200
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    with running(**home) as service:
        assert service.client.get(f"/v1/jobs/{id}/results/1").status_code == 200
        assert finished(service, send(service, jpeg).json()["id"])["state"] == "done"


def test_results_expire(start, send, finished, jpeg, monkeypatch) -> None:
    """By the setting, while the service runs."""
    monkeypatch.setattr("nearfar.service.jobs.worker.TICK_S", 0.1)
    monkeypatch.setattr("nearfar.service.jobs.worker.KEEP_S", 0.1)
    service = start(job_ttl=1)
    id = finished(service, send(service, jpeg).json()["id"])["id"]
    until(lambda: service.client.get(f"/v1/jobs/{id}").status_code == 404, 30)
    spool = service.app.state.service.jobs.open().store.spool
    until(lambda: not files_below(spool.jobs))


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
