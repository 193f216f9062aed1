"""Jobs through the clients, against a real service."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jobbing import files_below, make_zip
from nearfar import errors as tree
from nearfar.client import (
    AsyncClient,
    Bounds,
    Client,
    Job,
    JobTimeoutError,
    KeyReusedError,
    NoSuchJobError,
    ServiceError,
    UnfinishedError,
)
from nearfar.client.job_files import Results
from pictures import draw, encoded
from serving import GatedSession, loader_of, running
from solids import a_glb

if TYPE_CHECKING:
    from pathlib import Path


DATA = encoded(draw(64, 48))


def test_files_of_options(client, tmp_path) -> None:
    """By their option's name, as paths or bytes."""
    path = tmp_path / "cube.glb"
    path.write_bytes(a_glb())
    for file in (path, a_glb()):
        job = client.jobs.submit([DATA], effects=["occlude"], files={"glb": file})
        ended = client.jobs.wait(job.id, timeout=60)
        assert (ended.counts["done"], ended.pipeline["files"]["glb"]["bytes"]) == (1, len(a_glb()))


def test_a_job_from_end_to_end(client, tmp_path) -> None:
    """Handed in, waited for, its results on the disk as the service has them, removed."""
    path = tmp_path / "beach.png"
    path.write_bytes(DATA)
    photos = [path, b"no picture", draw(40, 30), io.BytesIO(make_zip({"a/in zip.png": DATA}))]
    told: list[Job] = []
    job = client.jobs.submit(photos, model="embedded", effects=[("fog", {"density": 2})], exports=["npy"])
    assert job.counts["total"] == 4
    ended = client.jobs.wait(job.id, told.append, timeout=60)
    assert (ended.state, ended.is_ended, told[-1].counts) == ("done", True, ended.counts)
    assert client.jobs.get(job.id).row["pictures"] == ended.row["pictures"]
    assert [one.state for one in ended.pictures] == ["done", "failed", "done", "done"]
    assert isinstance(ended.pictures[1].error, tree.UnsupportedFormatError)
    assert [file.name for file in ended.pictures[0].files] == ["fog.png", "npy.npy"]
    assert ended.pipeline["effects"] == [{"name": "fog", "options": {"density": "2"}}]
    assert job.created_at <= ended.ended_at < ended.expires_at

    files = client.jobs.results(job.id, tmp_path / "out")
    names = {f"{folder}/{file}" for folder in ("00001-beach", "00003-photo3", "00004-in-zip") for file in
             ("fog.png", "npy.npy")}  # fmt: skip
    assert {file.relative_to(tmp_path / "out").as_posix() for file in files} == {"manifest.json", *names}
    assert files_below(tmp_path / "out") == {"manifest.json", *names}
    assert json.loads(files[0].read_text(encoding="utf-8"))["job"] == job.id
    one = client.jobs.result(job.id, 1, "npy.npy")
    assert (tmp_path / "out" / "00001-beach" / "npy.npy").read_bytes() == one
    assert np.array_equal(np.load(io.BytesIO(one)), client.depth(DATA).values)
    assert client.jobs.results(job.id, tmp_path / "out") == files  # over themselves

    assert job.id in {row.id for row in client.jobs.list("done")}
    client.jobs.delete(job.id)
    for ask in (client.jobs.get, client.jobs.wait, client.jobs.cancel, client.jobs.delete):
        with pytest.raises(NoSuchJobError):
            ask(job.id)


def test_what_is_not_done_yet(tmp_path) -> None:
    """Waiting ends with its time, results are refused and leave nothing; cancelled, the job has ended."""
    session = GatedSession()
    with running(loader_of(session)) as service, Client(service.url) as client:
        try:
            job = client.jobs.submit([DATA, DATA])
            with pytest.raises(JobTimeoutError, match="goes on") as caught:
                client.jobs.wait(job.id, timeout=0.2)
            assert isinstance(caught.value, TimeoutError)
            with pytest.raises(UnfinishedError):
                client.jobs.results(job.id, tmp_path)
            assert files_below(tmp_path) == set()
            assert list(tmp_path.iterdir()) == []
            assert client.jobs.cancel(job.id).state == "cancelled"
            assert client.jobs.wait(job.id).counts["done"] == 0
        finally:
            session.open.set()


def test_a_key_brings_the_same_job(client) -> None:
    """With a key the same job, and an error for another; without one each time a new job."""
    job = client.jobs.submit([DATA], idempotency_key="one")
    assert client.jobs.submit([DATA], idempotency_key="one").id == job.id
    with pytest.raises(KeyReusedError):
        client.jobs.submit([DATA, DATA], idempotency_key="one")
    assert client.jobs.submit([DATA]).id != job.id
    assert {job.id} < {row.id for row in client.jobs.list()}


