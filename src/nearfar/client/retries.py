"""When to ask again, and when to stop."""

from __future__ import annotations

import random
from dataclasses import dataclass

from nearfar.errors import ParameterError

AGAIN = frozenset({429, 502, 503})
"""Statuses that pass: too many requests, a proxy without its service, a full queue."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and for how long, a client asks again.

    A service that refuses says in ``Retry-After`` when to come back; that is waited for, and a little more,
    so that clients which were refused together do not return together. Where it is longer than
    ``longest_wait_s`` or ``attempts`` are used up, the refusal is raised.
    """

    attempts: int = 4
    longest_wait_s: float = 30.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not self.longest_wait_s >= 0:
            raise ParameterError(
                f"attempts is {self.attempts} and longest_wait_s {self.longest_wait_s}, but at least 1 and 0 "
                "were expected."
            )

    def wait_s(self, attempt: int, retry_after_s: float | None) -> float | None:
        """Seconds until the next attempt, or None where there is to be none; ``attempt`` counts from 1."""
        wanted = 0.25 * 2**attempt if retry_after_s is None else retry_after_s
        if attempt >= self.attempts or wanted > self.longest_wait_s:
            return None
        return wanted * (1 + 0.25 * random.random())  # noqa: S311 - to spread clients, not to hide anything


def seconds_of(header: str | None) -> float | None:
    """The seconds of a ``Retry-After`` header, or None: dates are not what nearfar sends."""
    return float(header) if header and header.isdigit() else None
