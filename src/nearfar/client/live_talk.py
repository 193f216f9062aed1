"""How a stream comes to its service, and what is said on it: the part that both clients share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from urllib.parse import urlencode

from websockets.exceptions import InvalidStatus, WebSocketException

from nearfar import __version__
from nearfar.client.calls import texts, upload
from nearfar.client.errors import ServiceError, UnreachableError, error_of
from nearfar.client.retries import AGAIN, seconds_of
from nearfar.client.views import View, read_view
from nearfar.decode.photo import read_photo
from nearfar.encode import encode
from nearfar.errors import NearfarError

if TYPE_CHECKING:
    from nearfar.client.calls import Bounds
    from nearfar.client.retries import Retries
    from nearfar.decode.photo import PhotoSource
    from nearfar.types import RangeRule

Tell = Callable[[int, NearfarError], object]
"""Hears the number of a frame, and why it failed."""
FAILURES = (WebSocketException, OSError)
"""What the library of websockets raises; a TimeoutError is an OSError."""
_QUALITY = 92
_FILES = (bytes, bytearray, memoryview, str)


class LiveOptions(TypedDict, total=False):
    """What a stream answers with; those that are not named are the service's own choice."""

    format: Literal["jpeg", "png", "png16", "webxr"]
    model: str
    size: int
    colormap: str
    range: RangeRule
    smooth: float
    quality: int
    obstacles: bool
    height: float
    pitch: float
    horizon: float
    roll: float
    fov: float


@dataclass(frozen=True, slots=True)
class Way:
    """How a stream comes to its service."""

    base_url: str
    headers: dict[str, str]
    timeout: float
    retries: Retries
    bounds: Bounds

    def address(self, options: LiveOptions) -> str:
        """Of the websocket."""
        scheme, _, rest = self.base_url.rstrip("/").partition("://")
        query = urlencode(texts(options))
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/v1/live" + (f"?{query}" if query else "")

    def ways(self) -> dict[str, Any]:
        """The rest of what the library of websockets is told."""
        headers = {key: value for key, value in self.headers.items() if key != "User-Agent"}
        return {
            "additional_headers": headers,
            "user_agent_header": f"nearfar/{__version__}",
            "compression": None,  # pictures are compressed already
            "open_timeout": self.timeout,
            "max_size": self.bounds.answer_bytes,
        }

    def wait_s(self, error: Exception, attempt: int) -> float | None:
        """Seconds until it is tried again, or None where the failure stands."""
        if not isinstance(error, InvalidStatus):
            return self.retries.wait_s(attempt, None) if isinstance(error, ConnectionRefusedError) else None
        response = error.response
        if response.status_code not in AGAIN:
            return None
        return self.retries.wait_s(attempt, seconds_of(response.headers.get("retry-after")))

    def error(self, error: Exception) -> NearfarError:
        """What a failure of the connection becomes."""
        if isinstance(error, InvalidStatus):
            return _refusal(error)
        where = self.base_url.partition("://")[2].rpartition("@")[2]
        kind = "did not answer in time" if isinstance(error, TimeoutError) else "ended the stream"
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            kind = "cannot be reached"
        return UnreachableError(
            f"{where} {kind}: {str(error) or type(error).__name__}.", "Does nearfar serve run there?"
        )


@dataclass(slots=True)
class Talk:
    """What was said so far; it reads messages, and sends none."""

    bounds: Bounds
    sent: int = 0
    answered: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] | None = None

    def frame(self, photo: PhotoSource) -> bytes:
        """The next frame's bytes: files as they are, arrays as JPEG."""
        if isinstance(photo, _FILES) or hasattr(photo, "read") or hasattr(photo, "__fspath__"):
            data = upload(photo, self.bounds)
        else:
            data = encode(read_photo(photo).rgb8(), ".jpg", quality=_QUALITY)
        self.sent += 1
        return data

    def readable(self, photo: PhotoSource, tell: Tell | None) -> bytes | None:
        """As :meth:`frame`; None where it cannot be read and ``tell`` has heard it."""
        try:
            return self.frame(photo)
        except NearfarError as exc:
            if tell is None:
                raise
            tell(self.sent + 1, exc)
            return None

    def take(self, message: str | bytes) -> View | NearfarError | dict[str, Any] | None:
        """A view, the error of a frame (or of a change of options), options that now hold, or None."""
        if isinstance(message, bytes):
            header, self.header = self.header, None
            if header is None:
                raise ServiceError("A picture came without its header.", "Is this a nearfar service?")
            return read_view(header, message)
        row = _row(message)
        number = row.get("seq")
        self.answered = max(self.answered, number or 0)
        if row["type"] == "frame":
            self.header = row
            return None
        if row["type"] == "error":
            problem = row | {"type": f"#problem-{row.get('problem', '')}"}
            error = error_of(row.get("status", 500), problem, row.get("retry_after_s", 1))
            error.add_note(f"frame {number}" if number else "the options")
            return error
        self.options = row["options"]
        return self.options


def _row(message: str) -> dict[str, Any]:
    try:
        row = json.loads(message)
        if row["type"] in {"ready", "frame", "error"}:
            return dict(row)
    except (ValueError, KeyError, TypeError):
        pass
    raise ServiceError(
        f"The stream said something that is not understood: {message[:100]}", "Is this nearfar?"
    )


def _refusal(error: InvalidStatus) -> NearfarError:
    """What a service that takes no stream says, as over HTTP."""
    response = error.response
    try:
        problem = json.loads(response.body or b"")
    except ValueError:
        problem = {}
    wait_s = seconds_of(response.headers.get("retry-after"))
    return error_of(response.status_code, problem if isinstance(problem, dict) else {}, int(wait_s or 1))
