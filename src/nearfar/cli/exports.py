"""``nearfar exports``: what there is, with options."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cli import _plugins
from nearfar.cli._verb import verb
from nearfar.options import option, parse
from nearfar.registry import EXPORTS


@dataclass(frozen=True, slots=True)
class ExportsOptions:
    """The flags of the verb."""

    json: bool = option(False, "JSON on standard output: an array of all, with their options.")


@verb(ExportsOptions, ("NAME", "Show only these."))
def command(names: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """List the exports with their options."""
    _plugins.tell_all(EXPORTS, names, is_json=parse(ExportsOptions, given).json)
    return 0
