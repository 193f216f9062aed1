"""How much one caller may ask: so many requests a minute, so many at once."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.service.errors import CrowdingError, RateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_CALLERS = 20_000
"""Callers that are remembered: some 4 MB. Beyond it the one that was silent longest is forgotten, whose
allowance has grown back most."""
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left after a request: how many at once, and seconds until all of it is back."""

    per_minute: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """The fields of the IETF's draft on rate limits."""
        return {
            "RateLimit-Policy": f'"caller";q={self.per_minute};w={_MINUTE_S:g}',
            "RateLimit": f'"caller";r={self.remaining};t={self.reset_s}',
        }


class Rates:
    """A token bucket for each caller, kept as one number: the time at which it will be full again.

    (The generic cell rate algorithm of ITU-T I.371.) ``burst`` requests may come at once, then one every
    60 / ``per_minute`` seconds. Used from the event loop alone.
    """

    def __init__(
        self,
        per_minute: int,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_CALLERS,
    ) -> None:
        self._per_minute = per_minute
        self._burst = burst
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Callers that are remembered."""
        return len(self._full_at)

    def take(self, caller: str, per_minute: int | None = None) -> Allowance | None:
        """Count one request; None where there is no limit. ``per_minute`` is the caller's own.

        Raises:
            RateError: there were too many; it says when the next one may come.
        """
        rate = self._per_minute if per_minute is None else per_minute
        if rate == 0:
            return None
        now, gap = self._clock(), _MINUTE_S / rate
        room = self._burst * gap
        full_at = max(self._full_at.get(caller, now), now) + gap
        if full_at - now > room + 1e-9:
            wait_s = math.ceil(full_at - now - room)
            left = Allowance(rate, 0, math.ceil(full_at - gap - now))
            raise RateError(
                f"This is more than {rate} requests a minute.",
                "Try again after the time that Retry-After gives.",
                wait_s,
                left.headers(),
            )
        self._remember(caller, full_at)
        return Allowance(rate, int((room - (full_at - now)) / gap + 1e-9), math.ceil(full_at - now))

    def _remember(self, caller: str, full_at: float) -> None:
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        while len(self._full_at) > self._most:
            self._full_at.popitem(last=False)


class Crowd:
    """Requests of each caller that are under way; ``most`` is 0 where there is no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._here: dict[str, int] = {}

    @contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """Be one of them.

        Raises:
            CrowdingError: as many as may be are under way.
        """
        if self._most and self._here.get(caller, 0) >= self._most:
            raise CrowdingError(
                f"{self._most} requests of this caller are under way, as many as may be.",
                "Wait for one of them to end.",
            )
        self._here[caller] = self._here.get(caller, 0) + 1
        try:
            yield
        finally:
            self._here[caller] -= 1
            if not self._here[caller]:
                del self._here[caller]
