"""Plug-ins by name: a plug-in is one file, its name is the file's, and it is loaded when asked for.

``registry.EFFECTS.load("heatmap")`` imports ``nearfar/effects/heatmap.py`` and gives its ``PLUGIN``.
Files that begin with an underscore are not plug-ins. Installed packages may add more through entry points
of the group ``nearfar.effects`` (and so on).

Where one file has several, as a data set's reader has its splits, they are :class:`Rows`.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import pkgutil
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nearfar.errors import MissingExtraError, ParameterError, SettingsError, UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = TypeVar("Row")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registry:
    """The plug-ins of one kind: ``kind`` is the word for messages, ``package`` the folder's dotted name."""

    kind: str
    package: str

    def names(self) -> tuple[str, ...]:
        """All names, sorted, without loading any plug-in."""
        return tuple(sorted(_places(self.kind, self.package)))

    def load(self, name: str) -> Any:
        """The plug-in of that name: its file's ``PLUGIN``.

        Raises:
            UnknownNameError: there is none; the message offers the nearest name.
            MissingExtraError: it needs a library that is not installed, or one that cannot be loaded.
        """
        require_name(name, self.kind)
        place = _places(self.kind, self.package).get(name.replace("-", "_"))
        if place is None:
            known = [n.replace("_", "-") for n in self.names()]
            raise UnknownNameError(f"There is no {self.kind} '{name}'.", did_you_mean(name, known))
        try:
            return importlib.import_module(place).PLUGIN
        except ModuleNotFoundError as exc:
            if (exc.name or "").partition(".")[0] == "nearfar":
                raise
            raise MissingExtraError(
                f"The {self.kind} '{name}' needs the library '{exc.name}', which is not installed.",
                f"Install it: pip install {_what_brings(exc.name or '')}",
            ) from exc
        except ImportError as exc:  # installed, but broken: a system library is absent, for example
            raise MissingExtraError(
                f"The {self.kind} '{name}' cannot be loaded: {exc}.", "Reinstall the library it names."
            ) from exc

    def ready(self, name: str) -> Any:
        """The plug-in of that name, which can run here: asked for before work begins.

        Raises:
            UnknownNameError: there is none; the message offers the nearest name.
            MissingExtraError: it needs a library that is not installed, or one that cannot be loaded.
        """
        plugin = self.load(name)
        require_libraries(f"The {self.kind} '{plugin.name}'", plugin.libraries, plugin.extra)
        return plugin


@dataclass(frozen=True, slots=True)
class Rows:
    """What the files of a folder list: a file may list several rows, or none at all.

    ``attribute``: the name under which a file has its rows, a tuple of them or a single one. Each row has a
    ``name`` of its own; ``kind`` is the word for messages, ``package`` the folder's dotted name.
    """

    kind: str
    package: str
    attribute: str

    def by_name(self) -> dict[str, Any]:
        """Every row by its name, in the order of the files.

        Raises:
            SettingsError: two rows have one name.
        """
        return dict(_rows(self))

    def load(self, name: str) -> Any:
        """The row of that name.

        Raises:
            UnknownNameError: there is none; the message offers the nearest name.
        """
        return named(self.kind, _rows(self), name)


def require_name(name: object, kind: str) -> None:
    """ParameterError where something else than a text names a plug-in."""
    if not isinstance(name, str):
        raise ParameterError(f"The {kind} is named by a text, not by {type(name).__name__}.")


def named(kind: str, rows: Mapping[str, Row], name: str) -> Row:
    """The row of that name; ``kind`` is the word for the message.

    Raises:
        UnknownNameError: there is none; the message offers the nearest name.
    """
    require_name(name, kind)
    if name not in rows:
        raise UnknownNameError(f"There is no {kind} '{name}'.", did_you_mean(name, rows))
    return rows[name]


@cache
def _rows(shelf: Rows) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place in _places(shelf.kind, shelf.package).values():
        listed = getattr(importlib.import_module(place), shelf.attribute, ())
        for row in listed if isinstance(listed, tuple) else (listed,):
            if row.name in found:
                raise SettingsError(
                    f"Two rows are called {shelf.kind} '{row.name}'.", f"Rename the one in {place}."
                )
            found[row.name] = row
    return found


