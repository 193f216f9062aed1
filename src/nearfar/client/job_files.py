"""The files of a job on this side: photos on their way out, results on their way in."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.client.calls import upload
from nearfar.client.errors import ServiceError
from nearfar.errors import EmptyInputError, NearfarError, OutputError, SourceError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nearfar.client.calls import Bounds, Part
    from nearfar.decode.photo import PhotoSource

_NAME = re.compile(r"(?:[0-9]{5,}[A-Za-z0-9._-]{0,80}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_ENTRIES = 2**20  # 60,000 pictures of 16 files


class PhotoFile:
    """A file to send. It is open only while a piece of it is read: a job may have thousands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        with _sources(path):
            self.length = path.stat().st_size
            with path.open("rb"):
                pass  # what cannot be read is told before anything is sent

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        with _sources(self._path), self._path.open("rb") as file:
            file.seek(self._place)
            data = file.read(count)
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there."""
        self._place = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.length}[whence] + offset
        return self._place

    def tell(self) -> int:
        """Where it is."""
        return self._place


@contextmanager
def _sources(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc


def parts_of(photos: Iterable[PhotoSource], bounds: Bounds) -> tuple[Part, ...]:
    """The photos as fields of a multipart body; files are read while they are sent.

    Raises:
        SourceError: a file cannot be read.
        EmptyInputError: there is no photo, or one holds nothing.
        TooLargeError: together more bytes than the bounds allow.
    """
    parts: list[Part] = []
    left = bounds.job_bytes
    for number, photo in enumerate(photos, 1):
        part, length = _part(photo, number, replace(bounds, photo_bytes=bounds.job_bytes))
        left -= length
        if not length:
            raise EmptyInputError(f"Photo {number} holds no bytes.")
        if left < 0:
            raise TooLargeError(
                f"The photos have more than {bounds.job_bytes / 2**20:g} MiB.",
                "Make several jobs, or raise Bounds.job_bytes.",
            )
        parts.append(part)
    if not parts:
        raise EmptyInputError("There is no photo.", "Give at least one.")
    return tuple(parts)


def parts_of_options(files: Mapping[str, PhotoSource], bounds: Bounds) -> tuple[Part, ...]:
    """Files of options as fields of their names; errors as of :func:`parts_of`."""
    return tuple((name, _part(file, 1, bounds)[0][1]) for name, file in files.items())


def _part(photo: PhotoSource, number: int, bounds: Bounds) -> tuple[Part, int]:
    """(field, its bytes)."""
    if isinstance(photo, (str, os.PathLike)):
        file = PhotoFile(Path(photo))
        return ("images", (Path(photo).name, file)), file.length
    data = upload(photo, bounds)
    return ("images", (f"photo{number}", data)), len(data)


@contextmanager
def results_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder of its own within ``folder``, which is made, for what is not whole yet; it goes at the end.

    Raises:
        OutputError: it cannot be made.
    """
    part = Path(folder) / f".nearfar-{os.urandom(8).hex()}.part"
    with _outputs(folder):
        part.mkdir(parents=True)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _outputs(folder: Any) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutputError(
            f"Cannot write into {folder}: {exc.strerror or exc}.", "Choose a folder that is writable."
        ) from exc


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The ZIP of a job in a folder of its own: ``part``, within the folder that its files are for."""

    part: Path
    bounds: Bounds

    @property
    def zip(self) -> Path:
        """Where the ZIP is written to."""
        return self.part / "results.zip"

    def write(self, data: bytes) -> None:
        """The next bytes of the ZIP."""
        with _outputs(self.part.parent), self.zip.open("ab") as file:
            file.write(data)

    def unpack(self) -> tuple[Path, ...]:
        """Unpack beside the ZIP, then rename each file to its place; gives the places in the ZIP's order.

        Raises:
            ServiceError: the ZIP is damaged, too large, or has names that a service does not give.
            OutputError: the disk is full.
        """
        fresh, folder = self.part / "files", self.part.parent
        try:
            with zipfile.ZipFile(self.zip) as archive:
                names = self._names(archive)
                with _outputs(folder):
                    for name in names:
                        _unpack(archive, name, fresh / name)
        except NearfarError:
            raise
        except Exception as exc:  # the reader raises anything on what is no ZIP
            raise ServiceError(f"The results are no whole ZIP: {exc}.", "Ask for them again.") from exc
        with _outputs(folder):
            for name in names:
                (folder / name).parent.mkdir(exist_ok=True)
                (fresh / name).replace(folder / name)
        return tuple(folder / name for name in names)

    def _names(self, archive: zipfile.ZipFile) -> list[str]:
        """Names of the entries, none of which leads elsewhere."""
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        count = Counter(names)
        wrong = next((name for name in names if count[name] > 1 or not _NAME.fullmatch(name)), None)
        if wrong is not None:
            raise ServiceError(f"The results hold a file that a service does not give: {wrong!r}.")
        if len(names) > _ENTRIES or sum(entry.file_size for entry in entries) > self.bounds.results_bytes:
            raise ServiceError(
                f"The results unpack to more than {self.bounds.results_bytes / 2**20:g} MiB.",
                "Raise Bounds.results_bytes if that is right.",
            )
        return names


def _unpack(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file)
