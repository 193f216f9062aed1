"""A row of the manifest: what became of one photo."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from nearfar.machine.texts import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOST = "ResultLost"
"""The error of a photo whose results were found to be damaged or gone: it is done again."""


@dataclass(frozen=True, slots=True)
class Result:
    """A file that was made: its path below the target (of a shard: ``SHARD::MEMBER``), bytes and hash."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a photo.

    ``key``: hash of content, weights and options; "" where the photo could not be read. ``setup``: hash of
    weights and options alone. ``low``, ``high``: ends of the values, in ``unit``. ``error``: why there is no
    result, and ``error_type`` its name in the tree of errors; "" where all went well.
    """

    source: str
    stamp: str = ""
    key: str = ""
    size: int = -1
    results: tuple[Result, ...] = ()
    kind: str = ""
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    width: int = 0
    height: int = 0
    model: str = ""
    weights_sha256: str = ""
    setup: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""
    error_type: str = ""
    seconds: float = 0.0

    @property
    def is_failed(self) -> bool:
        """Whether there is no result."""
        return bool(self.error_type)

    @property
    def plain(self) -> dict[str, Any]:
        """The row as plain values, as JSON and Parquet hold it."""
        found = {name: getattr(self, name) for name in _NAMES}
        found["results"] = [
            {"path": result.path, "bytes": result.bytes, "sha256": result.sha256} for result in self.results
        ]
        found["warnings"] = list(self.warnings)
        return found


_NAMES = tuple(field.name for field in fields(Row))


def row_of(plain: Mapping[str, Any]) -> Row:
    """A row of plain values.

    Raises:
        KeyError, TypeError: it is none.
    """
    given = {**plain}
    given["results"] = tuple(Result(**result) for result in given.get("results") or ())
    given["warnings"] = tuple(given.get("warnings") or ())
    return Row(**given)


Fate = tuple[str, str, str, str]
"""What of a row says whether its photo is done: source, stamp, setup, error_type."""
FATE = ("source", "stamp", "setup", "error_type")


def line_of(rows: Sequence[Row]) -> bytes:
    """A line of the journal: rows that count together or not at all."""
    return json.dumps([row.plain for row in rows], separators=(",", ":")).encode() + b"\n"


def rows_of(line: bytes) -> list[Row]:
    """The rows of a line; none where it was torn off as a machine failed."""
    try:
        return [row_of(plain) for plain in _plain_of(line)]
    except (KeyError, TypeError):
        return []


def fates_of(line: bytes) -> list[Fate]:
    """Of the rows of a line what :data:`Fate` holds."""
    try:
        return [(row["source"], row["stamp"], row["setup"], row["error_type"]) for row in _plain_of(line)]
    except (KeyError, TypeError):
        return []


def _plain_of(line: bytes) -> list[dict[str, Any]]:
    if not line.endswith(b"\n"):
        return []
    try:
        found = parse_json(line)
    except ValueError:
        return []
    return found if isinstance(found, list) else []
