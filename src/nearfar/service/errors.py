"""The branch of nearfar's error tree that only HTTP knows.

NearfarError
├── InputError (ValueError)
│   └── MalformedRequestError        the request is not the HTTP or multipart it says it is
├── MediaTypeError (ValueError)      the request's Content-Type or Content-Encoding is not taken
├── NotAcceptableError (ValueError)  the client accepts nothing that we can answer
├── SlowUploadError (TimeoutError)   the body did not arrive in time
├── UnauthorizedError (PermissionError)
│                                    the address needs a key, and none that is known was sent
├── ForbiddenError (PermissionError) the key does not allow this
├── DownloadsOffError (PermissionError)
│                                    the service does not fetch models
├── ForeignPageError (PermissionError)
│                                    a page of an origin that is not named sent this
├── MisdirectedError (ValueError)    the request names a host that is not answered to
├── NoSuchPhotoError (LookupError)   there is no held photo of that id, or it is another caller's
├── RateError (RuntimeError)         one caller sent too many requests
├── CrowdingError (RuntimeError)     one caller has too many requests under way
├── DeadlineError (TimeoutError)     the answer was not ready in its time
├── EngineError (RuntimeError)
│   ├── StuckEngineError             a call of a network did not come back
│   └── LostEngineError              ... nor did others: the process has to be started anew
├── SlowHeaderError (TimeoutError)   the head of a request did not arrive in time
├── LargeHeaderError (ValueError)    the head of a request holds too many bytes
├── BusyError (RuntimeError)
│   └── CrowdedError                 too many connections are open
├── LostWorkersError (RuntimeError)  a worker process cannot be started
├── NotReadyError (RuntimeError)     the default model does not answer
└── AddressError (OSError)           the service cannot listen where it should

An error may bring ``headers`` of its answer and ``members`` of its problem document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nearfar.errors import BusyError, EngineError, InputError, NearfarError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REALM = 'realm="nearfar"'


class MalformedRequestError(InputError):
    """The request is not the HTTP or multipart that it says it is."""


class MediaTypeError(NearfarError, ValueError):
    """The request's Content-Type or Content-Encoding is not one that we take."""


class NotAcceptableError(NearfarError, ValueError):
    """The client accepts nothing that we can answer."""


class SlowUploadError(NearfarError, TimeoutError):
    """The body did not arrive in time."""

    headers: ClassVar = {"Connection": "close"}


class UnauthorizedError(NearfarError, PermissionError):
    """The address needs a key, and none that is known was sent."""

    headers: ClassVar = {"WWW-Authenticate": f"Bearer {_REALM}"}


class ForbiddenError(NearfarError, PermissionError):
    """The key does not allow this; ``scope`` is what it lacks."""

    def __init__(self, message: str, hint: str = "", scope: str = "") -> None:
        super().__init__(message, hint)
        self.members = {"scope": scope}
        challenge = f'Bearer {_REALM}, error="insufficient_scope", scope="{scope}"'
        self.headers = {"WWW-Authenticate": challenge}


class DownloadsOffError(NearfarError, PermissionError):
    """The service does not fetch models."""


class DeadlineError(NearfarError, TimeoutError):
    """The answer was not ready in the time that the client, or the service, gives it."""


class ForeignPageError(NearfarError, PermissionError):
    """A page of an origin that is not named sent an upload or opened a websocket."""


class MisdirectedError(NearfarError, ValueError):
    """The request names a host that the service does not answer to."""


class RateError(NearfarError, RuntimeError):
    """One caller sent too many requests; the headers say when the next one may come."""

    def __init__(
        self, message: str, hint: str = "", retry_after_s: int = 1, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint)
        self.headers = {"Retry-After": str(max(1, retry_after_s)), **(headers or {})}


class CrowdingError(NearfarError, RuntimeError):
    """One caller has too many requests under way."""

    headers: ClassVar = {"Retry-After": "1"}


class StuckEngineError(EngineError):
    """A call of a network did not come back in the time that the service gives it."""


class LostEngineError(EngineError):
    """So many calls of networks never came back that the process has to be started anew."""


class SlowHeaderError(NearfarError, TimeoutError):
    """The head of a request did not arrive in time."""


class LargeHeaderError(NearfarError, ValueError):
    """The head of a request holds too many bytes."""


class NoSuchPhotoError(NearfarError, LookupError):
    """There is no held photo of that id, its time is over, or another caller sent it."""


class RangeError(NearfarError, ValueError):
    """The part of a file that was asked for lies behind its end."""

    def __init__(self, message: str, hint: str = "", size: int = 0) -> None:
        super().__init__(message, hint)
        self.headers = {"Content-Range": f"bytes */{size}"}


class CrowdedError(BusyError):
    """Too many connections are open."""

    headers: ClassVar = {"Connection": "close"}


class LostWorkersError(NearfarError, RuntimeError):
    """A worker process cannot be started, however often it is tried."""


class NotReadyError(NearfarError, RuntimeError):
    """The default model does not answer."""


class AddressError(NearfarError, OSError):
    """The service cannot listen on the address it was given."""


class ClientLeftError(Exception):
    """The client closed the connection: there is no one to answer. Not an error of the tree, never shown."""
