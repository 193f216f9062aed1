"""A folder that is watched: each new photo is worked on once, when it has been written to its end.

Looked at again and again rather than told by the system, so that it works on every disk, shares of other
machines among them. A journal in the folder of results says what was begun, done and failed, each row on the
disk before what follows it: where a run is cut off, the next one neither leaves a photo out nor does one
twice. What is made stands in each row: another recipe into the same folder is new work, and the same one with
other options is refused.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError, OutputError, OutputExistsError, ParameterError
from nearfar.machine.files import locked, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[[Path, Path], dict[Path, bytes]]  # a photo and its target to files
    Takes = Callable[[Path], bool]

JOURNAL = ".nearfar-watch.jsonl"
_LOCK = ".nearfar-watch.lock"
_BEGUN, _DONE, _FAILED = "begun", "done", "failed"


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a folder is watched.

    ``ending``: of a result's name, behind the photo's: ``.portrait-blur.png``. ``settle_s``: so long a file
    must not have changed. ``every_s``: between two looks. ``recursive``: folders within it too. ``made``:
    tells results of this ending from those of other options.
    """

    ending: str
    settle_s: float = 2.0
    every_s: float = 1.0
    recursive: bool = False
    made: str = ""

    def __post_init__(self) -> None:
        if self.settle_s < 0 or self.every_s <= 0:
            raise ParameterError("settle and every are seconds, of 0 or more.", parameter="settle")


