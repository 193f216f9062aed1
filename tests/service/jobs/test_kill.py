"""A real service, killed again and again in the middle of jobs: nothing accepted is lost or done twice."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest

from command_line import command, environment
from jobbing import files_below
from pictures import draw, encoded
from serving import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURES = 12
PICTURE = encoded(draw(64, 48), "PNG")


@contextlib.contextmanager
def serving(home: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A service in a process of its own, on a free port; its network is quick, so that the store is busy."""
    env = environment(NEARFAR_HOME=str(home), NEARFAR_LOG_LEVEL="error", NEARFAR_ENGINE="fake")
    process = subprocess.Popen(
        command("serve", "--port", "0", *words), stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        with httpx.Client(base_url=found[0], timeout=60) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def hand_in(client: httpx.Client, key: str) -> str:
    """A job of several pictures; its id."""
    files = [("images", (f"{n}.png", PICTURE)) for n in range(PICTURES)]
    answer = client.post("/v1/jobs", files=files, headers={"Idempotency-Key": key})
    assert answer.status_code in {200, 202}, answer.text
    return str(answer.json()["id"])


def count(client: httpx.Client, state: str) -> int:
    """Pictures of all jobs in a state."""
    return sum(job["counts"][state] for job in client.get("/v1/jobs?limit=1000").json()["jobs"])


def back_up(home: Path, target: Path) -> None:
    """As an operator does while the service runs."""
    target.parent.mkdir()
    words = command("jobs", "backup", str(target))
    done = subprocess.run(words, env=environment(NEARFAR_HOME=str(home)), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def wait_for(client: httpx.Client, done: int) -> None:
    """Until so many pictures are done; a minute or two without a further one is a picture that is lost."""
    most, end = -1, 0.0
    while (now := count(client, "done")) < done:
        if now > most:
            most, end = now, time.monotonic() + 120
        assert time.monotonic() < end, f"{now} of {done} pictures are done"
        time.sleep(0.01)


def half_an_upload(client: httpx.Client) -> socket.socket:
    """A job whose body never ends."""
    connection = socket.create_connection((client.base_url.host, client.base_url.port))
    head = "POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/zip\r\n"
    connection.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + b"PK\x03\x04" + bytes(5000))
    return connection


def has_one_result_each(home: Path, ids: list[str]) -> int:
    """Start a service, wait for all pictures of these jobs, and look at them; how many there are."""
    with serving(home) as (_, client):
        wait_for(client, len(ids) * PICTURES)
        assert {job["id"] for job in client.get("/v1/jobs?limit=1000").json()["jobs"]} == set(ids)
        for id in ids:
            archive = zipfile.ZipFile(io.BytesIO(client.get(f"/v1/jobs/{id}/results").content))
            expected = [f"{n + 1:05d}-{n}/heatmap.png" for n in range(PICTURES)]
            assert archive.namelist() == ["manifest.json", *expected]
            assert {archive.read(name)[:4] for name in expected} == {b"\x89PNG"}
        spool = home / "jobs"
        assert not files_below(spool / "staging")
        on_disk = [name for name in files_below(spool / "spool") if "/out/" in name]
        assert len(on_disk) == len(ids) * PICTURES
    return len(on_disk)


@pytest.mark.parametrize("times", [3, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_every_accepted_picture_has_exactly_one_result(tmp_path, times, note_figure) -> None:
    """Killed in the middle of a job and of an upload, each time somewhere else; then left to finish."""
    ids, chance = [], random.Random(21)  # noqa: S311 - moments, no secrets
    for number in range(times):
        with serving(tmp_path) as (process, client), contextlib.closing(half_an_upload(client)):
            ids.append(hand_in(client, f"key-{number}"))
            wait_for(client, min(count(client, "done") + 1 + number % 3, len(ids) * PICTURES))
            time.sleep(0.1 * chance.random())
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    with serving(tmp_path) as (_, client):
        assert hand_in(client, "key-0") == ids[0]
    done = has_one_result_each(tmp_path, ids)
    if times > 3:
        result = f"{done:,} accepted pictures, {done:,} results, one each"
        note_figure("soak", f"kill -9 in the middle of jobs, {times} times", result, "none lost, none twice")


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGTERM to catch")
@pytest.mark.parametrize("times", [1, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_a_backup_of_any_moment_goes_on(tmp_path, times, note_figure) -> None:
    """Of a service that runs, was killed or stopped, with its owners or without: every picture ends once."""
    home, ids, chance = tmp_path / "home", [], random.Random(8)  # noqa: S311 - moments, no secrets
    for number in range(times):
        with serving(home) as (process, client), contextlib.closing(half_an_upload(client)):
            ids.append(hand_in(client, f"key-{number}"))
            time.sleep(0.4 * chance.random())
            if number % 3 == 0:
                back_up(home, tmp_path / f"backup-{number}" / "jobs")
            process.send_signal(signal.SIGTERM if number % 3 == 1 else signal.SIGKILL)
            process.wait(60)
        if number % 3:
            leave = shutil.ignore_patterns("owners") if number % 2 else None
            shutil.copytree(home, tmp_path / f"backup-{number}", ignore=leave)
    done = sum(has_one_result_each(tmp_path / f"backup-{n}", ids[: n + 1]) for n in range(times))
    assert has_one_result_each(home, ids) == times * PICTURES
    if times > 2:
        result = f"{done:,} accepted pictures, {done:,} results, one each"
        note_figure("soak", f"backups of {times} random moments put back", result, "none lost, none twice")


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGTERM to catch")
def test_sigterm_finishes_or_gives_back(tmp_path) -> None:
    """The service ends by itself with code 0 and progress streams open; the next one goes on."""
    with serving(tmp_path) as (process, client):
        id = hand_in(client, "a")
        with client.stream("GET", f"/v1/jobs/{id}/events") as events:
            next(events.iter_lines())
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    with serving(tmp_path) as (_, client):
        wait_for(client, PICTURES)
        pictures = client.get(f"/v1/jobs/{id}").json()["pictures"]
        assert {row["state"] for row in pictures} == {"done"}


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGTERM to catch")
def test_sigterm_while_a_job_arrives(tmp_path) -> None:
    """What was accepted stays, what was arriving leaves nothing, and the service ends with code 0."""
    with serving(tmp_path, "--drain-timeout", "1") as (process, client):
        id = hand_in(client, "a")
        with contextlib.closing(half_an_upload(client)):
            until(lambda: files_below(tmp_path / "jobs" / "staging") != set())
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    with serving(tmp_path) as (_, client):
        wait_for(client, PICTURES)
        assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == [id]
        until(lambda: list((tmp_path / "jobs" / "staging").iterdir()) == [])


@pytest.mark.skipif(os.name != "posix", reason="processes share no port there")
def test_several_processes_share_the_work(tmp_path) -> None:
    """One database, two workers: each picture once."""
    with serving(tmp_path, "--workers", "2") as (_, client):
        ids = [hand_in(client, str(number)) for number in range(2)]
        wait_for(client, 2 * PICTURES)
        for id in ids:
            assert client.get(f"/v1/jobs/{id}").json()["counts"]["done"] == PICTURES
    assert len([n for n in files_below(tmp_path / "jobs" / "spool") if "/out/" in n]) == 2 * PICTURES
