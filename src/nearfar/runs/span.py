"""One range of values for the colours of a whole run: a first pass looks at all photos, and draws none."""

from __future__ import annotations

import json
from array import array
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import SourceError
from nearfar.runs.manifest import RECORDS, Known, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.runs.items import Item
    from nearfar.runs.places import Place
    from nearfar.runs.runner import Runner
    from nearfar.runs.work import Work

_KEPT, _PASS = f"{RECORDS}/range.json", f"{RECORDS}/range"
_ENDS = (2.0, 98.0)  # percentiles of the photos' own ends: a few odd photos do not widen it for all


def span_of(place: Place) -> tuple[float, float] | None:
    """The range that an earlier pass over this run found; None where there was none."""
    if place.entry(_KEPT) is None:
        return None
    low, high = json.loads(place.read(_KEPT))["range"]
    return float(low), float(high)


def find_span(items: Iterable[Item], place: Place, work: Work, runner: Runner) -> tuple[float, float]:
    """Look at all photos and keep the range; a pass that was killed goes on.

    Raises:
        SourceError: no photo could be looked at.
    """
    manifest = Manifest(place, _PASS)
    known = Known.of(manifest, work.setup)
    journal = manifest.journal()
    todo = (item for item in items if known.claim(item.name, item.stamp))
    with closing(runner.run(work, todo)) as found:
        for done in found:
            journal.add([done.row])
    journal.close()
    lows, highs = array("d"), array("d")
    for row in manifest.latest():
        if not row.is_failed and row.setup == work.setup:
            lows.append(row.low)
            highs.append(row.high)
    if not lows:
        raise SourceError("No photo of the source could be looked at.", "Run without --one-range to see why.")
    low, high = float(np.percentile(lows, _ENDS[0])), float(np.percentile(highs, _ENDS[1]))
    if low >= high:
        high = low + 1.0  # all of it is flat
    place.write(_KEPT, json.dumps({"range": [low, high], "photos": len(lows)}).encode())
    for entry in list(place.entries(_PASS)):
        place.remove(entry.name)
    return low, high
