"""``nearfar effects``: what there is, with options."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cli import _plugins
from nearfar.cli._verb import verb
from nearfar.options import option, parse
from nearfar.registry import EFFECTS


@dataclass(frozen=True, slots=True)
class EffectsOptions:
    """The flags of the verb."""

    json: bool = option(False, "JSON on standard output: an array of all, with their options.")


@verb(EffectsOptions, ("NAME", "Show only these."))
def command(names: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """List the effects with their options."""
    _plugins.tell_all(EFFECTS, names, is_json=parse(EffectsOptions, given).json)
    return 0
