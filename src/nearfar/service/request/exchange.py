"""A request and how it was answered: what log lines, metrics and traces are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.service.request.access import caller_of

if TYPE_CHECKING:
    from starlette.types import Scope

    from nearfar.service.request.timing import Timing

UNKNOWN = "unknown"
"""The route of an address that there is not, the method of a word that is none."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_LEFT = 499
"""A status that is never sent: the log's word for a client that left."""


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """One finished request; ``begin`` and ``seconds`` are on the clock of ``time.perf_counter``."""

    scope: Scope
    timing: Timing
    status: int
    sent_bytes: int
    begin: float
    seconds: float

    @property
    def request_id(self) -> str:
        """Its id."""
        return str(self.scope.get("nearfar.request_id", ""))

    @property
    def method(self) -> str:
        """Its method; one of few words, whatever the client sent."""
        method = self.scope["method"]
        return method if method in METHODS else UNKNOWN

    @property
    def route(self) -> str:
        """The template of its address, such as ``/v1/jobs/{id}``; one of few, whatever the client sent."""
        return getattr(self.scope.get("route"), "path", UNKNOWN)

    @property
    def caller(self) -> str:
        """Who asked: ``key:ID`` or ``address:IP``."""
        return caller_of(self.scope)

    @property
    def problem(self) -> str:
        """Name of the problem that it was answered with; empty where there was none."""
        return str(self.scope.get("nearfar.problem", ""))


def note_problem(scope: Scope, slug: str) -> None:
    """Remember which problem a request is answered with."""
    scope["nearfar.problem"] = slug
