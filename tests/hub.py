"""A local server that behaves like the model hub: ``from hub import LocalHub``.

Large files are answered with a redirect to a second host that knows ranges and can drop connections; small
ones directly. Headers are the hub's: commit, linked hash and size, and a Xet hash that looks like a SHA-256.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 100_000
"""From so many bytes on a file is a large one."""
_RESOLVE = re.compile(r"/(?:mirror/https?://[^/]+/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Repository:
    """Files by path, what the revisions are called, and what it takes to read them."""

    files: dict[str, bytes]
    commit: str = "c" * 40
    others: dict[str, tuple[str, dict[str, bytes]]] = field(default_factory=dict)
    """Other revisions: name to commit and files."""
    token: str = ""
    is_gated: bool = False

    @classmethod
    def of(cls, folder: Path, prefix: str = "") -> Repository:
        """All files of a folder."""
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return cls({prefix + path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


@dataclass(frozen=True)
class Asked:
    """One request: to which of the hosts, for what, with which headers."""

    host: str
    method: str
    path: str
    headers: dict[str, str]


class LocalHub:
    """Serves ``repositories`` by OWNER/NAME; ``asked`` lists what came.

    ``failures``: statuses and headers that the next requests to the hub get instead. ``drop_after``: each
    request to the second host in turn breaks off after so many bytes.
    """

    def __init__(self, **repositories: Repository) -> None:
        self.repositories = {name.replace("__", "/"): one for name, one in repositories.items()}
        self.asked: list[Asked] = []
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.drop_after: list[int] = []
        self._blobs: dict[str, bytes] = {}
        self._servers = [
            ThreadingHTTPServer(("127.0.0.1", 0), self._handler(name)) for name in ("hub", "blobs")
        ]
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            for server in self._servers
        ]

    @property
    def address(self) -> str:
        """The hub's address."""
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def _handler(self, name: str) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer()

            def do_HEAD(self) -> None:
                self._answer()

            def _answer(self) -> None:
                headers = {key.lower(): value for key, value in self.headers.items()}
                outer.asked.append(Asked(name, self.command, self.path, headers))
                if name == "blobs":
                    outer._send_blob(self)
                else:
                    outer._resolve(self, headers)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler

    def _resolve(self, request: Any, headers: dict[str, str]) -> None:
        if self.failures:
            status, more = self.failures.pop(0)
            _tell(request, status, more)
            return
        found = _RESOLVE.fullmatch(request.path)
        one = self.repositories.get(found[1]) if found else None
        if found is None or one is None:
            _tell(request, 401, {"X-Error-Code": "RepoNotFound"})  # the hub does not say which it is
            return
        if one.token and headers.get("authorization") != f"Bearer {one.token}":
            _tell(
                request, 403 if one.is_gated else 401, {"X-Error-Code": "GatedRepo"} if one.is_gated else {}
            )
            return
        revision, path = unquote(found[2]), unquote(found[3])
        commit, files = one.others.get(revision, (one.commit, one.files))
        if revision not in {"main", commit, *one.others}:
            _tell(request, 404, {"X-Error-Code": "RevisionNotFound"})
        elif path not in files:
            _tell(request, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        else:
            self._send_file(request, files[path], commit)

    def _send_file(self, request: Any, data: bytes, commit: str) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        if len(data) < LARGE:
            more = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}  # noqa: S324 - as git names it
            _tell(request, 200, more, data)
            return
        self._blobs[f"/{sha256}"] = data
        port = self._servers[1].server_port
        more = {
            "Location": f"http://localhost:{port}/{sha256}",
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{sha256}"',
            "X-Linked-Size": str(len(data)),
            "X-Xet-Hash": sha256[::-1],
            "ETag": f'"{sha256[::-1]}"',
        }
        _tell(request, 302, more)

    def _send_blob(self, request: Any) -> None:
        data = self._blobs.get(request.path)
        if data is None:
            _tell(request, 404, {})
            return
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range") or "")
        start = int(asked[1]) if asked else 0
        if asked and start >= len(data):
            _tell(request, 416, {"Content-Range": f"bytes */{len(data)}"})
            return
        more = {"ETag": f'"{request.path[:0:-1]}"', "Accept-Ranges": "bytes"}  # a name of 64 digits, no hash
        if asked:
            more["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        keep = self.drop_after.pop(0) if self.drop_after and request.command == "GET" else None
        _tell(request, 206 if asked else 200, more, data[start:], keep)


def _tell(
    request: Any, status: int, more: dict[str, str], data: bytes = b"", keep: int | None = None
) -> None:
    """Status, headers and body, which may break off."""
    request.send_response(status)
    for key, value in more.items():
        request.send_header(key, value)
    request.send_header("Content-Type", "application/octet-stream")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    if request.command != "HEAD":
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            request.wfile.write(data if keep is None else data[:keep])
    if keep is not None:
        request.close_connection = True
