"""The folder of a run that is not finished: whole segments, and what the next one needs to know.

    TARGET.partial/recipe.json      what the run is; another one begins anew
    TARGET.partial/00000/           a segment: a file for each output, and state.npz
    TARGET.partial/00001.part/      one that was being made when the run ended; it is made anew

A segment's folder gets its name when all in it is on the disk, so that a run may be killed at any moment.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import OutputError
from nearfar.machine.files import locked, sync, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    State = dict[str, npt.NDArray[Any]]

RECIPE, STATE, LOCK, PART, ENDING = "recipe.json", "state.npz", "lock", ".part", "ending"


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of one run, in a folder of their own."""

    folder: Path

    def whole(self) -> list[Path]:
        """The folders of the segments that are whole, in order, up to the first that is not."""
        found: list[Path] = []
        while (folder := self._named(len(found))).is_dir():
            found.append(folder)
        return found

    def begin(self) -> Path:
        """An empty folder for the next segment.

        Raises:
            OutputError: it cannot be made.
        """
        part = self._named(len(self.whole())).with_suffix(PART)
        with disk(part):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
        return part

    def keep(self, part: Path, state: Mapping[str, Any]) -> Path:
        """Make a segment whole: its state is written, all of it synced, and it gets its name."""
        target = part.with_suffix("")
        with disk(part):
            with (part / STATE).open("wb") as file:
                arrays: dict[str, Any] = {name: np.asarray(value) for name, value in state.items()}
                np.savez(file, **arrays)
            for path in part.iterdir():
                sync(path)
            sync(part)
            part.rename(target)
            sync(self.folder)
        return target

    def state(self) -> State:
        """What was kept with the last whole segment; nothing where there is none."""
        last = self.whole()[-1:]
        if not last:
            return {}
        with np.load(last[0] / STATE, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}

    def mark_ending(self) -> None:
        """From here on outputs appear: a run that is killed now goes on although some of them are there."""
        write_whole(self.folder / ENDING, b"", lasting=True)

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _named(self, number: int) -> Path:
        return self.folder / f"{number:05d}"


@contextmanager
def opened(
    folder: Path, recipe: Mapping[str, Any], check: Callable[[], object] = lambda: None
) -> Iterator[Segments]:
    """The segments of a run in ``folder``, held by this process alone; those of another recipe are removed.

    ``check``: asked when it is this process's turn, before anything is changed; what it raises ends it.

    Raises:
        OutputError: the folder cannot be written to.
    """
    text = _text(recipe)
    lock = folder.with_name(folder.name + ".lock")
    with disk(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    with locked(lock), suppress_gone(lock):
        check()
        if _read(folder / RECIPE) != text:
            with disk(folder):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                write_whole(folder / RECIPE, text.encode(), lasting=True)
        yield Segments(folder)


def is_begun(folder: Path) -> bool:
    """Whether a run left something there to go on from."""
    return Segments(folder).whole() != []


def is_ending(folder: Path, recipe: Mapping[str, Any]) -> bool:
    """Whether a run of that recipe was killed while its outputs appeared."""
    return (folder / ENDING).exists() and _read(folder / RECIPE) == _text(recipe)


@contextmanager
def suppress_gone(lock: Path) -> Iterator[None]:
    """Remove the lock's file at the end."""
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Translate what the disk says."""
    try:
        yield
    except OSError as exc:
        raise OutputError(
            f"Cannot write into {path}: {exc.strerror or exc}.", "Make room, or choose another folder."
        ) from exc


def nested(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """A state's names below another."""
    return {f"{name}/{key}": value for key, value in state.items()}


def part_of(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """What was put below a name; numbers and texts as such."""
    below = f"{name}/"
    return {key.removeprefix(below): _plain(value) for key, value in state.items() if key.startswith(below)}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _text(recipe: Mapping[str, Any]) -> str:
    return json.dumps(recipe, indent=1, sort_keys=True, default=str)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
