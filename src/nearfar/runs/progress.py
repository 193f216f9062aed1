"""How far a run is: counted as rows come, and kept beside the manifest for who looks from elsewhere."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError
from nearfar.runs.manifest import RECORDS

if TYPE_CHECKING:
    from nearfar.runs.manifest import Known
    from nearfar.runs.places import Place
    from nearfar.runs.rows import Row

STATE = f"{RECORDS}/state.json"
_EVERY_S = 5.0
_WINDOW = 512  # photos over which the rate is taken


@dataclass(slots=True)
class Progress:
    """Photos that are done and that failed, of ``total`` (None: nobody knows); those of now apart."""

    done: int = 0
    failed: int = 0
    total: int | None = None
    done_now: int = 0
    failed_now: int = 0
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    _kept_at: float = field(default_factory=time.monotonic)

    def count(self, row: Row, known: Known) -> None:
        """Count a photo; ``known`` has heard of it."""
        self.done, self.failed = known.done, known.failed
        self.failed_now += row.is_failed
        self.done_now += not row.is_failed
        self._times.append(time.monotonic())

    @property
    def rate(self) -> float:
        """Photos a second, of late."""
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / max(1e-9, self._times[-1] - self._times[0])

    @property
    def left_s(self) -> float | None:
        """Seconds left; None where nobody knows."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done - self.failed) / self.rate

    @property
    def plain(self) -> dict[str, Any]:
        """As plain values."""
        left = self.left_s
        return {
            "done": self.done,
            "failed": self.failed,
            "total": self.total,
            "rate": round(self.rate, 3),
            "left_s": None if left is None else round(left, 1),
        }

    def keep(self, place: Place, *, is_finished: bool = False) -> None:
        """Write it where ``nearfar run status`` finds it, at most every few seconds."""
        if not is_finished and time.monotonic() - self._kept_at < _EVERY_S:
            return
        self._kept_at = time.monotonic()
        state = {**self.plain, "finished": is_finished, "told_at": int(time.time())}
        place.write(STATE, json.dumps(state).encode())


def kept_state(place: Place) -> dict[str, Any]:
    """What a run wrote last of how far it is; nothing where there is none."""
    try:
        found = json.loads(place.read(STATE))
    except (NearfarError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
