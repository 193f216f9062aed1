"""A local server that serves files badly on purpose: ``from server import FileServer``."""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


@dataclass
class Served:
    """One file and how it is served."""

    data: bytes
    drop_after: list[int] = field(default_factory=list)
    """Each request in turn breaks off after so many bytes; later ones are served whole."""
    status: int = 200
    has_ranges: bool = True
    claimed_length: int | None = None
    content_type: str = "application/octet-stream"
    etag: str = ""
    redirect: str = ""


class FileServer:
    """Serves ``files`` (path to :class:`Served`) on 127.0.0.1; ``requests`` lists (path, Range header)."""

    def __init__(self, **files: Served) -> None:
        self.files = {f"/{name}": served for name, served in files.items()}
        self.requests: list[tuple[str, str | None]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def address(self) -> str:
        """The server's address, without a slash behind."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, self.headers.get("Range")))
                served = outer.files.get(self.path)
                if served is None or served.status >= 400:
                    self.send_error(404 if served is None else served.status)
                elif served.redirect:
                    self._redirect(served)
                else:
                    self._send(served)

            def _redirect(self, served: Served) -> None:
                self.send_response(302)
                self.send_header("Location", served.redirect)
                self.send_header("X-Linked-Etag", f'"{served.etag}"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _send(self, served: Served) -> None:
                asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
                start = int(asked[1]) if asked and served.has_ranges else 0
                if start >= len(served.data) and start:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(served.data)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = served.data[start:]
                self.send_response(206 if start else 200)
                if start:
                    whole = len(served.data)
                    self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
                length = len(body) if served.claimed_length is None else served.claimed_length
                self.send_header("Content-Length", str(length))
                self.send_header("Content-Type", served.content_type)
                self.end_headers()
                keep = served.drop_after.pop(0) if served.drop_after else len(body)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client refused it
                    self.wfile.write(body[:keep])
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler
