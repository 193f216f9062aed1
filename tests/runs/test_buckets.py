"""Buckets: a real S3 server on this machine that at times answers 503, and fsspec's own memory."""

from __future__ import annotations

import random
import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from nearfar.errors import MissingExtraError, OutputError, ParameterError, SourceError
from nearfar.runs import Run, RunOptions, Source, buckets
from nearfar.runs.manifest import Manifest
from nearfar.runs.status import status_of
from nearfar.runs.where import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

fsspec = pytest.importorskip("fsspec")


class Throttled:
    """An application that refuses some requests: what a storage says that has too much to do."""

    BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>"

    def __init__(self, inner: Any) -> None:
        self.inner, self.dice = inner, random.Random(3)  # noqa: S311 - the same each time
        self.share, self.refused = 0.0, 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        """As of WSGI."""
        if self.dice.random() < self.share:
            self.refused += 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [self.BUSY]
        return self.inner(environ, start)


@pytest.fixture(scope="module")
def storage() -> Iterator[tuple[Throttled, str]]:
    """A server, and its address."""
    pytest.importorskip("s3fs")
    server_of = pytest.importorskip("moto.moto_server.werkzeug_app")
    from werkzeug.serving import make_server

    application = Throttled(server_of.DomainDispatcherApplication(server_of.create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield application, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bucket(storage, monkeypatch) -> Iterator[str]:
    """An empty bucket of that server, which is patient."""
    application, address = storage
    for name, value in (
        ("AWS_ENDPOINT_URL", address),
        ("AWS_ACCESS_KEY_ID", "tests"),
        ("AWS_SECRET_ACCESS_KEY", "tests"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(buckets, "_FIRST_WAIT_S", 0.01)
    buckets._opened.cache_clear()
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    name = f"photos-{uuid.uuid4().hex[:8]}"
    s3fs.S3FileSystem().mkdir(name)
    yield f"s3://{name}"
    application.share = 0.0
    buckets._opened.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def memory() -> str:
    """A prefix in this process's memory."""
    return f"memory://{uuid.uuid4().hex}"


def sent(folder, url: str) -> None:
    """Send the files of a folder."""
    place = place_of(url)
    for path in folder.rglob("*"):
        if path.is_file():
            place.write(path.relative_to(folder).as_posix(), path.read_bytes())


def test_a_busy_storage_loses_nothing(photos, pipeline, bucket, storage) -> None:
    """Of every tenth request refused: each photo has its result, and the same run again has nothing to do."""
    storage[0].share = 0.1
    sent(photos, f"{bucket}/in")
    run = Run(Source(f"{bucket}/in"), f"{bucket}/out", pipeline)
    report = run.go()
    assert storage[0].refused > 0
    assert (report.done, report.failed) == (8, 1)
    rows = list(Manifest(place_of(f"{bucket}/out")).latest())
    assert len(rows) == 9
    results = {result.path for row in rows for result in row.results}
    there = {entry.name for entry in place_of(f"{bucket}/out").entries() if entry.name.endswith(".npy")}
    assert results == there
    assert run.go().done_now == 0
    assert status_of(f"{bucket}/out").done == 8


def test_shards_in_a_bucket(photos, pipeline, bucket) -> None:
    """Verified, and made again where one is gone."""
    options = RunOptions(into="webdataset", shard=3)
    Run(Source(str(photos)), bucket, pipeline, options).go()
    place_of(bucket).remove("shard-000001.tar")
    again = RunOptions(into="webdataset", shard=3, verify=True)
    assert Run(Source(str(photos)), bucket, pipeline, again).go().damaged == 3


def test_a_bucket_that_is_not_there_is_told(photos, pipeline, bucket) -> None:
    """By its name, and at once."""
    with pytest.raises(OutputError, match="nowhere"):
        Run(Source(str(photos)), "s3://nowhere-at-all/out", pipeline).go()


def test_rows_in_a_bucket_come_in_parts(memory, monkeypatch) -> None:
    """Objects cannot be appended to: a part holds some rows, and what was not written is done again."""
    monkeypatch.setattr("nearfar.runs.manifest._PART_ROWS", 2)
    from nearfar.runs.rows import Row

    manifest = Manifest(place_of(memory))
    journal = manifest.journal()
    for number in range(5):
        journal.add([Row(str(number))])
    assert [row.source for row in manifest.latest()] == ["0", "1", "2", "3"]
    journal.close()
    assert len(list(manifest.latest())) == 5


def test_a_tar_in_a_bucket_is_read_in_parts(photos, memory) -> None:
    """Each photo by its place in it."""
    import io
    import tarfile

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(photos, ".")
    place_of(memory).write("a.tar", data.getvalue())
    found = {item.name.removeprefix("./"): item.read() for item in Source(f"{memory}/a.tar")}
    assert found["sub/001.png"] == (photos / "sub/001.png").read_bytes()
    assert len(found) == 9


def test_a_pattern_in_a_bucket(photos, memory) -> None:
    """As in a folder."""
    sent(photos, memory)
    assert min(item.name for item in Source(f"{memory}/sub/*.png")) == "001.png"
    with pytest.raises(SourceError, match="Nothing matches"):
        list(Source(f"{memory}/*.gif"))


def test_addresses_that_nothing_reads_are_told() -> None:
    """Of no such kind, or of a library that is not installed."""
    with pytest.raises((ParameterError, MissingExtraError), match="nonsense"):
        place_of("nonsense://a/b")


def test_what_is_not_there_is_not_asked_for_again(memory, monkeypatch) -> None:
    """A file that is absent is no storage that is busy."""
    monkeypatch.setattr("nearfar.runs.buckets.time.sleep", lambda _: pytest.fail("waited"))
    with pytest.raises(SourceError, match="absent"):
        place_of(memory).read("absent.png")
    assert place_of(memory).entry("absent.png") is None
