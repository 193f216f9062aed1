"""``nearfar run --runner ray``: flags, plans, and what is said where there is no cluster."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from command_line import command, environment
from nearfar.cli import main
from nearfar.runs import plan
from pictures import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.timeout(280),
    pytest.mark.filterwarnings("ignore"),  # Ray's own, about itself
]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight photos, for the fake engine; the folder that commands stand in."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.png").write_bytes(encoded(draw(24 + number, 20)))
    return folder


@pytest.fixture
def unused_address() -> str:
    """A port of this machine where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def test_a_run(ray, photos, capsys) -> None:
    """The flags are those of a run; settings and relative names count where the actors are."""
    flags = ["--runner", "ray", "--batch", "3", "--actors-max", "2", "--export", "npy", "--json"]
    assert main(["run", "photos", "-o", "out", *flags]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[-1]["done"] == 8
    assert {row["source"] for row in rows[:-1]} == {path.name for path in photos.iterdir()}
    assert len(list(photos.parent.glob("out/*.npy"))) == 8
    assert main(["run", "photos", "-o", "out", "--export", "npy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["now"] == 0


def test_one_range(ray, photos, capsys) -> None:
    """Both passes are by the cluster, and the range is that of a local run."""
    for name, more in (("there", ["--runner", "ray"]), ("here", [])):
        assert main(["run", "photos", "-o", name, "--one-range", *more]) == 0
    ranges = [(photos.parent / name / "nearfar-run" / "range.json").read_text() for name in ("there", "here")]
    assert ranges[0] == ranges[1]


def test_a_plan(ray, photos, capsys, monkeypatch) -> None:
    """What it takes to begin is left out, and processors are those of the cluster."""
    seconds = iter([5.0, 9.0])
    monkeypatch.setattr(plan, "_timed", lambda run, runner: (run.go(runner), next(seconds))[1])
    assert main(["run", "plan", "photos", "--runner", "ray", "--sample", "8", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sample"], told["processors"]) == (8, int(ray.cluster_resources()["CPU"]))
    assert told["rate"] == (8 - 2) / (9.0 - 5.0)


def test_actors_without_room_end_the_command(ray, photos, capsys) -> None:
    """At once, and with one line."""
    assert main(["run", "photos", "-o", "out", "--runner", "ray", "--actor-cpus", "512"]) == 2
    told = capsys.readouterr().err
    assert "find no room in this cluster" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--batch", "3"), "--batch counts for nothing"),
        (("--runner", "ray", "--actors-min", "3", "--actors-max", "2"), "From 3 to 2 actors"),
        (("--runner", "dask"), "dask"),
    ],
)
def test_flags_that_cannot_be_are_refused(photos, capsys, flags, text) -> None:
    """Before anything is started."""
    assert main(["run", "photos", "-o", "out", *flags]) == 2
    assert text in capsys.readouterr().err
    assert not (photos.parent / "out").exists()


def test_an_address_where_nobody_listens_is_refused(photos, unused_address) -> None:
    """Ray would ask there for many minutes."""
    pytest.importorskip("ray", reason="Ray is not installed")
    words = command("run", photos, "-o", "out", "--runner", "ray", "--address", unused_address)
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith(f"nearfar: No Ray cluster at {unused_address}")
    assert len(done.stderr.splitlines()) == 1
