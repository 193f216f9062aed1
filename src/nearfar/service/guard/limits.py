"""How much one caller may ask: so many requests a minute, so many at once."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.service.errors import CrowdingError, RateError
from nearfar.service.guard.ledger import OwnLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nearfar.service.guard.ledger import Ledger

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
    60 / ``per_minute`` seconds.
    """

    def __init__(
        self,
        per_minute: int,
        burst: int,
        ledger: Ledger | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._burst = burst
        self._ledger = OwnLedger() if ledger is None else ledger
        self._clock = clock

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
        with self._ledger.account(caller) as account:
            full_at = max(account.full_at, now) + gap
            if full_at - now <= room + 1e-9:
                account.full_at = full_at
                left = int((room - (full_at - now)) / gap + 1e-9)
                return Allowance(rate, left, math.ceil(full_at - now))
        raise RateError(
            f"This is more than {rate} requests a minute.",
            "Try again after the time that Retry-After gives.",
            math.ceil(full_at - now - room),
            Allowance(rate, 0, math.ceil(full_at - gap - now)).headers(),
        )


def _too_many_requests(most: int) -> CrowdingError:
    return CrowdingError(
        f"{most} requests of this caller are under way, as many as may be.", "Wait for one of them to end."
    )


class Crowd:
    """What each caller has under way of one kind; ``most`` is 0 where there is no limit.

    Args:
        most: that many at once.
        ledger: where it is written down.
        kind: sets these apart from others of the same caller in the ledger.
        refusal: makes the error of one too many.
    """

    def __init__(
        self,
        most: int,
        ledger: Ledger | None = None,
        kind: str = "",
        refusal: Callable[[int], CrowdingError] = _too_many_requests,
    ) -> None:
        self._most = most
        self._ledger = OwnLedger() if ledger is None else ledger
        self._kind = kind
        self._refusal = refusal

    def count(self, caller: str) -> int:
        """What a caller has under way, where there is a limit."""
        with self._ledger.account(self._kind + caller) as account:
            return account.here + account.elsewhere

    @contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """Be one of them.

        Raises:
            CrowdingError: as many as may be are under way.
        """
        if not self._most:
            yield
            return
        with self._ledger.account(self._kind + caller) as account:
            is_full = account.here + account.elsewhere >= self._most
            account.here += not is_full
        if is_full:
            raise self._refusal(self._most)
        try:
            yield
        finally:
            with self._ledger.account(self._kind + caller) as account:
                account.here -= 1
