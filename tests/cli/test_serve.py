"""``nearfar serve``: the settings reach the service, and it ends without a sound."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from typing import TYPE_CHECKING

import pytest

import nearfar.service
from command_line import command, environment

if TYPE_CHECKING:
    from conftest import Run
    from nearfar.settings import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that a service would start with."""
    found: list[Settings] = []
    monkeypatch.setattr(nearfar.service, "serve", found.append)
    return found


def test_flags_go_before_the_environment(
    run: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is named wins, what is not comes from the environment."""
    monkeypatch.setenv("NEARFAR_PORT", "9000")
    monkeypatch.setenv("NEARFAR_QUEUE", "7")
    assert run("serve", "--port", "8123", "--host", "0.0.0.0")[0] == 0  # noqa: S104 - nothing listens
    assert (served[0].host, served[0].port, served[0].queue) == ("0.0.0.0", 8123, 7)  # noqa: S104


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