@dataclass(frozen=True, slots=True)
class Print:
    """What tells one state of a file from another: bytes, and time of its last change in nanoseconds."""

    size: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of a photo: the files that were written, or the error in their place."""

    photo: Path
    files: tuple[Path, ...] = ()
    error: NearfarError | None = None


@dataclass(slots=True)
class _Known:
    """What the journal says of one photo: its newest print, and whether that was begun, done or failed."""

    print: Print
    state: str


@dataclass(slots=True)
class FolderWatch:
    """Watches ``folder`` and writes into ``output``.

    ``make`` gives the files of a photo; ``takes`` says whether a file could be one. In a ``with`` of
    :meth:`opened`.
    """

    folder: Path
    output: Path
    make: Make
    takes: Takes
    options: WatchOptions
    _known: dict[str, _Known] = field(default_factory=dict)
    _seen: dict[str, tuple[Print, float]] = field(default_factory=dict)

    @contextmanager
    def opened(self) -> Iterator[FolderWatch]:
        """With the journal read, and no other watcher of this output at work.

        Raises:
            OutputError: the folder of results cannot be written to, or the journal is damaged.
            ParameterError: the folder holds results of such names that other options made.
        """
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            message = f"{self.output} cannot be a folder of results: {exc.strerror or exc}."
            raise OutputError(message, "Name another with --output.") from exc
        with locked(self.output / _LOCK):
            self._known = _read_journal(self.output / JOURNAL, self.options)
            yield self

    def run(self, *, is_once: bool = False) -> Iterator[Happened]:
        """What becomes of each photo, as it happens, without end.

        ``is_once``: until all that is there is done; what is still being written is waited for. A file
        without bytes is not there yet; in the end it is a damaged one.
        """
        while True:
            waiting = False
            for photo in self._photos():
                print_ = _print_of(photo)
                if print_ is None or not self._is_new(photo, print_):
                    continue
                if not self._is_settled(photo, print_, may_be_empty=is_once):
                    waiting = True
                    continue
                yield self._one(photo, print_)
            if is_once and not waiting:
                return
            time.sleep(min(self.options.every_s, self.options.settle_s or self.options.every_s))

    def _photos(self) -> list[Path]:
        try:
            found = self.folder.rglob("*") if self.options.recursive else self.folder.iterdir()
            return sorted(path for path in found if self._is_photo(path))
        except OSError:  # a share that is gone for a while: the next look may see it
            return []

    def _is_photo(self, path: Path) -> bool:
        """A file that could be a photo: not hidden, no result of ours."""
        hidden = any(part.startswith(".") for part in path.relative_to(self.folder).parts)
        return not hidden and not path.name.endswith(self.options.ending) and self.takes(path)

    def _is_new(self, photo: Path, print_: Print) -> bool:
        known = self._known.get(self._key(photo))
        return known is None or known.print != print_ or known.state == _BEGUN

    def _is_settled(self, photo: Path, print_: Print, *, may_be_empty: bool) -> bool:
        """Whether nothing changed in it for long enough."""
        key, now = self._key(photo), time.monotonic()
        before = self._seen.get(key)
        if before is None or before[0] != print_:
            self._seen[key] = print_, now
            before = self._seen[key]
        return (may_be_empty or print_.size > 0) and now - before[1] >= self.options.settle_s

    def _one(self, photo: Path, print_: Print) -> Happened:
        """Work on a photo; the journal is ahead of the files, and behind them again."""
        key, target = self._key(photo), self.target_of(photo)
        known = self._known.get(key)
        is_ours = known is not None
        if known is not None and known.state == _BEGUN and known.print == print_ and target.exists():
            self._note(key, print_, _DONE)  # its result was whole when the run was cut off
            return Happened(photo, (target,))
        if not is_ours and target.exists():
            error = OutputExistsError(f"{target} exists already.", "Move it, or watch into another folder.")
            self._note(key, print_, _FAILED, str(error))
            return Happened(photo, error=error)
        self._note(key, print_, _BEGUN)
        try:
            made = self.make(photo, target)
            for path, data in sorted(made.items(), key=lambda pair: pair[0] == target):  # the named one last
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, data, lasting=True)
        except NearfarError as exc:
            self._note(key, print_, _FAILED, f"{exc.message} {exc.hint}".strip())
            return Happened(photo, error=exc)
        self._note(key, print_, _DONE)
        return Happened(photo, tuple(made))

    def target_of(self, photo: Path) -> Path:
        """Where the picture of a photo goes."""
        under = photo.parent.relative_to(self.folder)
        return self.output / under / f"{photo.stem}{self.options.ending}"

    def _key(self, photo: Path) -> str:
        return photo.relative_to(self.folder).as_posix()

    def _note(self, key: str, print_: Print, state: str, why: str = "") -> None:
        """Write a row of the journal, on the disk before this returns."""
        row: dict[str, Any] = {"photo": key, "bytes": print_.size, "time_ns": print_.time_ns, "state": state}
        row |= {"ending": self.options.ending, "made": self.options.made}
        row |= {"why": why} if why else {}
        path = self.output / JOURNAL
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise OutputError(
                f"The journal {path} cannot be written: {exc.strerror or exc}.",
                "Make room, then watch again.",
            ) from exc
        self._known[key] = _Known(print_, state)


def _print_of(photo: Path) -> Print | None:
    """None where the file is gone."""
    with suppress(OSError):
        about = photo.stat()
        return Print(about.st_size, about.st_mtime_ns)
    return None


def _read_journal(path: Path, options: WatchOptions) -> dict[str, _Known]:
    """What the rows of results of this ending say; a last row that was cut off says nothing.

    Raises:
        OutputError: it cannot be read, or another row is damaged.
        ParameterError: other options made them.
    """
    try:
        rows = path.read_text("utf-8", errors="replace").split("\n") if path.exists() else []
    except OSError as exc:
        raise OutputError(f"The journal {path} cannot be read: {exc.strerror or exc}.", "Check it.") from exc
    found: dict[str, _Known] = {}
    for number, text in enumerate(rows, 1):
        if not text:
            continue
        try:
            row = json.loads(text)
            known = _Known(Print(int(row["bytes"]), int(row["time_ns"])), str(row["state"]))
            photo, ending = str(row["photo"]), row.get("ending", options.ending)
            made = row.get("made", options.made)
        except (ValueError, KeyError, TypeError) as exc:
            if number == len(rows):
                _cut(path)
                break
            raise OutputError(
                f"Line {number} of the journal {path} is damaged.",
                "Mend it, or remove the file: then every photo is new.",
            ) from exc
        if ending == options.ending:
            _require_same(path.parent, made, options)
            found[photo] = known
    return found


def _require_same(output: Path, made: object, options: WatchOptions) -> None:
    """ParameterError where other options made what is called so."""
    if made != options.made:
        raise ParameterError(
            f"{output} holds files *{options.ending} that other options or another network made.",
            "Name another folder with --output, or remove that one to have all of them anew.",
            parameter="output",
        )


def _cut(path: Path) -> None:
    """Take a last row that is not whole out of the journal."""
    whole = path.read_bytes()
    write_whole(path, whole[: whole.rfind(b"\n") + 1], lasting=True)
