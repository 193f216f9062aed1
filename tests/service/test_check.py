"""``nearfar serve --check``."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from nearfar.errors import SettingsError
from nearfar.jobs.store import open_jobs, spool_of
from nearfar.keys import KeyFile
from nearfar.service import check
from nearfar.settings import Settings

FAR = "0.0.0.0"  # noqa: S104 - listened on by nobody here


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Settings with which all is well."""
    return Settings(engine="fake", home=str(tmp_path / "home"), port=0)


def _found(settings: Settings, **changes) -> dict[str, check.Finding]:
    from dataclasses import replace

    return {row.name: row for row in check.run(lambda: replace(settings, **changes))}


def test_all_is_well(settings) -> None:
    """Every check runs, and leaves nothing behind."""
    found = _found(settings)
    assert {row.status for row in found.values()} == {"ok"}
    assert set(found) == {"settings", *check.CHECKS}
    assert "by fake" in found["model"].detail
    assert not any(Path(settings.home).iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux")
def test_the_wall_is_tried(settings) -> None:
    """A worker says what it could reach; without the sandbox that is a warning."""
    assert "own process" in _found(settings)["wall"].detail
    shut = _found(settings, wall="on")["wall"]
    assert (shut.status, "seccomp" in shut.detail) == ("ok", True)
    bare = _found(settings, wall="on", sandbox=False)["wall"]
    assert bare.status == "warning"
    assert "files, network, programs" in bare.detail


def test_no_wall_where_strangers_come_is_a_warning(settings) -> None:
    """The service listens on more than its own machine."""
    assert _found(settings, host=FAR, wall="off")["wall"].status == "warning"


def test_settings_that_cannot_be_read_end_it() -> None:
    """There is nothing else to check then."""

    def load() -> Settings:
        raise SettingsError("port is 99999.", "Choose another.")

    assert check.run(load) == (check.Finding("settings", "failed", "port is 99999.", "Choose another."),)


def test_each_fault_is_found_and_hides_no_other(settings, tmp_path) -> None:
    """A model that there is not, a folder that is a file, a port in use, a name that is none, broken keys."""
    (tmp_path / "file").write_text("")
    (tmp_path / "keys").write_text("{")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = _found(
            settings,
            model="embeded",
            home=str(tmp_path / "file" / "home"),
            port=taken.getsockname()[1],
            hosts="https://a",
            keys=str(tmp_path / "keys"),
        )
    failed = {name for name, row in found.items() if row.status == "failed"}
    assert failed == {"model", "home", "jobs", "keys", "names", "port"}
    assert all(found[name].hint for name in failed)


def test_a_store_of_jobs_that_is_there_is_opened(settings, tmp_path) -> None:
    """What it holds is told; a damaged one is found, and left as it is."""
    open_jobs(settings).close()
    assert _found(settings)["jobs"].detail.startswith("none in ")
    database = spool_of(settings).database
    database.write_bytes(b"no database" * 1000)
    assert _found(settings)["jobs"].status == "failed"
    assert database.read_bytes() == b"no database" * 1000


def test_open_to_the_world_is_a_warning(settings, tmp_path) -> None:
    """No key needed where others reach it; keys that others may read. A first key is announced."""
    far = _found(settings, host=FAR, without_keys=True)["keys"]
    assert far.status == "warning"
    coming = _found(settings, host=FAR)["keys"]
    assert (coming.status, "made and shown" in coming.detail) == ("ok", True)
    assert _found(settings, require_keys=True)["keys"].status == "ok"
    assert _found(settings, require_keys=True, first_key="/nowhere")["keys"].status == "failed"
    file = KeyFile(tmp_path / "keys.json")
    file.add("a", ["infer"])
    assert _found(settings, keys=str(file.path))["keys"].status == "ok"
    if os.name == "posix":
        file.path.chmod(0o644)
        assert _found(settings, keys=str(file.path))["keys"].status == "warning"
