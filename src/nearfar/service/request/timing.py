"""When each stage of a request began and how long it took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGES = {
    "upload": "the body arrives",
    "queue": "the work waits for a thread",
    "model": "the network is looked up, or loaded",
    "decode": "the photo's bytes become pixels",
    "engine": "the network runs, with what prepares its input and its output",
    "encode": "the depth becomes the answer's bytes: picture, effect or export",
}
"""Every stage in its order, and what happens in it."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Stages as name to (begin, seconds), on the clock of ``time.perf_counter``; threads may write."""

    rows: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done within, also where it fails."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.note(name, begin, time.perf_counter() - begin)

    def note(self, name: str, begin: float, seconds: float) -> None:
        """Write a stage down."""
        self.rows[name] = (begin, seconds)

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, as far as they are known; a copy, since a thread may still be writing."""
        return {name: seconds for name, (_, seconds) in self.rows.copy().items()}
