"""What a run takes from its source: photos by name, each with what reads its bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nearfar.errors import SourceError

if TYPE_CHECKING:
    from nearfar.runs.places import Place

_MOST_NAME = 200  # bytes of one part of a name; disks take 255, and results have a suffix
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*]')
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Reader(Protocol):
    """Gives the bytes of a photo; it is carried to other processes as it is."""

    def __call__(self) -> bytes:
        """The bytes; SourceError where there are none."""


@dataclass(frozen=True, slots=True)
class Item:
    """A photo of a source.

    ``name``: what it is called in its source, the same whenever the source is gone through. ``stamp``:
    changes where its content may have; "" where nothing tells that. ``size``: bytes, -1 if not known.
    """

    name: str
    stamp: str
    size: int
    read: Reader


@dataclass(frozen=True, slots=True)
class FileBytes:
    """The bytes of a file, or of a part of it (from where, how many)."""

    place: Place
    name: str
    span: tuple[int, int] | None = None

    def __call__(self) -> bytes:
        """As of :class:`Reader`."""
        return self.place.read(self.name, self.span)


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that are here already."""

    data: bytes

    def __call__(self) -> bytes:
        """As of :class:`Reader`."""
        return self.data


@dataclass(frozen=True, slots=True)
class Broken:
    """What a source could not give: why."""

    message: str
    hint: str

    def __call__(self) -> bytes:
        """Nothing but the error, SourceError."""
        raise SourceError(self.message, self.hint)


def safe_name(name: str) -> str:
    """A path below a folder for whatever a photo is called; names that differ stay different.

    A name that cannot stand as it is (with ``..``, a character that some disks refuse, or too long) is
    changed and ends in some digits of its hash.
    """
    bare = _SCHEME.sub("", name)
    parts = [part for part in bare.split("/") if part not in {"", ".", ".."}]
    changed = [_cut(_UNSAFE.sub("_", part)) for part in parts]
    found = "/".join(changed) or "photo"
    if found == name:
        return found
    digits = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:10]
    return f"{found}~{digits}"


def _cut(part: str) -> str:
    """A part of a name, as long as disks take; halves of characters become question marks in words."""
    data = part.encode(errors="replace")
    return data.decode() if len(data) <= _MOST_NAME else data[:_MOST_NAME].decode(errors="ignore")