@cache
def _places(kind: str, package: str) -> dict[str, str]:
    """Name to dotted module, of the files in the package and of the entry points in its group."""
    folder = importlib.import_module(package)
    places = {
        info.name: f"{package}.{info.name}"
        for info in pkgutil.iter_modules(folder.__path__)
        if not info.name.startswith("_")
    }
    for name, value in sorted({(entry.name, entry.value) for entry in entry_points(package)}):
        if name in places:
            raise SettingsError(
                f"Two plug-ins are called {kind} '{name}'.",
                f"Uninstall the package that brings {value}.",
            )
        places[name] = value
    return places


def entry_points(group: str) -> Iterable[Any]:
    """What installed packages bring to a group: each has a ``name`` and, as ``value``, a dotted module."""
    if not any(_may_bring_plugins(folder) for folder in sys.path):
        return ()
    from importlib import metadata  # slow to import

    return metadata.entry_points(group=group)


@cache
def _may_bring_plugins(folder: str) -> bool:
    """True where a distribution installed in a folder names one of our groups.

    Reading a few small files takes two milliseconds; importing importlib.metadata to ask takes twenty of
    every start, and hardly anyone has plug-ins of others.
    """
    try:
        with os.scandir(folder or ".") as entries:
            found = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
    except OSError:  # a zip file, or a folder that is gone
        return False
    return any(_holds(Path(path, "entry_points.txt"), b"[nearfar") for path in found)


def _holds(file: Path, text: bytes) -> bool:
    try:
        return text in file.read_bytes()
    except OSError:
        return False


def absent(libraries: Iterable[str]) -> tuple[str, ...]:
    """Those of some libraries, by the names under which they are imported, that are not installed."""
    return tuple(name for name in libraries if not _is_installed(name))


def _is_installed(library: str) -> bool:
    if library in sys.modules:
        return sys.modules[library] is not None
    return importlib.util.find_spec(library) is not None


def require_libraries(what: str, libraries: Iterable[str], extra: str = "") -> None:
    """MissingExtraError where one of the libraries is not installed; none of them is loaded.

    Args:
        what: begins the message: who needs them.
        libraries: the names under which they are imported.
        extra: of nearfar, which brings them; "" where it is to be found out.
    """
    lacking = absent(libraries)
    if lacking:
        one = "library" if len(lacking) == 1 else "libraries"
        names = " and ".join(f"'{name}'" for name in lacking)
        be = "is" if len(lacking) == 1 else "are"
        brings = [f"'nearfar[{extra}]'"] if extra else sorted({_what_brings(name) for name in lacking})
        raise MissingExtraError(
            f"{what} needs the {one} {names}, which {be} not installed.",
            f"Install {'it' if len(lacking) == 1 else 'them'}: pip install {' '.join(brings)}",
        )


def _what_brings(module: str) -> str:
    """What to install for a module: the extra of nearfar that has it, or a package of that name."""
    from importlib import metadata

    top = module.partition(".")[0]
    try:
        rows = metadata.requires("nearfar") or []
    except metadata.PackageNotFoundError:
        rows = []
    for row in rows:
        need, _, condition = row.partition(";")
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", condition)
        if extra and re.match(rf"{re.escape(top)}(?![\w-])", need.strip()):
            return f"'nearfar[{extra[1]}]'"
    return top


MODELS = Registry("model family", "nearfar.models")
ENGINES = Registry("engine", "nearfar.engines")
EFFECTS = Registry("effect", "nearfar.effects")
EXPORTS = Registry("format", "nearfar.exports")


@cache
def _exports_by_suffix() -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name in EXPORTS.names():
        try:
            export = EXPORTS.load(name)
        except MissingExtraError as exc:  # one format's absent library must not take the others away
            _log.info("%s", exc)
            continue
        table.setdefault(export.suffix, export)
    return table


def suffixes_of_exports() -> tuple[str, ...]:
    """The suffixes of files that exports write."""
    return tuple(_exports_by_suffix())


def by_suffix(suffix: str) -> Any:
    """The export that writes files of a suffix, such as ``.npy``.

    Raises:
        UnknownNameError: none does; the message lists those that do.
        MissingExtraError: the one that does needs a library that is not installed.
    """
    table = _exports_by_suffix()
    found = table.get(suffix.lower())
    if found is None:
        raise UnknownNameError(f"Depth is not written as '{suffix}'.", did_you_mean(suffix, table))
    require_libraries(f"The format '{found.name}'", found.libraries, found.extra)
    return found
