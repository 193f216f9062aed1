"""Readers of photos that processes of a cluster import: what kills the process, what leaves a trace."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from nearfar.errors import OutputError


@dataclass(frozen=True)
class Deadly:
    """Ends the process that reads it."""

    def __call__(self) -> bytes:
        """As of a reader of items."""
        os.kill(os.getpid(), signal.SIGKILL)
        return b""


@dataclass(frozen=True)
class Noted:
    """Bytes of a photo; whoever reads them leaves the number of the process in a file."""

    data: bytes
    folder: str
    name: str

    def __call__(self) -> bytes:
        """As of a reader of items."""
        (Path(self.folder) / f"{self.name}.{os.getpid()}").touch()
        time.sleep(0.05)
        return self.data


@dataclass(frozen=True)
class Full:
    """Where nothing can be written any more."""

    def __call__(self, name: str, _files: object) -> tuple[()]:
        """As of what keeps results."""
        raise OutputError(f"Cannot write {name}: no space left.", "Make room.")
