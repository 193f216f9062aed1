"""What a run's source holds: folders, lists, patterns, tables, tars, ZIPs, each also behind fsspec."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from nearfar.decode.suffixes import SUFFIXES
from nearfar.errors import ParameterError, SourceError
from nearfar.runs.items import Broken, Item
from nearfar.runs.sources import listed, packed, tables
from nearfar.runs.where import is_remote, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_TARS, _ZIPS = (".tar", ".tar.gz", ".tgz"), (".zip",)
_TABLES = (".parquet", ".csv", ".jsonl")
_LISTS = (".txt",)
_BRACES = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True, slots=True)
class Source:
    """Photos by a name: they can be gone through as often as one likes, and never are all in memory.

    ``text``: a path or an address. ``column``: of a table, what holds the photos: paths, addresses or bytes.
    ``names``: of a table whose photos are bytes, the column that names them; the number of the row otherwise.
    ``but``: a path or an address below which nothing is taken: the target's.
    """

    text: str
    column: str = ""
    names: str = ""
    but: str = ""

    def __iter__(self) -> Iterator[Item]:
        """The photos, in an order that stays the same.

        Raises:
            SourceError: there is no such source, or it cannot be listed.
            ParameterError: a column that is not there, or none was named.
            MissingExtraError: it needs a library that is not installed.
        """
        root, files = _root(self.text), _files(self.text)
        targets = listed.Targets(place_of(root or ".")) if len(files) > 1 else None
        for file in files:
            if self._is_ours(file) or (targets and targets.hold(file.removeprefix(root))):
                continue
            under, count = file.removeprefix(root) if file != self.text.rstrip("/") else "", 0
            try:
                for item in self._of(file, under):
                    count += 1
                    yield item
            except SourceError as exc:  # one damaged archive of many ends no run: it has a row that says so
                if len(files) == 1 and not count:
                    raise
                name = under or PurePosixPath(file).name
                yield Item(listed.shown_name(name), "", -1, Broken(exc.message, exc.hint))

    def count(self) -> int | None:
        """How many photos there are; None where counting them would take long."""
        files = [] if is_remote(self.text) else _files(self.text)
        slow = (*_TARS, ".parquet")
        return (
            sum(1 for _ in self) if files and not any(file.lower().endswith(slow) for file in files) else None
        )

    def _of(self, text: str, under: str) -> Iterator[Item]:
        """The photos of one file or folder; ``under``: what a pattern matched, before their names."""
        before = f"{under}/" if under else ""
        if not is_remote(text) and Path(text).is_dir():
            yield from listed.of_folder(place_of(text), self._below(text), before)
            return
        folder, slash, name = text.rpartition("/")
        place, end = place_of(folder or slash or "."), name.lower()
        if end.endswith(_TARS):
            yield from packed.of_tar(place, name, before)
        elif end.endswith(_ZIPS):
            yield from packed.of_zip(place, name, before)
        elif end.endswith(_TABLES):
            yield from tables.of_table(place, name, (self.column, self.names), before)
        elif end.endswith(_LISTS):
            yield from listed.of_list(place, name)
        elif is_remote(text) and PurePosixPath(end).suffix not in SUFFIXES:
            yield from listed.of_folder(place_of(text), self._below(text), before)
        else:
            yield listed.of_file(place, name, under or name)

    def _is_ours(self, file: str) -> bool:
        """Whether a file that a pattern matched lies in the target: it is a result."""
        if not self.but or is_remote(file) != is_remote(self.but):
            return False
        here, there = (name if is_remote(name) else os.path.abspath(name) for name in (file, self.but))  # noqa: PTH100 - no links
        return here.startswith(f"{there.rstrip('/')}/")

    def _below(self, text: str) -> str:
        """What the target is called below a folder of the source; "" where it is elsewhere."""
        here, there = _absolute(text), _absolute(self.but)
        return there.removeprefix(f"{here}/") if self.but and there.startswith(f"{here}/") else ""


def _root(text: str) -> str:
    """What stands before the first part of a pattern that is none."""
    parts = text.removeprefix("file://").split("/")
    fixed = next((k for k, part in enumerate(parts) if glob.has_magic(part) or "{" in part), len(parts))
    return "".join(f"{part}/" for part in parts[:fixed])


def _absolute(text: str) -> str:
    return text.rstrip("/") if is_remote(text) else Path(text).resolve().as_posix()


def _files(text: str) -> list[str]:
    """The files and folders that a text names: a pattern's, or one for each number in braces."""
    if not text:
        raise ParameterError("No source was named.", "For example: nearfar run photos -o depth")
    if braces := _BRACES.search(text):
        low, high = braces.groups()
        numbers = [f"{number:0{len(low)}d}" for number in range(int(low), int(high) + 1)]
        return [file for number in numbers for file in _files(text.replace(braces.group(), number, 1))]
    if is_remote(text):
        return _matches(text) if glob.has_magic(text) and "?" not in text else [text.rstrip("/")]
    bare = text.removeprefix("file://")
    if not glob.has_magic(bare) or Path(bare).exists():
        return [bare.rstrip("/") or "/"]
    found = sorted(glob.glob(bare, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute ones
    if not found:
        raise SourceError(f"No file matches {bare}.", "Check the pattern.")
    return [Path(path).as_posix() for path in found]


def _matches(text: str) -> list[str]:
    from nearfar.runs.buckets import matches

    found = matches(text)
    if not found:
        raise SourceError(f"Nothing matches {text}.", "Check the pattern.")
    return found
