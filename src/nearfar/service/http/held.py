"""Uploads that a caller may name again for a while, so that a photo is sent once for many effects."""

from __future__ import annotations

import secrets
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import BusyError
from nearfar.service.errors import NoSuchPhotoError
from nearfar.service.http.uploads import too_large

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.service.http.uploads import Upload
    from nearfar.settings import Settings

HEADER = "Nearfar-Photo"
"""Names a held upload in place of a body."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How much is held for how long, as the settings say.

    ``seconds``: after an upload was named the last time; ``most_bytes``: of all held uploads of a process
    (who holds most gives way); ``per_caller``: so many uploads of one.
    """

    seconds: float = 900.0
    most_bytes: int = 64 * 2**20
    per_caller: int = 4

    @classmethod
    def of(cls, settings: Settings) -> Holding:
        """As the settings say."""
        return cls(settings.photo_ttl, settings.photo_bytes, settings.photos_per_caller)


@dataclass(slots=True)
class _Held:
    caller: str
    upload: Upload
    until: float


class HeldUploads:
    """Uploads by ids that cannot be guessed, each for the caller who sent it alone; in memory only."""

    def __init__(self, holding: Holding | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.holding = holding or Holding()
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def keep(self, caller: str, upload: Upload) -> str:
        """Keep an upload and give its id.

        Raises:
            TooLargeError: it alone is more than may be held.
            BusyError: those who hold less than this caller would have to give way.
        """
        if len(upload.body) > self.holding.most_bytes:
            raise too_large(self.holding.most_bytes)
        self._tidy()
        self._held = self._with_room(caller, len(upload.body))
        name = secrets.token_urlsafe(24)
        self._held[name] = _Held(caller, upload, self._clock() + self.holding.seconds)
        return name

    def named(self, caller: str, name: str) -> Upload:
        """The upload of an id.

        Raises:
            NoSuchPhotoError: there is none, its time is over, or another caller sent it.
        """
        self._tidy()
        held = self._held.get(name)
        if held is None or held.caller != caller:
            raise NoSuchPhotoError("There is no such photo here, or no longer.", "Send the photo itself.")
        held.until = self._clock() + self.holding.seconds
        self._held.move_to_end(name)
        return held.upload

    def drop(self, caller: str, name: str) -> None:
        """Forget an upload; NoSuchPhotoError as :meth:`named`."""
        self.named(caller, name)
        del self._held[name]

    def _tidy(self) -> None:
        now = self._clock()
        while self._held and next(iter(self._held.values())).until <= now:
            self._held.popitem(last=False)

    def _with_room(self, caller: str, count: int) -> OrderedDict[str, _Held]:
        """What stays beside ``count`` bytes more of a caller: who holds most lets go of its oldest."""
        left, own = self._held.copy(), [name for name, held in self._held.items() if held.caller == caller]
        for name in own[: max(0, len(own) - self.holding.per_caller + 1)]:
            del left[name]
        sizes = Counter({caller: count})
        for held in left.values():
            sizes[held.caller] += len(held.upload.body)
        while sizes.total() > self.holding.most_bytes:
            name, oldest = max(left.items(), key=lambda row: sizes[row[1].caller])
            if sizes[oldest.caller] < sizes[caller]:
                raise BusyError(
                    "Photos of others fill what is held.", "Send the photo with each request.", 60
                )
            sizes[oldest.caller] -= len(oldest.upload.body)
            del left[name]
        return left
