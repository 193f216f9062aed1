"""What needs no server, built where Node is, and given out by the plainest of servers."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.drive import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB = REPOSITORY / "web"
FOLDERS = {"studio": REPOSITORY / "dist" / "studio", "element": REPOSITORY / "dist" / "npm"}
"""Where the builds lie: the page, and the package for npm."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def built(what: str) -> Path:
    """The folder of the studio or of the element, built anew; skips where that cannot be done."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node, vite = shutil.which("node", path=path), WEB / "node_modules" / "vite" / "bin" / "vite.js"
    if node is None or not vite.is_file() or not (WEB / "node_modules" / "onnxruntime-web").is_dir():
        missing = "no Node" if node is None else "not all of web/node_modules"
        pytest.skip(f"{missing} here, so the {what} cannot be built: sh tools/node.sh .venv-dev")
    command = [node, str(vite), "build", "--config", f"{what}/vite.config.ts"]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return FOLDERS[what]


@contextlib.contextmanager
def given_out(folder: Path) -> Iterator[tuple[str, http.server.ThreadingHTTPServer]]:
    """The address of a folder on a plain server, and that server."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
