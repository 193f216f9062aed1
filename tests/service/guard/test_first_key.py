"""Closed where other machines reach the service; the first key is made, or given, once."""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from command_line import command, environment
from nearfar.errors import SettingsError, SourceError
from nearfar.keys import SCOPES, open_keys
from nearfar.service.guard.first_key import ensure
from nearfar.service.guard.keys_now import needs_keys
from nearfar.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
KEY = f"nf-{'a1' * 4}-{'b2' * 24}"


@pytest.fixture
def far(tmp_path: Path) -> Settings:
    """A service that others reach, with a home of its own."""
    return Settings(host=EVERYWHERE, home=str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("more", "is_needed"),
    [
        ({}, False),
        ({"host": EVERYWHERE}, True),
        ({"host": "192.0.2.1"}, True),
        ({"proxies": "10.0.0.0/8"}, True),
        ({"require_keys": True}, True),
        ({"host": EVERYWHERE, "without_keys": True}, False),
    ],
)
def test_keys_are_needed_where_others_reach_it(more: dict, is_needed: bool) -> None:
    """By its address or through a proxy, unless it is said otherwise."""
    assert needs_keys(Settings(**more)) is is_needed


def test_both_ways_at_once_are_refused() -> None:
    """Nobody can mean that."""
    with pytest.raises(SettingsError, match="opposite"):
        Settings(require_keys=True, without_keys=True)


def test_the_first_key_allows_everything_and_is_made_once(far: Settings) -> None:
    """The second start shows none; nor does one where all keys were revoked."""
    text = ensure(far)
    assert open_keys(far).read().find(text).scopes == SCOPES
    assert ensure(far) == ""
    open_keys(far).revoke("first")
    assert ensure(far) == ""


def test_no_key_is_made_where_none_is_needed(tmp_path: Path) -> None:
    """A service for its own machine stays open."""
    near = Settings(home=str(tmp_path))
    assert ensure(near) == ""
    assert open_keys(near).stamp() is None


def test_a_key_of_a_file_is_taken_and_not_shown(far: Settings, tmp_path: Path) -> None:
    """As a secret of a container: whoever wrote it knows it."""
    secret = tmp_path / "secret"
    secret.write_text(f"{KEY}\n")
    chosen = replace(far, first_key=str(secret))
    assert ensure(chosen) == ""
    assert open_keys(far).read().find(KEY).name == "first"


@pytest.mark.parametrize("text", ["", "password", KEY.upper(), KEY[:-1]])
def test_a_file_without_a_key_stops_the_start(far: Settings, tmp_path: Path, text: str) -> None:
    """It says what a key looks like, and not what the file holds; nothing is made."""
    secret = tmp_path / "secret"
    secret.write_text(text)
    with pytest.raises(SettingsError) as caught:
        ensure(replace(far, first_key=str(secret)))
    assert "48 hex digits" in str(caught.value)
    assert text == "" or text not in str(caught.value)
    assert open_keys(far).stamp() is None


def test_a_secret_that_is_not_there_stops_the_start(far: Settings, tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(SourceError, match="nowhere"):
        ensure(replace(far, first_key=str(tmp_path / "nowhere")))


@pytest.mark.skipif(os.name != "posix", reason="stopped by a signal")
def test_a_start_shows_the_key_and_serves_nobody_without_it(tmp_path: Path) -> None:
    """``serve --host 0.0.0.0``: 401 without the key that is printed, 200 with it."""
    words = command("serve", "--host", EVERYWHERE, "--port", "0")
    started = environment(NEARFAR_HOME=str(tmp_path))
    with subprocess.Popen(words, env=started, stdout=subprocess.PIPE, stderr=-3, text=True) as process:
        key = process.stdout.readline().split()[-1]
        address = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        asked = urllib.request.Request(f"{address}/v1/models")  # noqa: S310 - our own address
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(asked, timeout=30)  # noqa: S310 - our own address
        asked.add_header("Authorization", f"Bearer {key}")
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own address
            assert answer.status == 200
        process.terminate()
