"""Clients of a nearfar service: ``Client``, and ``AsyncClient`` for asyncio. They need the extra ``client``.

    >>> from nearfar.client import Client
    >>> with Client("http://127.0.0.1:8080") as client:  # doctest: +SKIP
    ...     depth = client.depth("photo.jpg")
    ...     print(depth.kind, depth.unit, depth.value_range)

What a client gives is what the library gives: :class:`~nearfar.types.DepthMap`, ``Picture``, ``Clip``; what
it raises stands in the one tree of errors.
"""

from __future__ import annotations

from nearfar.errors import MissingExtraError

try:
    import httpx as _httpx
    import websockets as _websockets
except ModuleNotFoundError as exc:
    raise MissingExtraError(
        f"The client of the service needs the library '{exc.name}', which is not installed.",
        "Install it: pip install 'nearfar[client]'",
    ) from exc

from nearfar.client.answers import ModelRow, Models
from nearfar.client.calls import Bounds
from nearfar.client.client import AsyncClient, Client
from nearfar.client.errors import JobTimeoutError, KeyRefusedError, ServiceError, UnreachableError
from nearfar.client.job_records import Job, JobFile, JobPicture
from nearfar.client.live import AsyncLive, Live
from nearfar.client.live_talk import LiveOptions
from nearfar.client.retries import Retries
from nearfar.client.views import View
from nearfar.jobs.errors import (
    BadArchiveError,
    JobsUnavailableError,
    KeyReusedError,
    NoSuchJobError,
    StorageFullError,
    UnfinishedError,
)

__all__ = [
    "AsyncClient",
    "AsyncLive",
    "BadArchiveError",
    "Bounds",
    "Client",
    "Job",
    "JobFile",
    "JobPicture",
    "JobTimeoutError",
    "JobsUnavailableError",
    "KeyRefusedError",
    "KeyReusedError",
    "Live",
    "LiveOptions",
    "ModelRow",
    "Models",
    "NoSuchJobError",
    "Retries",
    "ServiceError",
    "StorageFullError",
    "UnfinishedError",
    "UnreachableError",
    "View",
]
del _httpx, _websockets
