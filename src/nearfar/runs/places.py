"""Where sources and targets are: what a folder of this machine and a bucket have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: its name below the place, with ``/``; bytes; what changes where its content may have."""

    name: str
    size: int
    stamp: str


class Place(Protocol):
    """A folder or a bucket; carried to other processes as it is. Names are below it, with ``/``."""

    @property
    def url(self) -> str:
        """What messages call it."""

    def read(self, name: str, span: tuple[int, int] | None = None) -> bytes:
        """The bytes of a file, or ``span[1]`` of them from ``span[0]`` on; else SourceError."""

    def open(self, name: str) -> BinaryIO:
        """A file to read from any place in it; SourceError where it cannot be read."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file: whole, or not at all; OutputError where it cannot be."""

    def writer(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file that gets its name, whole, at the end of the context; OutputError where it cannot be."""

    def entries(self, under: str = "") -> Iterator[Entry]:
        """The files below, one after the other, in an order that stays the same."""

    def entry(self, name: str) -> Entry | None:
        """What is known of a file; None where there is none."""

    def remove(self, name: str) -> None:
        """Remove a file; nothing where there is none."""
