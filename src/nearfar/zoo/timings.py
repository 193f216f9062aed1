"""How long networks take on this machine, from photos that were really looked at.

HOME/timings.json    the last times by model, engine and size of the input, for the next process
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError
from nearfar.machine.files import write_whole
from nearfar.weights import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.settings import Settings

KEPT = 25
"""Times that the median is of: a first one, and one that others disturbed, do not count for long."""
_BETWEEN_WRITES_S = 10.0
_SEPARATOR = "|"  # in none of a model's name, an engine's and a size


@dataclass(frozen=True, slots=True)
class MeasuredTime:
    """The median of the last photos: seconds from the decoded photo to its depth, at one input size."""

    seconds: float
    photos: int
    engine: str
    input_width: int
    input_height: int

    @property
    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


@dataclass(slots=True, eq=False)
class Timings:
    """The times of one store; threads may share one. Processes that share the store write in turn."""

    settings: Settings
    _rows: dict[str, deque[float]] = field(default_factory=dict)
    _latest: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _written_at: float = 0.0
    _is_read: bool = False

    @property
    def path(self) -> Path:
        """Where they are kept."""
        return open_store(self.settings).home / "timings.json"

    def note(self, model: str, engine: str, size: tuple[int, int], seconds: float) -> None:
        """One photo was looked at; kept on disk now and then."""
        key = _SEPARATOR.join((model, engine, f"{size[0]}x{size[1]}"))
        with self._lock:
            self._read()
            self._rows.setdefault(key, deque(maxlen=KEPT)).append(seconds)
            self._latest[model] = key
            is_due = time.monotonic() - self._written_at >= _BETWEEN_WRITES_S
            if is_due:
                self._written_at = time.monotonic()
                self._write()

    def of(self, model: str) -> MeasuredTime | None:
        """What a photo takes with a model as it was used last; None where it never was."""
        with self._lock:
            self._read()
            key = self._latest.get(model)
            if key is None:
                return None
            _, engine, size = key.split(_SEPARATOR)
            width, _, height = size.partition("x")
            row = self._rows[key]
            return MeasuredTime(statistics.median(row), len(row), engine, int(width), int(height))

    def _read(self) -> None:
        """What an earlier process left; a damaged file counts as none."""
        if self._is_read:
            return
        self._is_read = True
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
            for key, row in held["rows"].items():
                model, _, size = key.split(_SEPARATOR)
                [int(side) for side in size.split("x")]
                self._rows[key] = deque((float(seconds) for seconds in row), maxlen=KEPT)
                self._latest[model] = key
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._rows.clear()
            self._latest.clear()

    def _write(self) -> None:
        """The model that was used last stands last; a full disk costs nothing but the figures."""
        order = [key for key in self._rows if key not in self._latest.values()]
        order += [key for key in self._latest.values() if key in self._rows]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            held = {"rows": {key: list(self._rows[key]) for key in order}}
            write_whole(self.path, json.dumps(held).encode())
        except (OSError, NearfarError):
            return
