"""What is remembered of each caller: by one process for itself, or by all workers of a service together.

The workers' ledger is a table in a file that all of them map into memory. It is locked for microseconds at a
time, by a lock that the system takes from a process that dies; what a dead worker had under way is struck out
by their parent. Used from event loops alone: a lock of this kind does not hold between threads.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MOST_CALLERS = 20_000
"""Callers that are remembered: some 4 MB. Beyond it the one that was silent longest is forgotten, whose
allowance has grown back most."""
_GROUPS = 2_500
_PLACES = 8
"""Places of a group: a caller has one in the group of its name's hash, as in a cache of a processor."""


@dataclass(slots=True)
class Account:
    """One caller's.

    ``full_at``: when its allowance will be whole again, on the clock of ``time.monotonic``, which all
    processes of a machine share; ``here``: what it has under way in this process, ``elsewhere``: in others.
    """

    full_at: float = 0.0
    here: int = 0
    elsewhere: int = 0


class Ledger(Protocol):
    """The accounts of all callers."""

    def account(self, caller: str) -> AbstractContextManager[Account]:
        """A caller's account, for as long as the block lasts; what is changed in it is kept."""
        ...


class OwnLedger:
    """Of one process."""

    def __init__(self, most: int = MOST_CALLERS) -> None:
        self._most = most
        self._accounts: OrderedDict[str, Account] = OrderedDict()

    def __len__(self) -> int:
        """Callers that are remembered."""
        return len(self._accounts)

    @contextmanager
    def account(self, caller: str) -> Iterator[Account]:
        """A caller's account."""
        found = self._accounts.pop(caller, None) or Account()
        self._accounts[caller] = found
        try:
            yield found
        finally:
            if not (found.here or found.full_at):
                del self._accounts[caller]
            elif len(self._accounts) > self._most:
                self._forget_one()

    def _forget_one(self) -> None:
        idle = next((caller for caller, account in self._accounts.items() if not account.here), None)
        if idle is not None:
            del self._accounts[idle]


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """Where the workers' ledger is: its file, how many workers there are, what makes its hashes secret."""

    path: Path
    workers: int
    secret: bytes


class SharedLedger:
    """Of all workers; this is worker ``number``'s view of it."""

    def __init__(self, place: SharedPlace, number: int) -> None:
        """Open it, and make it where it is not there yet."""
        place.path.touch(mode=0o600)
        self._file = place.path.open("r+b")
        shape = (_GROUPS, _PLACES)
        row = np.dtype([("caller", "u8"), ("full_at", "f8"), ("here", "u2", (place.workers,))])
        with self._locked():
            self._file.truncate(row.itemsize * _GROUPS * _PLACES)
        self._rows = np.memmap(self._file, row, mode="r+", shape=shape)
        self._secret = place.secret
        self._number = number

    @contextmanager
    def account(self, caller: str) -> Iterator[Account]:
        """A caller's account; the others wait meanwhile."""
        name = _hash(caller, self._secret)
        with self._locked():
            row = self._row(name)
            count, mine = int(row["here"].sum()), int(row["here"][self._number])
            found = Account(float(row["full_at"]), mine, count - mine)
            try:
                yield found
            finally:
                row["full_at"] = found.full_at
                row["here"][self._number] = max(0, found.here)  # its place may have been given away

    def strike_out(self, number: int) -> None:
        """Worker ``number`` is dead: nothing is under way there any more."""
        with self._locked():
            self._rows["here"][:, :, number] = 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _row(self, name: int) -> Any:
        """The row of a caller; where it has none, one that is free, or that of who was silent longest."""
        group = self._rows[name % _GROUPS]
        known = np.flatnonzero(group["caller"] == name)
        if known.size:
            return group[known[0]]
        is_busy = group["here"].any(axis=1)
        row = group[np.lexsort((group["full_at"], is_busy))[0]]
        row["caller"], row["full_at"], row["here"] = name, 0.0, 0
        return row

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl  # there are workers on POSIX systems alone

        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError):  # the file was closed: so was the lock
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _hash(caller: str, secret: bytes) -> int:
    """64 bits that cannot be aimed at without the secret; never 0."""
    digest = hashlib.blake2b(caller.encode("utf-8", "surrogateescape"), digest_size=8, key=secret).digest()
    return int.from_bytes(digest) | 1
