"""Heads of small Ray clusters, with a card that is there in name alone: ``from ray_heads import head``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import nearfar

if TYPE_CHECKING:
    from collections.abc import Iterator

_STORE = 150 * 2**20
_TRIES = 8
PATIENT = {"RAY_agent_register_timeout_ms": "120000", "RAY_worker_register_timeout_seconds": "240"}
"""Ray's own processes may take long to start on a busy machine."""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _begun(cpus: int) -> tuple[str, subprocess.Popen[bytes]] | None:
    """A head; None where it ended at once, as it does where its parts take more than 15 s to start."""
    port = _free_port()
    line = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
        *(f"--port={port}", f"--num-cpus={cpus}", "--num-gpus=1", "--node-ip-address=127.0.0.1"),
        *(f"--ray-client-server-port={_free_port()}", "--no-monitor", "--include-log-monitor=false"),
        *("--include-dashboard=false", f"--object-store-memory={_STORE}", "--disable-usage-stats"),
    ]
    seen = [str(Path(nearfar.__file__).parents[1]), str(Path(__file__).parent)]
    env = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", **PATIENT, "PYTHONPATH": os.pathsep.join(seen)}
    found = subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, start_new_session=True
    )
    assert found.stdout is not None
    if any(b"Ray runtime started" in row for row in found.stdout):
        return f"127.0.0.1:{port}", found
    found.communicate()
    return None


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a head, and all that it started, at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@contextmanager
def head(cpus: int = 2) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Ray head: its address, and the process that holds it all."""
    begun = next(filter(None, (_begun(cpus) for _ in range(_TRIES))), None)
    assert begun is not None, "Ray's own processes do not start"
    try:
        yield begun
    finally:
        end(begun[1])
