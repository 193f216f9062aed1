"""A service in processes of its own whose memory is watched: that of the whole tree, as Linux tells it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PROC = Path("/proc")
LOOK_EVERY_S = 0.2


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found, at = [pid], 0
    while at < len(found):
        with suppress(OSError):
            for task in (PROC / str(found[at]) / "task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
        at += 1
    return found


def memory(pid: int) -> int:
    """Bytes of memory of the tree: pages that several of its processes share count once (Pss of Linux)."""
    found = 0
    for one in tree(pid):
        with suppress(OSError):
            rows = (PROC / str(one) / "smaps_rollup").read_text(encoding="ascii")
            found += 1024 * sum(int(row.split()[1]) for row in rows.splitlines() if row.startswith("Pss:"))
    return found


class Watched:
    """A running service; ``on_look`` is told its memory five times a second."""

    def __init__(self, settings: dict[str, str], on_look: Callable[[int], object]) -> None:
        self._settings = settings
        self._on_look = on_look
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._log = Path(self._home.name) / "service.log"
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self.deaths = 0
        self._start()
        self._watch.start()

    def _start(self) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("NEARFAR_")}
        environment |= {"NEARFAR_HOME": self._home.name, "NEARFAR_LOG_LEVEL": "error", **self._settings}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nearfar", "serve", "--port", "0"],
                *(-1, None, None, subprocess.PIPE, log),
                env=environment,
                text=True,
            )
        line = self._process.stdout.readline()
        self.port = int(next(word for word in line.split() if word.startswith("http")).rpartition(":")[2])

    @property
    def pid(self) -> int:
        """Of the process that listens, or that watches those that do."""
        return self._process.pid

    def revive(self) -> bool:
        """Start it anew where it has died; whether it had."""
        if self._process.poll() is None:
            return False
        self.deaths += 1
        self._process.stdout.close()
        self._start()
        return True

    def kill(self) -> None:
        """End all of it at once."""
        for one in tree(self.pid):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def log(self) -> str:
        """The end of what it said of errors."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-20_000:]

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            self._on_look(memory(self.pid))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._home.cleanup()
