"""What a command line asks for, checked before any work: which photo goes to which files."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.cli._sources import STDIO, Source
from nearfar.encode import MEDIA_TYPES
from nearfar.errors import ParameterError, SourceError, did_you_mean
from nearfar.registry import by_suffix, suffixes_of_exports

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PICTURES = tuple(MEDIA_TYPES)


@dataclass(frozen=True, slots=True)
class Task:
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
    suffixes: tuple[str, ...] = ()
    hint: str = ""

    def file_for(self, source: Source, *, is_one_of_many: bool) -> Path | None:
        """The file for a photo; None where this result is not asked for.

        Raises:
            ParameterError: the value is no file or folder that could take it.
        """
        if not self.given:
            return None
        given = Path(self.given)
        if self._is_folder():
            return given / source.under / (_stem(source.path) + self.ending)
        if self.suffixes and given.suffix.lower() not in self.suffixes:
            raise ParameterError(
                f"{self.flag} is '{self.given}', but a folder or a file that ends in "
                f"{' or '.join(self.suffixes)} was expected.",
                self.hint,
            )
        if is_one_of_many:
            raise ParameterError(
                f"{self.flag} is '{self.given}', one file for several results.", "Name a folder."
            )
        return given

    def _is_folder(self) -> bool:
        """An existing folder, or a name without a suffix: that can only mean a folder still to be made."""
        if os.path.isdir(self.given) or self.given.endswith(("/", os.sep)):  # noqa: PTH112 - Path drops the slash
            return True
        return not Path(self.given).suffix and not Path(self.given).exists()


def plan(photos: Sequence[str | Source], output: str, raw: str, png16: str) -> tuple[Task, ...]:
    """The tasks of a command line, one a photo; a photo named twice is one task.

    Raises:
        ParameterError: no photo, a value that cannot be meant, or two results for one file.
        SourceError: the one photo does not exist, and something else is wrong too.
    """
    return _planned(photos, _places(output, raw, png16))


def plan_results(
    photos: Sequence[str | Source], output: str, ending: str, *, has_sidecar: bool = False
) -> tuple[Task, ...]:
    """The tasks of an effect or export: each photo's result (``picture``) and its sidecar (``raw``).

    Raises:
        ParameterError, SourceError: as of :func:`plan`.
    """
    tasks = _planned(photos, (Place("--output", output, ending),))
    if has_sidecar:
        tasks = tuple(_with_sidecar(task) for task in tasks)
        _check_distinct(tasks)
    return tasks


def _with_sidecar(task: Task) -> Task:
    if task.picture is None:
        raise ParameterError("Standard output holds no sidecar.", "Name a file: -o FILE.")
    return replace(task, raw=Path(f"{task.picture}.json"))


def _planned(photos: Sequence[str | Source], places: tuple[Place, ...]) -> tuple[Task, ...]:
    given = [Source(photo) if isinstance(photo, str) else photo for photo in photos]
    sources = tuple({_identity(source.path): source for source in reversed(given)}.values())[::-1]
    if not sources:
        raise ParameterError("No photo was named.", "For example: nearfar photo.jpg, or see nearfar --help.")
    many = len(sources) > 1
    if many and places[0].given == STDIO:
        raise ParameterError("Standard output takes one picture, not several.", "Name a folder: -o FOLDER.")
    try:
        tasks = tuple(_task(source, places, many=many) for source in sources)
        _check_distinct(tasks)
    except ParameterError:
        if not many:
            check_there(sources[0].path)
        raise
    return tasks


def check_there(source: str) -> None:
    """SourceError where a photo does not exist: told before what is wrong with its results."""
    if source != STDIO and not os.path.lexists(source):
        raise SourceError(f"{source} does not exist.", "Check the name.")


def check_verb(words: Sequence[str], verbs: Iterable[str]) -> None:
    """ParameterError where the first word is no file and nearly a command: ``effct`` is no photo."""
    if not words or Path(words[0]).suffix or os.path.lexists(words[0]) or os.sep in words[0]:
        return
    advice = did_you_mean(words[0], verbs)
    if advice.startswith("Did"):
        raise ParameterError(f"There is no command and no file '{words[0]}'.", advice)


def check_streams(tasks: Sequence[Task], *, is_json: bool = False) -> None:
    """ParameterError where a terminal stands at an end of a binary stream, or two want one end."""
    if any(task.source == STDIO for task in tasks) and (sys.stdin is None or sys.stdin.isatty()):
        raise ParameterError("Nothing is piped in.", "For example: nearfar - < photo.jpg > heat.png")
    if all(task.picture for task in tasks):
        return
    if is_json:
        raise ParameterError("Standard output cannot hold a picture and JSON.", "Name a file: -o FILE.")
    if sys.stdout.isatty():
        raise ParameterError("A picture is not shown on a terminal.", "Name a file (-o FILE), or pipe it.")


def make_folders(tasks: Sequence[Task], named: Sequence[str]) -> None:
    """Make the named folders that are still absent, and make sure that results can be written there.

    Raises:
        ParameterError: a folder cannot be made or written to.
        SourceError: the same, and the one photo does not exist either.
    """
    try:
        _make_folders(tasks, named)
    except ParameterError:
        if len(tasks) == 1:
            check_there(tasks[0].source)
        raise


def _make_folders(tasks: Sequence[Task], named: Sequence[str]) -> None:
    for text in named:
        if text in {"", STDIO}:
            continue
        path = Path(text)
        within = {target.parent for task in tasks for target in task.targets if target.is_relative_to(path)}
        folders = {folder for folder in within if folder == path or path in folder.parents}
        _make_ready(path if folders else path.parent, may_make=bool(folders))
        for folder in sorted({step for each in folders for step in _steps(path, each)}):
            _make_ready(folder, may_make=True)


def _steps(above: Path, folder: Path) -> list[Path]:
    """A folder and those between it and the one above it."""
    return [step for step in (folder, *folder.parents) if above in step.parents]


def _make_ready(folder: Path, *, may_make: bool) -> None:
    import tempfile  # only where a folder is named

    try:
        if may_make:
            folder.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as exc:
        raise ParameterError(
            f"The folder {folder} cannot be written to: {exc.strerror or exc}.",
            "Choose a folder that exists and is writable.",
        ) from exc


def repeated(photos: Sequence[str | Source]) -> tuple[str, ...]:
    """The photos that are named more than once."""
    paths = [photo if isinstance(photo, str) else photo.path for photo in photos]
    counts = Counter(_identity(path) for path in paths)
    first = {_identity(path): path for path in reversed(paths)}
    return tuple(first[identity] for identity, count in counts.items() if count > 1)


def _places(output: str, raw: str, png16: str) -> tuple[Place, Place, Place]:
    is_export = bool(Path(output).suffix) and Path(output).suffix.lower() not in _PICTURES
    written = (*_PICTURES, *suffixes_of_exports()) if is_export else _PICTURES
    if is_export and Path(output).suffix.lower() in written:
        by_suffix(Path(output).suffix)  # an absent library is told before any work
    return (
        Place("--output", output, ".depth.png", written, "Values are written by --raw FILE.npy."),
        Place("--raw", raw, ".depth.npy", (".npy",)),
        Place("--png16", png16, ".depth16.png", (".png",)),
    )


def _task(source: Source, places: tuple[Place, ...], *, many: bool) -> Task:
    output, *others = places
    beside = Path(source.path).parent / (_stem(source.path) + output.ending)
    if output.given == STDIO or (source.path == STDIO and not output.given):
        first = None
    else:
        first = output.file_for(source, is_one_of_many=many) if output.given else beside
    files = (place.file_for(source, is_one_of_many=many) for place in others)
    return Task(source.path, first, *files)


def _stem(source: str) -> str:
    return "stdin" if source == STDIO else Path(source).stem


def _identity(photo: str | Path) -> str:
    """One text for one file name, however it is written."""
    return STDIO if photo == STDIO else os.path.normcase(os.path.abspath(photo))  # noqa: PTH100 - keeps links


def _check_distinct(tasks: tuple[Task, ...]) -> None:
    check_distinct([(task.source, task.targets) for task in tasks])


def check_distinct(results: Sequence[tuple[str, Sequence[Path]]], kind: str = "photo") -> None:
    """ParameterError where two results, or a result and a source (called ``kind``), would be one file."""
    sources = [source for source, _ in results if source != STDIO]
    owners = {os.path.realpath(source): f"the {kind} {source}" for source in sources}
    for source, targets in results:
        for target in targets:
            key = os.path.realpath(target)
            if key in owners:
                raise ParameterError(
                    f"{target} cannot hold a result of {source}: it is {owners[key]} already.",
                    "Nothing was written: choose other names or folders.",
                )
            owners[key] = f"a result of {source}"
