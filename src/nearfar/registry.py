"""Plug-ins by name: a plug-in is one file, its name is the file's, and it is loaded when asked for.

``registry.EFFECTS.load("heatmap")`` imports ``nearfar/effects/heatmap.py`` and gives its ``PLUGIN``.
Files that begin with an underscore are not plug-ins. Installed packages may add more through entry points
of the group ``nearfar.effects`` (and so on).
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from nearfar.errors import MissingExtraError, SettingsError, UnknownNameError, did_you_mean


@dataclass(frozen=True, slots=True)
class Registry:
    """The plug-ins of one kind: ``kind`` is the word for messages, ``package`` the folder's dotted name."""

    kind: str
    package: str

    def names(self) -> tuple[str, ...]:
        """All names, sorted, without loading any plug-in."""
        return tuple(sorted(self._places()))

    def load(self, name: str) -> Any:
        """The plug-in of that name: its file's ``PLUGIN``.

        Raises:
            UnknownNameError: there is none; the message offers the nearest name.
            MissingExtraError: it needs a library that is not installed.
        """
        place = self._places().get(name.replace("-", "_"))
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
                f"Install it: pip install {exc.name}",
            ) from exc

    def _places(self) -> dict[str, str]:
        folder = importlib.import_module(self.package)
        places = {
            info.name: f"{self.package}.{info.name}"
            for info in pkgutil.iter_modules(folder.__path__)
            if not info.name.startswith("_")
        }
        for entry in metadata.entry_points(group=self.package):
            if entry.name in places:
                raise SettingsError(
                    f"Two plug-ins are called {self.kind} '{entry.name}'.",
                    f"Uninstall the package that brings {entry.value}.",
                )
            places[entry.name] = entry.value
        return places


MODELS = Registry("model family", "nearfar.models")
ENGINES = Registry("engine", "nearfar.engines")
EFFECTS = Registry("effect", "nearfar.effects")
EXPORTS = Registry("format", "nearfar.exports")


def by_suffix(suffix: str) -> Any:
    """The export that writes files of a suffix, such as ``.npy``.

    Raises:
        UnknownNameError: none does; the message lists those that do.
    """
    exports = [EXPORTS.load(name) for name in EXPORTS.names()]
    table = {export.suffix: export for export in reversed(exports)}
    found = table.get(suffix.lower())
    if found is None:
        raise UnknownNameError(f"Depth is not written as '{suffix}'.", did_you_mean(suffix, table))
    return found
