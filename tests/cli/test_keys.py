"""``nearfar keys``."""

from __future__ import annotations

import json

import pytest

from nearfar import settings
from nearfar.keys import KeyFile, open_keys


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A home of the test's own."""
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))


def test_add_shows_the_key_once_and_list_never(run) -> None:
    """Standard output is the key alone, so that a script can take it."""
    code, text, told = run("keys", "add", "robot", "--scopes", "infer,jobs", "--rate", "90")
    assert code == 0
    assert open_keys(settings.load()).read().find(text.strip()).rate == 90
    assert text.strip() not in told
    code, listed, _ = run("keys", "list")
    assert code == 0
    assert listed.splitlines()[0].split() == ["id", "name", "scopes", "rate", "created"]
    assert "robot  infer,jobs  90" in listed
    assert text.strip().rpartition("-")[2] not in listed


def test_json_for_programs(run) -> None:
    """The row, and with add the key."""
    made = json.loads(run("keys", "add", "a", "--json")[1])
    key = made.pop("key")
    assert key.startswith(f"nf-{made['id']}-")
    assert json.loads(run("keys", "list", "--json")[1]) == [made]
    assert made["scopes"] == ["infer", "jobs"]
    assert made["rate"] is None


def test_revoke(run) -> None:
    """The key is gone; a second time there is none."""
    key = run("keys", "add", "a")[1].strip()
    assert run("keys", "revoke", "a")[0] == 0
    assert open_keys(settings.load()).read().find(key) is None
    assert run("keys", "revoke", "a")[0] == 2


def test_the_file_is_that_of_the_service(run, tmp_path) -> None:
    """As its settings name it, or as it is named here."""
    (tmp_path / "nearfar.toml").write_text(f'keys = "{tmp_path}/one.json"')
    key = run("keys", "add", "a", "--config", "nearfar.toml")[1].strip()
    assert KeyFile(tmp_path / "one.json").read().find(key).name == "a"
    key = run("keys", "add", "a", "--config", "nearfar.toml", "--file", "two.json")[1].strip()
    assert KeyFile(tmp_path / "two.json").read().find(key).name == "a"
    assert open_keys(settings.load()).stamp() is None


@pytest.mark.parametrize(
    "words",
    [
        ["ad", "a"],
        ["add"],
        ["add", "a", "b"],
        ["list", "a"],
        ["add", "a", "--scopes", "all"],
        ["add", "a", "--rate", "x"],
    ],
)
def test_usage(run, words) -> None:
    """A wrong command line makes nothing."""
    assert run("keys", *words)[0] == 2
    assert open_keys(settings.load()).stamp() is None
