"""Who is next: callers take turns, and what runs in the background goes behind what a request waits for."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nearfar.service.work.ticket import Ticket

BACKGROUND_TURN = 16
"""Every so many turns one goes to background work that waits: it is slow then, but never stands still."""


class Turns:
    """Tickets of many callers, served in turn; each caller's own in their order."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def count_of(self, caller: str) -> int:
        """Tickets of one caller."""
        return len(self._queues.get(caller, ()))

    def add(self, ticket: Ticket) -> None:
        """Put a ticket behind its caller's others; a new caller comes after all others."""
        self._queues.setdefault(ticket.terms.caller, deque()).append(ticket)
        self._count += 1

    def pop(self) -> Ticket:
        """The oldest ticket of the caller whose turn it is."""
        caller, queue = next(iter(self._queues.items()))
        self._queues.move_to_end(caller)
        ticket = queue.popleft()
        self._took_from(caller)
        return ticket

    def remove(self, ticket: Ticket) -> bool:
        """Take a ticket out; False where it is not there any more."""
        queue = self._queues.get(ticket.terms.caller)
        if queue is None or ticket not in queue:
            return False
        queue.remove(ticket)
        self._took_from(ticket.terms.caller)
        return True

    def ahead_of(self, caller: str) -> int:
        """Tickets that would be served before the next one of a caller."""
        own = self.count_of(caller)
        others = (len(queue) for name, queue in self._queues.items() if name != caller)
        return own + sum(min(count, own + 1) for count in others)

    def greediest(self, caller: str) -> str | None:
        """The caller with the most tickets, where that is at least two more than ``caller`` has."""
        most = max(self._queues, key=self.count_of, default=None)
        return most if most is not None and self.count_of(most) >= self.count_of(caller) + 2 else None

    def newest_of(self, caller: str) -> Ticket:
        """Take out what a caller put in last."""
        ticket = self._queues[caller].pop()
        self._took_from(caller)
        return ticket

    def _took_from(self, caller: str) -> None:
        self._count -= 1
        if not self._queues[caller]:
            del self._queues[caller]


class Line:
    """What a request waits for (``front``) and what runs in the background (``back``)."""

    def __init__(self) -> None:
        self.front = Turns()
        self.back = Turns()
        self._fronts_in_a_row = 0

    def __len__(self) -> int:
        return len(self.front) + len(self.back)

    def of(self, ticket: Ticket) -> Turns:
        """Where a ticket belongs."""
        return self.back if ticket.terms.is_background else self.front

    def pop(self) -> Ticket:
        """The next one."""
        is_backs = len(self.back) > 0 and (
            not len(self.front) or self._fronts_in_a_row >= BACKGROUND_TURN - 1
        )
        self._fronts_in_a_row = 0 if is_backs or not len(self.back) else self._fronts_in_a_row + 1
        return (self.back if is_backs else self.front).pop()
