"""What the layers before the routes remember between requests: the keys as they stand, the callers."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import NearfarError
from nearfar.keys import KeyFile, open_keys
from nearfar.service.guard.hosts import allowed_hosts, is_reached_from_elsewhere
from nearfar.service.guard.limits import Crowd, Rates
from nearfar.service.guard.proxies import trusted

if TYPE_CHECKING:
    from nearfar.keys import Key
    from nearfar.service.guard.ledger import Ledger
    from nearfar.service.guard.proxies import Network
    from nearfar.settings import Settings

LOOK_EVERY_S = 1.0
"""How long a change of the key file may go unseen."""
_log = logging.getLogger("nearfar.service")


class Keys:
    """The keys of a file, read again when it changes.

    Keys are needed (``is_on``) where the file exists or a setting says so, and remain needed from then on:
    a file that is emptied or taken away closes the service, and never opens it.
    """

    def __init__(self, file: KeyFile, *, is_required: bool = False) -> None:
        """Read the file.

        Raises:
            SourceError: it cannot be read.
            SettingsError: it is damaged.
        """
        self._file = file
        self._stamp = file.stamp()
        self._ring = file.read()
        self._is_on = is_required or self._stamp is not None
        self._looked_at = time.monotonic()
        self._looking: asyncio.Future[None] | None = None

    @property
    def is_on(self) -> bool:
        """Whether requests need a key."""
        return self._is_on

    def find(self, text: str) -> Key | None:
        """The key that a client presents, or None; as the file was when it was last read."""
        return self._ring.find(text) if text and self._is_on else None

    async def find_now(self, text: str) -> Key | None:
        """The key that a client presents, or None; the file is looked at again where that is due.

        One that is not known may have been added just now: the file is looked at before it is refused. A disk
        that is slow holds up the request that looks, and no other.
        """
        await self.look()
        found = self.find(text)
        if found is None and text and self._is_on:
            await self.look(anew=True)
            found = self.find(text)
        return found

    def holds(self, key: Key, scope: str) -> bool:
        """Whether a key that was found once is still among those, and has a scope; "" is any."""
        found = self._ring.get(key.id)
        return found is not None and found.hash == key.hash and (not scope or scope in found.scopes)

    async def look(self, *, anew: bool = False) -> None:
        """Refresh in a thread, where it is due or ``anew``; while one is under way nobody begins another."""
        is_due = anew or time.monotonic() - self._looked_at >= LOOK_EVERY_S
        if self._looking is not None and not self._looking.done():
            if anew:
                await asyncio.shield(self._looking)
        elif is_due:
            self._looked_at -= LOOK_EVERY_S
            self._looking = asyncio.ensure_future(asyncio.to_thread(self.refresh))
            await asyncio.shield(self._looking)

    def refresh(self, *, now: bool = False) -> None:
        """Read the file again where it changed; at most every second unless ``now``.

        A file that is damaged or cannot be read leaves the keys as they were, and is logged once.
        """
        if not now and time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        try:
            stamp = self._file.stamp()
            if stamp == self._stamp and not now:
                return
            self._stamp = stamp
            ring = self._file.read()
        except NearfarError as exc:
            _log.error("the keys stay as they were: %s", exc)
            return
        if ring != self._ring or (stamp is not None and not self._is_on):
            _log.warning("%d keys are read from %s", len(ring.keys), self._file.path)
        self._ring = ring
        self._is_on = self._is_on or stamp is not None


@dataclass(frozen=True, slots=True, eq=False)
class Guards:
    """Everything that the layers before the routes share."""

    keys: Keys
    rates: Rates
    crowd: Crowd
    hosts: tuple[str, ...]
    proxies: tuple[Network, ...]


def needs_keys(settings: Settings) -> bool:
    """Whether a key is needed also where none was ever made: where other machines reach the service."""
    return settings.require_keys or (is_reached_from_elsewhere(settings) and not settings.without_keys)


def guards_of(settings: Settings, ledger: Ledger | None = None) -> Guards:
    """Those of the settings; callers are counted in the ledger.

    Raises:
        SourceError: the key file cannot be read.
        SettingsError: the key file is damaged, or a host or proxy cannot be one.
    """
    return Guards(
        Keys(open_keys(settings), is_required=needs_keys(settings)),
        Rates(settings.rate_per_minute, settings.rate_burst, ledger),
        Crowd(settings.concurrency, ledger),
        allowed_hosts(settings),
        trusted(settings),
    )
