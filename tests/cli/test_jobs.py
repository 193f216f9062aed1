"""``nearfar jobs``: the same store as the service's."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from jobbing import make_zip, open_bench
from pictures import draw, encoded
from serving import running, until
from solids import a_glb

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of the test's own."""
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_file_of_an_option(run: Run, home: Path, tmp_path: Path) -> None:
    """Goes in beside the photos by its option's name; one that nothing takes is refused."""
    (tmp_path / "a.png").write_bytes(encoded(draw(32, 24)))
    (tmp_path / "cube.glb").write_bytes(a_glb())
    words = ("jobs", "submit", "a.png", "--files", "glb=cube.glb", "--pipeline")
    code, _, err = run(*words, '{"effects": ["fog"]}')
    assert (code, "--files has 'glb=cube.glb'" in err) == (2, True)
    code, out, _ = run(*words, '{"effects": ["occlude"]}')
    assert code == 0
    job = json.loads(run("jobs", "show", out.strip(), "--json")[1])
    assert job["pipeline"]["files"] == {"glb": {"name": "cube.glb", "bytes": len(a_glb())}}


def test_from_photos_to_results(run: Run, home: Path, tmp_path: Path) -> None:
    """Handed in from the shell, worked on by a service, taken from the shell."""
    (tmp_path / "a.png").write_bytes(encoded(draw(32, 24)))
    (tmp_path / "b.zip").write_bytes(make_zip({"b.png": encoded(draw(32, 24)), "c.txt": b"text"}))
    (tmp_path / "plan.json").write_text('{"exports": ["npy"]}')
    code, out, _ = run("jobs", "submit", "a.png", "b.zip", "--pipeline", "plan.json")
    id = out.strip()
    assert (code, len(id)) == (0, 24)
    assert "queued" in run("jobs")[1]
    assert run("jobs", "results", id)[0] == 1  # not done yet
    with running(home=str(home)) as service:
        until(lambda: service.client.get(f"/v1/jobs/{id}").json()["state"] == "done", 30)
    job = json.loads(run("jobs", "show", id[:8], "--json")[1])
    assert [row["state"] for row in job["pictures"]] == ["done", "done", "failed"]
    shown = run("jobs", "show", id)[1]
    assert "npy.npy" in shown
    assert "not a picture" in shown
    assert run("jobs", "results", id, "-o", "all.zip")[:2] == (0, "all.zip\n")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["manifest.json", "00001-a/npy.npy", "00002-b/npy.npy"]
    assert run("jobs", "results", id, "-o", "all.zip")[0] == 1
    assert run("jobs", "results", id, "-o", "all.zip", "--overwrite")[0] == 0


def test_backup(run: Run, home: Path, tmp_path: Path) -> None:
    """A folder that another home can have as its jobs."""
    bench = open_bench(home / "jobs")
    id = bench.submit(b"1", b"2").id
    code, out, _ = run("jobs", "backup", "copy")
    assert (code, out) == (0, "copy\n")
    assert run("jobs", "backup", "copy")[0] == 1
    copy = open_bench(tmp_path / "copy")
    assert copy.store.job(id).counts["queued"] == 2
    for one in (bench, copy):
        one.die()


def test_cancel_and_remove(run: Run, home: Path, tmp_path: Path) -> None:
    """What waits is cancelled; then nothing is left."""
    bench = open_bench(home / "jobs")
    id = bench.submit(b"1", b"2").id
    assert json.loads(run("jobs", "cancel", id, "--json")[1])["state"] == "cancelled"
    assert run("jobs", "remove", id)[0] == 0
    assert run("jobs", "list", "--json")[1] == "[]\n"
    bench.store.close()
    bench.owner.close()


def test_without_jobs(run: Run, home: Path) -> None:
    """Looking makes nothing."""
    assert run("jobs") == (0, "", "nearfar: There are no jobs in this home.\n")
    assert run("jobs", "list", "--json")[1] == "[]\n"
    assert run("jobs", "show", "1")[0] == 2
    assert not home.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["submit"],
        ["show"],
        ["list", "1"],
        ["paint", "1"],
        ["show", "0123456789"],
        ["submit", "a.png", "--pipeline", "{"],
        ["submit", "a.png", "--pipeline", "no.json"],
        ["submit", "a.png", "--pipeline", '{"effects": ["no"]}'],
    ],
)
def test_usage(run: Run, home: Path, tmp_path: Path, words: list[str]) -> None:
    """What cannot be meant is refused, and nothing is handed in."""
    (tmp_path / "a.png").write_bytes(encoded(draw(32, 24)))
    bench = open_bench(home / "jobs")
    assert run("jobs", *words)[0] == 2
    assert bench.store.jobs() == []
    bench.store.close()
    bench.owner.close()


def test_files_that_cannot_be_read(run: Run, home: Path, tmp_path: Path) -> None:
    """One absent file, and nothing is handed in."""
    assert run("jobs", "submit", "absent.png")[0] == 1
    assert run("jobs", "submit", str(tmp_path))[0] == 1
    assert run("jobs", "list", "--json")[1] == "[]\n"


def test_a_damaged_database(run: Run, home: Path) -> None:
    """The way out is said, and nothing is deleted."""
    (home / "jobs").mkdir(parents=True)
    (home / "jobs" / "jobs.sqlite").write_bytes(b"damaged" * 1000)
    code, _, errors = run("jobs")
    assert code == 1
    assert "Nothing was deleted" in errors
    assert (home / "jobs" / "jobs.sqlite").read_bytes() == b"damaged" * 1000
