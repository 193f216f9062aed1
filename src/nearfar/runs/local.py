"""Folders of this machine."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nearfar.errors import OutputError, SourceError
from nearfar.machine.files import sync, write_whole
from nearfar.runs.places import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A folder of this machine."""

    url: str

    def __reduce__(self) -> tuple[type[LocalPlace], tuple[str]]:
        """In another process the same folder, wherever that process stands."""
        return LocalPlace, (os.path.abspath(self.url),)  # noqa: PTH100 - links stay as they are

    def path(self, name: str) -> Path:
        """Where a file is."""
        return Path(self.url, name)

    def read(self, name: str, span: tuple[int, int] | None = None) -> bytes:
        """As :meth:`Place.read`."""
        with self.open(name) as file, _reading(name):
            if span is None:
                return file.read()
            file.seek(span[0])
            return file.read(span[1])

    def open(self, name: str) -> BinaryIO:
        """As :meth:`Place.open`."""
        with _reading(name):
            path = self.path(name)
            if not path.is_file():  # a pipe could hang, a device never ends
                reason = "is no regular file" if path.exists() else "does not exist"
                raise SourceError(f"{path} {reason}.", "Check the name.")
            return path.open("rb")

    def write(self, name: str, data: bytes) -> None:
        """As :meth:`Place.write`."""
        path = self.path(name)
        self._folder_of(path)
        write_whole(path, data)

    @contextmanager
    def writer(self, name: str) -> Iterator[BinaryIO]:
        """As :meth:`Place.writer`; it is on the disk then."""
        path = self.path(name)
        self._folder_of(path)
        part = path.with_name(f".nearfar-{os.urandom(8).hex()}.part")
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync(path.parent)
        except OSError as exc:
            raise _cannot_write(path, exc) from exc
        finally:
            part.unlink(missing_ok=True)

    def entries(self, under: str = "") -> Iterator[Entry]:
        """As :meth:`Place.entries`: by name, the files of a folder before those of the folders in it."""
        root = Path(self.url)
        yield from _walked(str(root / under), f"{under.rstrip('/')}/" if under else "")

    def entry(self, name: str) -> Entry | None:
        """As :meth:`Place.entry`."""
        try:
            found = self.path(name).stat()
        except OSError:
            return None
        return Entry(name, found.st_size, _stamp(found))

    def remove(self, name: str) -> None:
        """As :meth:`Place.remove`."""
        path = self.path(name)
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except OSError as exc:
            raise _cannot_write(path, exc) from exc

    def _folder_of(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise _cannot_write(path.parent, exc) from exc


def _walked(folder: str, before: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            rows = sorted(found, key=lambda row: row.name)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise SourceError(f"{folder} cannot be listed: {exc.strerror or exc}.", "Check the folder.") from exc
    folders = []
    for row in rows:
        try:
            if row.is_dir():
                folders.append(row.name)
            elif row.is_file():
                found_of = row.stat()
                yield Entry(before + row.name, found_of.st_size, _stamp(found_of))
        except OSError:
            continue  # it went away just now, or is a link to nothing
    for name in folders:
        if not Path(folder, name).is_symlink():  # links may lead in a circle
            yield from _walked(str(Path(folder, name)), f"{before}{name}/")


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_size:x}-{found.st_mtime_ns:x}"


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except SourceError:
        raise
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise SourceError(f"{name} cannot be read: {reason}.") from exc


def _cannot_write(path: Path, exc: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {path}: {exc.strerror or exc}.", "Make room, or choose a folder that is writable."
    )
