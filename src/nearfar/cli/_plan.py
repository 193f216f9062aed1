"""What a command line asks for, checked before any work: which photo goes to which files."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.encode import MEDIA_TYPES
from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

STDIO = "-"
_PICTURES = tuple(MEDIA_TYPES)


@dataclass(frozen=True, slots=True)
class Job:
    """One photo and where its results go.

    ``source`` ``-`` is standard input, ``picture`` None is standard output.
    """

    source: str
    picture: Path | None
    raw: Path | None = None
    png16: Path | None = None

    @property
    def targets(self) -> tuple[Path, ...]:
        """The files to write."""
        return tuple(path for path in (self.picture, self.raw, self.png16) if path is not None)


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of result.

    ``given`` is the value of ``flag``; ``ending`` follows the photo's name where that is a folder.
    """

    flag: str
    given: str
    ending: str
    suffixes: tuple[str, ...]
    hint: str = ""

    def file_for(self, source: str, *, is_one_of_many: bool) -> Path | None:
        """The file for a photo; None where this result is not asked for.

        Raises:
            ParameterError: the value is no file or folder that could take it.
        """
        if not self.given:
            return None
        given = Path(self.given)
        if self._is_folder():
            return given / (_stem(source) + self.ending)
        if given.suffix.lower() not in self.suffixes:
            raise ParameterError(
                f"{self.flag} is '{self.given}', but a folder or a file that ends in "
                f"{' or '.join(self.suffixes)} was expected.",
                self.hint,
            )
        if is_one_of_many:
            raise ParameterError(
                f"{self.flag} is '{self.given}', one file for several photos.", "Name a folder."
            )
        return given

    def _is_folder(self) -> bool:
        """An existing folder, or a name without a suffix: that can only mean a folder still to be made."""
        if os.path.isdir(self.given) or self.given.endswith(("/", os.sep)):  # noqa: PTH112 - Path drops the slash
            return True
        return not Path(self.given).suffix and not Path(self.given).exists()


def plan(photos: Sequence[str], output: str, raw: str, png16: str) -> tuple[Job, ...]:
    """The jobs of a command line, one a photo; a photo named twice is one job.

    Raises:
        ParameterError: no photo, a value that cannot be meant, or two results for one file.
    """
    sources = tuple({_identity(photo): photo for photo in reversed(photos)}.values())[::-1]
    if not sources:
        raise ParameterError("No photo was named.", "For example: nearfar photo.jpg, or see nearfar --help.")
    many = len(sources) > 1
    if many and output == STDIO:
        raise ParameterError("Standard output takes one picture, not several.", "Name a folder: -o FOLDER.")
    places = _places(output, raw, png16)
    jobs = tuple(_job(source, *places, many=many) for source in sources)
    _check_distinct(jobs)
    return jobs


def make_folders(jobs: Sequence[Job], named: Sequence[str]) -> None:
    """Make the named folders that are still absent, and make sure that results can be written there.

    Raises:
        ParameterError: a folder cannot be made or written to.
    """
    for text in named:
        if text in {"", STDIO}:
            continue
        path = Path(text)
        is_folder = any(path in (target.parent for target in job.targets) for job in jobs)
        _make_ready(path if is_folder else path.parent, may_make=is_folder)


def _make_ready(folder: Path, *, may_make: bool) -> None:
    try:
        if may_make:
            folder.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as exc:
        raise ParameterError(
            f"The folder {folder} cannot be written to: {exc.strerror or exc}.",
            "Choose a folder that exists and is writable.",
        ) from exc


def repeated(photos: Sequence[str]) -> tuple[str, ...]:
    """The photos that are named more than once."""
    counts = Counter(_identity(photo) for photo in photos)
    first = {_identity(photo): photo for photo in reversed(photos)}
    return tuple(first[identity] for identity, count in counts.items() if count > 1)


def _places(output: str, raw: str, png16: str) -> tuple[Place, Place, Place]:
    return (
        Place("--output", output, ".depth.png", _PICTURES, "Values are written by --raw FILE.npy."),
        Place("--raw", raw, ".depth.npy", (".npy",)),
        Place("--png16", png16, ".depth16.png", (".png",)),
    )


def _job(source: str, output: Place, raw: Place, png16: Place, *, many: bool) -> Job:
    beside = None if source == STDIO else Path(source).parent / (_stem(source) + output.ending)
    given = None if output.given == STDIO else output.file_for(source, is_one_of_many=many)
    return Job(
        source,
        given if output.given else beside,
        raw.file_for(source, is_one_of_many=many),
        png16.file_for(source, is_one_of_many=many),
    )


def _stem(source: str) -> str:
    return "stdin" if source == STDIO else Path(source).stem


def _identity(photo: str | Path) -> str:
    """One text for one file name, however it is written."""
    return STDIO if photo == STDIO else os.path.normcase(os.path.abspath(photo))  # noqa: PTH100 - keeps links


def _check_distinct(jobs: tuple[Job, ...]) -> None:
    owners = {os.path.realpath(job.source): f"the photo {job.source}" for job in jobs if job.source != STDIO}
    for job in jobs:
        for target in job.targets:
            key = os.path.realpath(target)
            if key in owners:
                raise ParameterError(
                    f"{target} cannot hold a result of {job.source}: it is {owners[key]} already.",
                    "Nothing was written: choose other names or folders.",
                )
            owners[key] = f"a result of {job.source}"
