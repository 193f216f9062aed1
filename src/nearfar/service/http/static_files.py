"""The files of a folder in memory, ready to be answered: a request never reaches the disk."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.\w+$")  # as the page's builder names files by their content
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
_PACKED = frozenset({*_TYPES.values(), "text/plain"} - {"font/woff2"})
_LEAST_PACKED = 1024


@dataclass(frozen=True, slots=True, eq=False)
class StaticFile:
    """One file: its bytes and the headers they go out with."""

    body: bytes
    media_type: str
    etag: str
    caching: str

    def answer(self, request: Request) -> Response:
        """The file, packed where the client takes that, or 304 where it has it already."""
        headers = {"ETag": self.etag, "Cache-Control": self.caching}
        body = self.body
        if self._is_packed:
            headers["Vary"] = "Accept-Encoding"
            if _takes_gzip(request.headers.get("accept-encoding", "")):
                body = _gzip(self.body)
                headers |= {"ETag": f'{self.etag[:-1]}-gzip"', "Content-Encoding": "gzip"}
        known = [
            tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
        ]
        if headers["ETag"] in known:
            headers.pop("Content-Encoding", None)
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=self.media_type)

    @property
    def _is_packed(self) -> bool:
        return self.media_type in _PACKED and len(self.body) >= _LEAST_PACKED


def _takes_gzip(accepted: str) -> bool:
    """Whether a client's ``Accept-Encoding`` names gzip without refusing it (RFC 9110, 12.5.3)."""
    for given in accepted.lower().split(","):
        name, _, weight = given.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not weight or bool(weight.strip("0."))
    return False


@lru_cache(maxsize=256)
def _gzip(body: bytes) -> bytes:
    """The same bytes packed, once for all requests."""
    return gzip.compress(body, 9, mtime=0)


def read_folder(folder: Traversable, prefix: str = "/") -> dict[str, StaticFile]:
    """Address to file, of all files below a folder; hidden ones stay hidden."""
    found: dict[str, StaticFile] = {}
    if not folder.is_dir():
        return found
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.name.startswith((".", "__")) or item.name.endswith(".py"):
            continue
        if item.is_dir():
            found |= read_folder(item, f"{prefix}{item.name}/")
        else:
            found[prefix + item.name] = read_file(item)
    return found


def read_file(item: Traversable) -> StaticFile:
    """One file; what carries a hash in its name may be kept for ever."""
    body = item.read_bytes()
    suffix = "." + item.name.rpartition(".")[2].lower()
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(item.name)[0] or "application/octet-stream"
    caching = FOREVER if _HASHED.search(item.name) else ASK_AGAIN
    return StaticFile(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"', caching)
