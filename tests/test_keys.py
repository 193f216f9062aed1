"""API keys in their file."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from nearfar.errors import ParameterError, SettingsError, SourceError, UnknownNameError
from nearfar.keys import KeyFile, is_private, open_keys
from nearfar.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    """A place for keys where none are yet."""
    return KeyFile(tmp_path / "home" / "keys.json")


def test_a_key_is_found_again(file) -> None:
    """Its text finds it, with what it may; the file is all that is needed."""
    key, text = file.add("robot", ["jobs", "infer"], rate=60)
    assert KeyFile(file.path).read().find(text) == key
    assert (key.name, key.scopes, key.rate) == ("robot", ("infer", "jobs"), 60)


@pytest.mark.parametrize("change", [lambda t: t[:-1] + "g", lambda t: t[:-1], lambda t: t + "0", str.upper])
def test_nothing_else_is_found(file, change) -> None:
    """A text that differs, however little, is no key."""
    _, text = file.add("robot", ["infer"])
    other = text[:-1] + ("0" if text[-1] != "0" else "1")
    ring = file.read()
    assert ring.find(change(text)) is None
    assert ring.find(other) is None
    assert ring.find("") is None
    assert ring.find("nf-" + "0" * 8 + "-" + "0" * 48) is None


def test_the_file_does_not_hold_the_key(file) -> None:
    """Neither the text nor its secret stands in it, and equal work gives different salts."""
    (one, text), (two, _) = file.add("a", ["infer"]), file.add("b", ["infer"])
    held = file.path.read_text()
    assert text not in held
    assert text.rpartition("-")[2] not in held
    assert one.salt != two.salt
    assert one.hash not in repr(one)


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
def test_only_its_owner_may_read_the_file(file) -> None:
    """Mode 600, also where the file was open to all before."""
    file.add("a", ["infer"])
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    file.path.chmod(0o644)
    assert not is_private(file.path)
    file.add("b", ["infer"])
    assert is_private(file.path)


def test_a_revoked_key_is_gone_and_the_file_stays(file) -> None:
    """By name or id; the empty file still means that keys are needed."""
    _, text = file.add("a", ["infer"])
    other, _ = file.add("b", ["infer"])
    file.revoke("a")
    file.revoke(other.id)
    assert file.read().find(text) is None
    assert file.read().keys == ()
    assert file.stamp() is not None
    with pytest.raises(UnknownNameError, match="no key 'a'"):
        file.revoke("a")


@pytest.mark.parametrize(
    ("name", "scopes", "rate", "told"),
    [
        ("", ["infer"], None, "cannot name"),
        ("a\nb", ["infer"], None, "cannot name"),
        ("a", [], None, "needs a scope"),
        ("a", ["infr"], None, "Did you mean 'infer'"),
        ("a", ["infer"], -1, "rate is -1"),
    ],
)
def test_what_cannot_be_a_key_is_refused(file, name, scopes, rate, told) -> None:
    """Nothing is written then."""
    with pytest.raises(ParameterError, match=told):
        file.add(name, scopes, rate)
    assert file.stamp() is None


def test_names_are_taken_once(file) -> None:
    """Revoking by name must be clear."""
    file.add("a", ["infer"])
    with pytest.raises(ParameterError, match="'a' already"):
        file.add("a", ["jobs"])


def test_two_hands_at_once_lose_nothing(file) -> None:
    """Keys that are made at the same time are all there."""
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: file.add(f"k{n}", ["infer"])[1], range(24)))
    ring = file.read()
    assert all(ring.find(text) for text in made)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 2, "keys": []}', '{"version": 1}', '{"version": 1, "keys": [{"id": "x"}]}'],
)
def test_a_damaged_file_is_told(file, text) -> None:
    """With the way out, and without being touched."""
    file.path.parent.mkdir()
    file.path.write_text(text)
    with pytest.raises(SettingsError, match=r"does not hold the keys.*backup"):
        file.read()
    with pytest.raises(SettingsError):
        file.add("a", ["infer"])
    assert file.path.read_text() == text


def test_a_row_with_two_owners_is_damage(file) -> None:
    """The same id twice is never written by us."""
    file.add("a", ["infer"])
    held = json.loads(file.path.read_text())
    held["keys"] *= 2
    file.path.write_text(json.dumps(held))
    with pytest.raises(SettingsError, match="same id"):
        file.read()


def test_a_file_that_cannot_be_read_is_told(file) -> None:
    """A folder in its place, for one."""
    file.path.mkdir(parents=True)
    with pytest.raises(SourceError, match="NEARFAR_KEYS"):
        file.read()


def test_where_the_file_is(tmp_path) -> None:
    """The setting, else home, else the user's data; never a cache."""
    assert open_keys(Settings(keys=str(tmp_path / "k"), home="h")).path == tmp_path / "k"
    assert open_keys(Settings(home=str(tmp_path))).path == tmp_path / "keys.json"
    assert "cache" not in str(open_keys(Settings()).path).lower()
