"""The manifest of a run: one row a photo, and the truth of what is done.

    TARGET/nearfar-run/setup.json             what is made of each photo, and by which weights
    TARGET/nearfar-run/journal/000001-....jsonl   rows as they come, a line for what counts together
    TARGET/nearfar-run/manifest.parquet       one row a photo, written as a run ends (.jsonl without pyarrow)

A row is written when its results are whole. Of several rows of a photo the last one counts, in the order of
the files: the manifest, then journals by their numbers. No clock is asked.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from nearfar.errors import OutputError
from nearfar.runs import arrow
from nearfar.runs.local import LocalPlace
from nearfar.runs.rows import LOST, fates_of, line_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nearfar.runs.places import Place
    from nearfar.runs.rows import Fate, Row

RECORDS = "nearfar-run"
"""The folder of a target that holds what is known of its run."""
SETUP = f"{RECORDS}/setup.json"
"""What a target is of: a folder that holds it is the target of a run."""
PARQUET, JSONL = "manifest.parquet", "manifest.jsonl"
T = TypeVar("T")
_SYNC_S = 1.0
_MANY = 16
_EXAMPLES = 10  # names that are kept of photos that failed before
_PART_ROWS, _PART_S = 256, 5.0


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of a target, below ``folder``."""

    place: Place
    folder: str = RECORDS

    def rows(self) -> Iterator[Row]:
        """Every row that was written, older ones first; of a photo the last one counts.

        Raises:
            SourceError, MissingExtraError: a file cannot be read.
        """
        for file, path in self._files():
            yield from arrow.read_rows(file, path) if path.endswith(PARQUET) else _each(file, rows_of)

    def fates(self) -> Iterator[Fate]:
        """What of every row says whether its photo is done, in the same order; errors as of :meth:`rows`."""
        for file, path in self._files():
            yield from arrow.read_fates(file, path) if path.endswith(PARQUET) else _each(file, fates_of)

    def latest(self) -> Iterator[Row]:
        """The row of each photo that counts: rows are gone through twice, and few are held."""
        last: dict[bytes, int] = {}
        for number, fate in enumerate(self.fates()):
            last[_hashed(fate[0])] = number
        for number, row in enumerate(self.rows()):
            if last.get(_hashed(row.source)) == number:
                yield row

    def journal(self) -> Journal:
        """A journal of this process's own, to add rows to."""
        numbers = [int(PurePosixPath(path).name.partition("-")[0]) for path in self._journals()]
        name = f"{self.folder}/journal/{max(numbers, default=0) + 1:06d}-{os.urandom(4).hex()}"
        if isinstance(self.place, LocalPlace):
            return _Appended(self.place, f"{name}.jsonl")
        return _Parts(self.place, name)

    def compact(self) -> str:
        """Write the manifest anew out of all rows that count, then remove the journals; gives its path.

        Raises:
            OutputError: it cannot be written; all that was there is there still.
        """
        journals = list(self._journals())
        kind = PARQUET if arrow.has_arrow() else JSONL
        path = f"{self.folder}/{kind}"
        if not journals and self.place.entry(path) is not None:
            return path
        with self.place.writer(path) as file:
            if kind == PARQUET:
                arrow.write_rows(file, self.latest())
            else:
                for row in self.latest():
                    file.write(line_of([row]))
        if kind == PARQUET:
            self.place.remove(f"{self.folder}/{JSONL}")
        for journal in journals:  # the oldest first: what is left then never replaces what is newer
            self.place.remove(journal)
        return path

    def _files(self) -> Iterator[tuple[BinaryIO, str]]:
        """The files that hold rows, open, in the order of their age."""
        # Where both are there, the lines are older: they were written before pyarrow was installed.
        paths = [path for name in (JSONL, PARQUET) if self.place.entry(path := f"{self.folder}/{name}")]
        for path in [*paths, *self._journals()]:
            with self.place.open(path) as file:
                yield file, path

    def is_scattered(self) -> bool:
        """Whether rows are in so many journals that reading them takes long."""
        return len(self._journals()) > _MANY

    def _journals(self) -> list[str]:
        found = self.place.entries(f"{self.folder}/journal")
        return sorted(entry.name for entry in found if entry.name.endswith(".jsonl"))