def test_files_are_sent_whole_a_second_time(tmp_path) -> None:
    """Refused for now once they were sent, files are sent again from their beginning."""
    path = tmp_path / "beach.png"
    path.write_bytes(DATA)
    with running(rate_per_minute=60, rate_burst=1) as service, Client(service.url) as client:
        client.models()
        job = client.jobs.submit([path, path])
        ended = client.jobs.wait(job.id, timeout=60)
    assert [picture.state for picture in ended.pictures] == ["done", "done"]


def test_pages_are_one_answer(client, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages a service makes of them, all pictures and jobs come."""
    monkeypatch.setattr("nearfar.client.jobs._ROWS", 1)
    job = client.jobs.submit([DATA] * 3)
    assert [one.number for one in client.jobs.get(job.id).pictures] == [1, 2, 3]
    other = client.jobs.submit([DATA])
    assert [row.id for row in client.jobs.list()][:2] == [other.id, job.id]


@pytest.mark.parametrize(
    ("kind", "ask"),
    [
        (tree.EmptyInputError, lambda jobs: jobs.submit([])),
        (tree.EmptyInputError, lambda jobs: jobs.submit([b""])),
        (tree.SourceError, lambda jobs: jobs.submit(["/nowhere/photo.jpg"])),
        (tree.UnknownNameError, lambda jobs: jobs.submit([DATA], effects=["nothing"])),
        (tree.ParameterError, lambda jobs: jobs.submit([DATA], colour="red")),
        (tree.ParameterError, lambda jobs: jobs.submit([DATA], idempotency_key="")),
        (tree.ParameterError, lambda jobs: jobs.get("../depth")),
    ],
)
def test_refusals_are_the_errors_of_the_library(client, kind, ask) -> None:
    """Who knows the library knows what to catch."""
    with pytest.raises(kind):
        ask(client.jobs)


def test_bounds_hold(service, client, tmp_path) -> None:
    """Neither photos nor results of more bytes go through, and nothing is left of them."""
    with (
        Client(service.url, bounds=Bounds(job_bytes=len(DATA) + 1, results_bytes=100)) as bound,
        pytest.raises(tree.TooLargeError),
    ):
        bound.jobs.submit([DATA, DATA])
    job = client.jobs.wait(client.jobs.submit([DATA]).id, timeout=60)
    with (
        Client(service.url, bounds=Bounds(results_bytes=100)) as bound,
        pytest.raises(ServiceError, match="results_bytes"),
    ):
        bound.jobs.results(job.id, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../up.txt", "/root.txt", "00001-a/../../up.txt", "a\\b", ".hidden", "00001-a/b/c", "C:x"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name) -> None:
    """A ZIP is not trusted, whoever sent it: nothing of it is written."""
    part = tmp_path / "out" / "part"
    part.mkdir(parents=True)
    results = Results(part, Bounds())
    results.write(make_zip({"manifest.json": b"{}", name: b"x"}, zipfile.ZIP_STORED))
    with pytest.raises(ServiceError):
        results.unpack()
    assert files_below(tmp_path) == {"out/part/results.zip"}


def test_half_a_zip_writes_nothing(tmp_path: Path) -> None:
    """What was damaged on its way is an error."""
    data = make_zip({"manifest.json": b"{}", "00001-a/b.txt": b"text" * 9}, zipfile.ZIP_STORED)
    for broken in (data[:-30], data.replace(b"texttext", b"tExttext")):
        part = tmp_path / f"{len(broken)}" / "part"
        part.mkdir(parents=True)
        results = Results(part, Bounds())
        results.write(broken)
        with pytest.raises(ServiceError, match="whole ZIP"):
            results.unpack()
        assert not (part.parent / "manifest.json").exists()


def test_the_asynchronous_client_does_the_same(service, tmp_path) -> None:
    """Every method, over a real connection."""
    path = tmp_path / "beach.png"
    path.write_bytes(DATA)

    async def ask() -> tuple:
        async with AsyncClient(service.url) as client:
            told: list[Job] = []
            job = await client.jobs.submit([path, DATA], exports=["pfm"], idempotency_key="async")
            ended = await client.jobs.wait(job.id, told.append, timeout=60)
            files = await client.jobs.results(job.id, tmp_path / "out")
            one = await client.jobs.result(job.id, 2)
            rows = await client.jobs.list()
            same = await client.jobs.cancel(job.id)
            assert (await client.jobs.get(job.id)).row["pictures"] == ended.row["pictures"]
            await client.jobs.delete(job.id)
            with pytest.raises(NoSuchJobError):
                await client.jobs.get(job.id)
        return job, ended, told, files, one, rows, same

    job, ended, told, files, one, rows, same = asyncio.run(ask())
    assert [picture.state for picture in ended.pictures] == ["done", "done"]
    assert told[-1].counts == same.counts == ended.counts
    assert job.id in {row.id for row in rows}
    assert [file.name for file in files] == ["manifest.json", "pfm.pfm", "pfm.pfm"]
    assert files[2].read_bytes() == one
