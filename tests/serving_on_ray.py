"""The service behind Ray Serve, for tests: ``from serving_on_ray import behind_ray``."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from nearfar.keys import SCOPES, KeyFile
from nearfar.scale.serve import NAME, serving
from nearfar.scale.serve_options import read_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Behind:
    """A service that answers behind Ray Serve. ``client`` shows a key that allows everything."""

    home: Path
    url: str
    key: str
    client: httpx.Client

    def depth(self, body: bytes, query: str = "", **headers: str) -> httpx.Response:
        """The answer of /v1/depth to a raw body."""
        given = {"Content-Type": "image/jpeg"} | headers
        return self.client.post(f"/v1/depth{query}", content=body, headers=given)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def arguments(home: Path, **changes: Any) -> dict[str, Any]:
    """What stands under ``args`` in a configuration: small replicas, keys needed, nothing from outside."""
    settings = {
        "home": str(home),
        "hub_cache": "-",
        "offline": True,
        "host": "127.0.0.1",
        "require_keys": True,
        "wall": "on",
        "max_bytes": 2_000_000,
    }
    given = {
        "settings": settings | changes.pop("settings", {}),
        "networks": {"embedded": {"cpus": 0.5, "most": 2}},
        "cpus": 0.5,
    }
    return given | changes


@contextlib.contextmanager
def behind_ray(home: Path, **changes: Any) -> Iterator[Behind]:
    """The service in the cluster that this process is joined to; ``changes`` of :func:`arguments`."""
    given = arguments(home, **changes)
    key = KeyFile(home / "keys.json").add("test", SCOPES)[1]
    with serving(read_options(given), free_port()) as url:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, timeout=120, headers=headers) as client:
            yield Behind(home, url, key, client)


def processes(deployment: str) -> list[int]:
    """The processes of a deployment's replicas."""
    rows = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    name = f"ray::ServeReplica:{NAME}:{deployment}"
    words = [row.split(None, 1) for row in rows.splitlines()]
    return [int(pid) for pid, command in words if command.strip().startswith(name)]


def replicas(deployment: str) -> int:
    """Replicas of a deployment that run."""
    from ray import serve

    found = serve.status().applications[NAME].deployments[deployment]
    return found.replica_states.get("RUNNING", 0)
