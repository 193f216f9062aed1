"""What a request carries through the service: its id, and the times of its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.service.request.timing import Timing

if TYPE_CHECKING:
    from starlette.types import Scope


def request_id_of(scope: Scope) -> str:
    """The id of a request that went through :class:`Frame`."""
    return str(scope.get("nearfar.request_id", ""))


def timing_of(scope: Scope) -> Timing:
    """Where a request's stages are written down: for ``Server-Timing``, the log, metrics and traces."""
    found: Timing = scope.setdefault("nearfar.timing", Timing())
    return found
