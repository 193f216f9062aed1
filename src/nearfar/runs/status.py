"""How a run stands, looked at from elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from nearfar.errors import SourceError
from nearfar.runs.manifest import SETUP, Manifest
from nearfar.runs.progress import kept_state
from nearfar.runs.rows import LOST
from nearfar.runs.where import place_of


@dataclass(frozen=True, slots=True)
class Status:
    """What the manifest says of a target, and what its run told last of how fast it goes.

    ``errors``: photos by the kind of what is wrong with them. ``bytes``: of results. ``state``: done, failed,
    total, rate (photos a second), left_s, finished, told_at (seconds since 1970, by the run's clock).
    """

    target: str
    done: int
    failed: int
    lost: int
    bytes: int
    errors: dict[str, int]
    model: str
    state: dict[str, Any]


def status_of(target: str) -> Status:
    """How the run of a target stands.

    Raises:
        SourceError: there is no run.
        MissingExtraError: its manifest needs a library that is not installed.
    """
    place = place_of(target)
    if place.entry(SETUP) is None:
        raise SourceError(f"{target} holds no run.", "Name the target of nearfar run.")
    errors: Counter[str] = Counter()
    done = count = 0
    for row in Manifest(place).latest():
        errors[row.error_type] += 1
        done += not row.is_failed
        count += sum(result.bytes for result in row.results)
    del errors[""]
    lost = errors.pop(LOST, 0)
    model = json.loads(place.read(SETUP))["setup"]["model"]
    return Status(target, done, errors.total(), lost, count, dict(errors), model, kept_state(place))
