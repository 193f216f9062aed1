"""``nearfar serve``: the settings reach the service, and it ends without a sound."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import urllib.request
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

import nearfar.service
import nearfar.settings
from command_line import command, environment
from nearfar.cli.serve import command as command_of_serve

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run
    from nearfar.settings import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that a service would start with."""
    found: list[Settings] = []
    monkeypatch.setattr(nearfar.service, "serve", lambda settings, _: found.append(settings))
    return found


def test_flags_go_before_the_environment(
    run: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is named wins, what is not comes from the environment."""
    monkeypatch.setenv("NEARFAR_PORT", "9000")
    monkeypatch.setenv("NEARFAR_QUEUE", "7")
    assert run("serve", "--port", "8123", "--host", "0.0.0.0")[0] == 0  # noqa: S104 - nothing listens
    assert (served[0].host, served[0].port, served[0].queue) == ("0.0.0.0", 8123, 7)  # noqa: S104


def test_a_file_goes_before_the_defaults_alone(
    run: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Flag, variable, file, default: each setting comes from the first that has it."""
    (tmp_path / "nearfar.toml").write_text('port = 1000\nqueue = 5\nstreams = 3\nhosts = ["a", "b"]\n')
    monkeypatch.setenv("NEARFAR_QUEUE", "7")
    assert run("serve", "--config", "nearfar.toml", "--port", "8123")[0] == 0
    found = served[0]
    assert (found.port, found.queue, found.streams, found.hosts) == (8123, 7, 3, "a,b")
    assert found.max_bytes == 64 * 2**20


def test_check_does_not_start(run: Run, served: list[Settings], tmp_path: Path) -> None:
    """It tells what it found, for people and for programs; what would not start is exit code 1."""
    words = ("serve", "--check", "--port", "0", "--home", tmp_path / "home")
    code, text, _ = run(*words)
    assert (code, {line.split()[0] for line in text.splitlines()}) == (0, {"ok"})
    (tmp_path / "nearfar.toml").write_text("quue = 5")
    code, text, _ = run(*words, "--json", "--config", "nearfar.toml")
    row = json.loads(text)
    assert (code, row["ok"], row["findings"][0]["hint"]) == (1, False, "Did you mean 'queue'?")
    assert not served


def test_every_setting_is_a_flag() -> None:
    """The flags are made from the table."""
    command_of_serve.sign()  # type: ignore[attr-defined] # only the parser asks for it
    flags = set(inspect.signature(command_of_serve).parameters)
    assert {field.name for field in fields(nearfar.settings.Settings)} | {
        "config",
        "check",
        "demo",
        "json",
    } == flags


@pytest.mark.parametrize("words", [["--port", "x"], ["--port", "99999"], ["--log-level", "loud"], ["stray"]])
def test_usage(run: Run, served: list[Settings], words: list[str]) -> None:
    """A wrong flag stops before anything listens."""
    assert run("serve", *words)[0] == 2
    assert not served


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_answers_and_ends() -> None:
    """It says where it listens, answers there, and stops on Ctrl-C with exit code 0."""
    with subprocess.Popen(
        command("serve", "--port", "0"), env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        address = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:  # noqa: S310 - our own address
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
