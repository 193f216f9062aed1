"""Photos that are files: one, those of a folder, those that a list names."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from nearfar.decode.suffixes import SUFFIXES
from nearfar.errors import SourceError
from nearfar.runs.items import FileBytes, Item
from nearfar.runs.manifest import SETUP
from nearfar.runs.where import is_remote, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nearfar.runs.places import Place


def is_photo(name: str) -> bool:
    """Whether a file is taken for a photo: by its suffix; what is hidden is none."""
    path = PurePosixPath(name)
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)


def shown_name(name: str) -> str:
    """A name as it may stand in a manifest: bytes that are no text become what they are in numbers."""
    return name.encode("utf-8", "backslashreplace").decode()


def of_folder(place: Place, but: str, before: str) -> Iterator[Item]:
    """The photos below a folder or a prefix; nothing below ``but``, nor in targets of runs."""
    targets = Targets(place)
    for entry in place.entries():
        is_ours = bool(but) and (entry.name == but or entry.name.startswith(f"{but}/"))
        if is_photo(entry.name) and not is_ours and not targets.hold(entry.name):
            reader = FileBytes(place, entry.name)
            yield Item(before + shown_name(entry.name), entry.stamp, entry.size, reader)


@dataclass(slots=True)
class Targets:
    """Knows which folders below a place are targets of runs: what is in them are results.

    Buckets are not asked: they would be for each folder.
    """

    place: Place
    known: dict[str, bool] = field(default_factory=dict)

    def hold(self, name: str) -> bool:
        """Whether a folder above the file, and below the place, is one."""
        if is_remote(self.place.url):
            return False
        return any(self._is_one(parent.as_posix()) for parent in PurePosixPath(name).parents[:-1])

    def _is_one(self, folder: str) -> bool:
        if folder not in self.known:
            self.known[folder] = self.place.entry(f"{folder}/{SETUP}") is not None
        return self.known[folder]


def of_file(place: Place, name: str, called: str) -> Item:
    """One file, and what it is called. SourceError where there is none."""
    entry = place.entry(name)
    if entry is None:
        raise SourceError(f"{place.url}/{name} does not exist.", "Check the name.")
    return Item(shown_name(called), entry.stamp, entry.size, FileBytes(place, name))


def of_list(place: Place, name: str) -> Iterator[Item]:
    """The photos that the lines of a text name: paths beside the list, or addresses; # begins a remark."""
    with io.TextIOWrapper(place.open(name), encoding="utf-8-sig", errors="surrogateescape") as file:
        for line in file:
            text = line.strip()
            if text and not text.startswith("#"):
                yield named(place, text)


def named(beside: Place, text: str) -> Item:
    """The photo that a line or a cell names; that there is none is told when it is read."""
    if is_remote(text):
        folder, _, name = text.rpartition("/")
        return Item(shown_name(text), "", -1, FileBytes(place_of(folder), name))
    text = text.removeprefix("file://")
    # Of a bucket no file is asked for one by one: that would take longer than the photos.
    entry = None if is_remote(beside.url) else beside.entry(text)
    stamp, size = (entry.stamp, entry.size) if entry else ("", -1)
    return Item(shown_name(text), stamp, size, FileBytes(beside, text))