class Journal:
    """Rows that are added one after the other; :meth:`close` makes sure of the last ones."""

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows that count together or not at all. OutputError where they cannot be written."""
        raise NotImplementedError

    def close(self) -> None:
        """Make sure that all rows are there."""
        raise NotImplementedError


class _Appended(Journal):
    """A file of this machine: a line is there when :meth:`add` returns, though the process be killed then."""

    def __init__(self, place: LocalPlace, name: str) -> None:
        self._path = place.path(name)
        self._file: BinaryIO | None = None
        self._synced_at = time.monotonic()

    def add(self, rows: Sequence[Row]) -> None:
        """As of :class:`Journal`; the disk is waited for once a second."""
        data = line_of(rows)
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab", buffering=0)
            while data:
                data = data[self._file.write(data) or 0 :]
            if time.monotonic() - self._synced_at > _SYNC_S:
                os.fsync(self._file.fileno())
                self._synced_at = time.monotonic()
        except OSError as exc:
            raise OutputError(f"Cannot write {self._path}: {exc.strerror or exc}.", "Make room.") from exc

    def close(self) -> None:
        """As of :class:`Journal`."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()


class _Parts(Journal):
    """Objects of a bucket, which nothing can be appended to: one every few seconds, or few hundred rows."""

    def __init__(self, place: Place, name: str) -> None:
        self._place, self._name = place, name
        self._held: list[bytes] = []
        self._part = 0
        self._since = time.monotonic()

    def add(self, rows: Sequence[Row]) -> None:
        """As of :class:`Journal`; rows of the last seconds are lost with the process, and redone."""
        self._held.append(line_of(rows))
        if len(self._held) >= _PART_ROWS or time.monotonic() - self._since > _PART_S:
            self.close()

    def close(self) -> None:
        """As of :class:`Journal`."""
        if self._held:
            self._place.write(f"{self._name}-{self._part:06d}.jsonl", b"".join(self._held))
        self._part += bool(self._held)
        self._held, self._since = [], time.monotonic()


@dataclass(slots=True)
class Known:
    """What is done already: the anti-join that a run goes on by. About 200 bytes a photo.

    ``done``, ``failed``: photos by what became of them; those that are to be done again are in neither.
    ``seen``: photos of a look at the source, of which ``doubled`` had a name that had come before, and
    ``failed_before`` failed in a run before and are not tried again; ``examples``: names of some of these.
    """

    setup: str
    retry_errors: bool = False
    done: int = 0
    failed: int = 0
    doubled: int = 0
    seen: int = 0
    failed_before: int = 0
    examples: list[str] = field(default_factory=list)
    _fates: dict[bytes, bytes] = field(default_factory=dict)
    _look: int = 0

    @classmethod
    def of(cls, manifest: Manifest, setup: str, *, retry_errors: bool = False) -> Known:
        """What the rows of a manifest say of photos that are made by a setup."""
        known = cls(setup, retry_errors)
        for source, stamp, of, error_type in manifest.fates():
            is_again = of != setup or error_type == LOST or (error_type and retry_errors)
            known._set(
                _hashed(source), b"" if is_again else (b"-\0" if error_type else b"+\0") + _hashed(stamp)
            )
        return known

    def begin(self) -> None:
        """The source is looked at, once more."""
        self._look = self._look % 255 + 1
        self.seen = self.doubled = self.failed_before = 0
        self.examples = []

    def note(self, row: Row) -> None:
        """Take in what became of a photo; the last row of it counts."""
        name_hash = _hashed(row.source)
        look = self._fates.get(name_hash, b"??")[1:2] if self._look else b"\0"
        self._set(name_hash, (b"-" if row.is_failed else b"+") + look + _hashed(row.stamp))

    def claim(self, name: str, stamp: str) -> bool:
        """Whether a photo is to be done: where it is not, or its content may have changed.

        Of a name that comes twice within a look at the source the first one counts.
        """
        name_hash, stamp_hash, look = _hashed(name), _hashed(stamp), bytes([self._look])
        fate = self._fates.get(name_hash, b"")
        self.seen += 1
        if fate[1:2] == look and self._look:
            self.doubled += 1
            return False
        is_known = fate[2:] == stamp_hash
        if is_known and fate[:1] == b"-":
            self.failed_before += 1
            self.examples += [name] if self.failed_before <= _EXAMPLES else []
        self._set(name_hash, (fate[:1] if is_known else b"?") + look + stamp_hash)
        return not is_known

    def _set(self, name_hash: bytes, fate: bytes) -> None:
        before = self._fates.pop(name_hash, b"")[:1]
        self.done += (fate[:1] == b"+") - (before == b"+")
        self.failed += (fate[:1] == b"-") - (before == b"-")
        if fate:
            self._fates[name_hash] = fate


def _hashed(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _each(file: BinaryIO, read: Callable[[bytes], list[T]]) -> Iterator[T]:
    """What the lines of a file hold."""
    while data := file.readline():
        yield from read(data)
