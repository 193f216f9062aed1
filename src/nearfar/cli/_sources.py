"""The photos that words of a command line name: files, folders, patterns, standard input."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.decode.suffixes import SUFFIXES
from nearfar.errors import ParameterError
from nearfar.registry import EFFECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STDIO = "-"
RECURSIVE_HELP = "Of a folder, do the pictures in the folders within it too; results keep their places."


@dataclass(frozen=True, slots=True)
class Source:
    """A photo: its path (``-`` is standard input), and the folder below the named one that it lies in."""

    path: str
    under: Path = field(default_factory=Path)


def gather(words: Sequence[str], *, recursive: bool = False) -> tuple[Source, ...]:
    """The photos that words name, in order: files as they are, folders and patterns as what they hold.

    Raises:
        ParameterError: a folder without pictures, or a pattern that matches nothing.
    """
    return tuple(source for word in words for source in _of_word(word, recursive=recursive))


def _of_word(word: str, *, recursive: bool) -> Iterable[Source]:
    if word == STDIO:
        return [Source(word)]
    if os.path.isdir(word):  # noqa: PTH112 - never raises
        return _of_folder(Path(word), recursive=recursive)
    if glob.has_magic(word) and not os.path.lexists(word):
        return _of_pattern(word, recursive=recursive)
    return [Source(word)]


def _of_folder(folder: Path, *, recursive: bool) -> list[Source]:
    found = sorted(_pictures(folder, recursive=recursive))
    if not found:
        advice = "" if recursive else " Folders within it are done with --recursive."
        raise ParameterError(f"There is no picture in the folder {folder}.", f"Name another.{advice}")
    return [Source(str(path), path.parent.relative_to(folder)) for path in found]


def _pictures(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """The pictures in a folder; hidden files and results of ours are none."""
    for path in folder.rglob("*") if recursive else folder.iterdir():
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not is_hidden and not is_result(path) and path.is_file():
            yield path


def is_result(path: Path) -> bool:
    """Whether a name is that of a result of ours, such as ``photo.depth.png``."""
    middle = Path(path.stem).suffix.lstrip(".")
    return middle in {"depth", "depth16"} or middle.replace("-", "_") in EFFECTS.names() or _is_recipe(middle)


def _is_recipe(middle: str) -> bool:
    """Whether it is a recipe's name; what recipes need is loaded only where it could be one."""
    if not middle or not middle[0].isalpha():
        return False
    from nearfar.recipes.recipe import recipe_names

    return middle in recipe_names()


def _of_pattern(pattern: str, *, recursive: bool) -> list[Source]:
    """What a pattern matches that the shell left as it is; folders among it are done as folders."""
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute ones
    paths = [path for path in found if not is_result(Path(path))]
    if not paths:
        raise ParameterError(f"No file matches {pattern}.", "Check the pattern.")
    sources: list[Source] = []
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - never raises
            sources.append(Source(path))
        elif recursive:
            sources += _of_folder(Path(path), recursive=True)
    return sources
