"""On what terms a piece of work is taken, and how a request states them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=[,;]|$)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Terms:
    """``caller``: whose turn it takes. ``seconds``: until the result is not wanted any more.

    ``is_background``: no request waits for it; it goes behind all requests.
    """

    caller: str = ""
    seconds: float = math.inf
    is_background: bool = False

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ParameterError(f"The work may take {self.seconds} s, but more than 0 was expected.")


ANYBODY = Terms()
"""Where it does not matter for whom and how long."""


def terms_of(connection: HTTPConnection, most_s: float) -> Terms:
    """The terms of a request: its caller, and the time of its ``Prefer: wait=SECONDS`` (RFC 7240, 4.3).

    ``most_s``: the seconds that the service gives to a request that names none, or more.
    """
    wished = wished_wait_s(connection)
    seconds = most_s if wished is None else min(wished, most_s)
    return Terms(str(connection.scope.get("state", {}).get("caller", "")), seconds)


def wished_wait_s(connection: HTTPConnection) -> int | None:
    """Seconds that a client is ready to wait; None where it does not say. 0 counts as the smallest, 1."""
    found = _WAIT.search(", ".join(connection.headers.getlist("prefer")))
    return max(1, int(found[1])) if found else None
