"""Photos in tars (as WebDataset packs them) and ZIPs."""

from __future__ import annotations

import tarfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import SourceError
from nearfar.runs.items import FileBytes, Held, Item
from nearfar.runs.sources.listed import is_photo, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nearfar.runs.places import Place

_MOST_HELD = 256 * 2**20  # bytes of a photo in a compressed tar, which is read as it comes
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, KeyError, RuntimeError, NotImplementedError)


def of_tar(place: Place, name: str, before: str) -> Iterator[Item]:
    """The photos of a tar; of one without compression they are read when they are wanted."""
    entry = place.entry(name)
    is_packed = not name.lower().endswith(".tar")
    with _whole(name), place.open(name) as file, tarfile.open(fileobj=file, mode="r:*") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined] # else all that went by stays in memory
            if not member.isreg() or not is_photo(member.name):
                continue
            stamp = f"{member.offset_data:x}-{member.size:x}-{entry.stamp if entry else ''}"
            called = before + shown_name(member.name)
            if not is_packed:
                reader = FileBytes(place, name, (member.offset_data, member.size))
                yield Item(called, stamp, member.size, reader)
            elif member.size <= _MOST_HELD and (found := archive.extractfile(member)) is not None:
                yield Item(called, stamp, member.size, Held(found.read()))


@dataclass(frozen=True, slots=True)
class ZipBytes:
    """The bytes of a member of a ZIP."""

    place: Place
    name: str
    member: str

    def __call__(self) -> bytes:
        """As of :class:`nearfar.runs.items.Reader`."""
        with _whole(self.name), self.place.open(self.name) as file, zipfile.ZipFile(file) as archive:
            return archive.read(self.member)


def of_zip(place: Place, name: str, before: str) -> Iterator[Item]:
    """The photos of a ZIP."""
    with _whole(name), place.open(name) as file, zipfile.ZipFile(file) as archive:
        rows = archive.infolist()
    for row in rows:
        if not row.is_dir() and is_photo(row.filename):
            stamp = f"{row.CRC:08x}-{row.file_size:x}"
            reader = ZipBytes(place, name, row.filename)
            yield Item(before + shown_name(row.filename), stamp, row.file_size, reader)


@contextmanager
def _whole(name: str) -> Iterator[None]:
    """Translate what is said of an archive that is damaged."""
    try:
        yield
    except _DAMAGE as exc:
        raise SourceError(f"{name} is damaged: {exc}.", "Copy or download it again.") from exc
