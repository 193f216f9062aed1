"""What one caller may send and have under way, and what happens where files of the store are gone."""

from __future__ import annotations

import io
import json
import shutil
import socket
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving import loader_of, until

HEAD = (
    "POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/zip\r\nContent-Length: 100000\r\n\r\n"
)


@pytest.fixture
def held(start, gate):
    """A service whose network waits for the gate, once it is ready."""
    service = start(loader=loader_of(gate), jobs_per_caller=2, job_uploads=2)
    gate.open.set()
    until(lambda: service.client.get("/readyz").status_code == 200)
    gate.open.clear()
    yield service
    gate.open.set()


def half_an_upload(service) -> socket.socket:
    """A job whose body never ends."""
    url = service.client.base_url
    connection = socket.create_connection((url.host, url.port))
    connection.sendall(HEAD.encode() + b"PK\x03\x04" + bytes(5000))
    return connection


def test_one_caller_sends_so_many_jobs_at_once(held, send, jpeg) -> None:
    """One more is 429 at once and leaves nothing; when one of them goes there is a place again."""
    staging = held.app.state.service.jobs.open().store.spool.staging
    open_ones = [half_an_upload(held) for _ in range(2)]
    until(lambda: len(list(staging.iterdir())) == 2)
    answer = send(held, jpeg)
    assert (answer.status_code, answer.json()["type"]) == (429, "/docs#problem-crowding")
    assert "2 jobs of this caller are arriving" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert len(list(staging.iterdir())) == 2
    open_ones[0].close()
    until(lambda: len(list(staging.iterdir())) == 1)
    assert send(held, jpeg).status_code == 202
    open_ones[1].close()


def test_one_caller_has_so_many_jobs_under_way(held, send, jpeg) -> None:
    """One more is 429 before its body is read, and the same key is answered as ever."""
    first = send(held, jpeg, key="k").json()["id"]
    send(held, jpeg)
    answer = send(held, jpeg)
    assert (answer.status_code, answer.json()["type"]) == (429, "/docs#problem-too-many-jobs")
    assert int(answer.headers["Retry-After"]) >= 1
    assert send(held, jpeg, key="k").json()["id"] == first
    assert held.client.post(f"/v1/jobs/{first}/cancel").status_code == 200
    assert send(held, jpeg).status_code == 202


def test_many_at_once_are_never_one_too_many(held, send, jpeg) -> None:
    """The bound is looked at where the job is accepted, too."""
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda _: send(held, jpeg).status_code, range(8)))
    assert statuses.count(202) == 2
    assert set(statuses) == {202, 429}


@pytest.mark.parametrize("damage", ["gone", "folder gone", "cut", "changed"])
def test_a_picture_whose_file_is_gone_or_damaged_fails_once(held, gate, send, finished, jpeg, damage) -> None:
    """One clear problem for it; the jobs behind it are done."""
    id = send(held, jpeg).json()["id"]
    held.app.state.service.jobs.open()
    other = send(held, jpeg, jpeg).json()["id"]
    spool = held.app.state.service.jobs.open().store.spool
    until(lambda: gate.entered == 2)  # the first job's picture is in the network already
    pack = spool.folder(other) / "pack"
    if damage == "gone":
        pack.unlink()
    elif damage == "folder gone":
        shutil.rmtree(spool.folder(other))
    elif damage == "cut":
        pack.write_bytes(pack.read_bytes()[:100])
    else:
        pack.write_bytes(bytes(len(pack.read_bytes())))
    gate.open.set()
    job = finished(held, other)
    slug = "picture-lost" if "gone" in damage else "broken-image"
    assert [row["problem"]["type"] for row in job["pictures"]] == [f"/docs#problem-{slug}"] * 2
    assert all(row["problem"]["hint"] for row in job["pictures"])
    assert finished(held, id)["state"] == "done"
    assert finished(held, send(held, jpeg).json()["id"])["state"] == "done"


def test_a_result_that_is_gone_is_told(start, send, finished, jpeg) -> None:
    """410 for its file; the ZIP has the others, and its manifest says what is missing."""
    service = start()
    id = finished(service, send(service, jpeg, jpeg).json()["id"])["id"]
    spool = service.app.state.service.jobs.open().store.spool
    next(path for path in (spool.folder(id) / "out").iterdir() if path.name.startswith("1.")).joinpath(
        "heatmap.png"
    ).unlink()
    answer = service.client.get(f"/v1/jobs/{id}/results/1")
    assert (answer.status_code, answer.json()["type"]) == (410, "/docs#problem-picture-lost")
    assert service.client.get(f"/v1/jobs/{id}/results/2").status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(service.client.get(f"/v1/jobs/{id}/results").content))
    assert archive.namelist() == ["manifest.json", "00002-photo1/heatmap.png"]
    rows = json.loads(archive.read("manifest.json"))["pictures"]
    assert ["no more in the store" in str(row["problem"]) for row in rows] == [True, False]
