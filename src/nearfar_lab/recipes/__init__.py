"""Recipes by name; a file that holds a `RECIPE` is found by itself."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from nearfar_lab.errors import UnknownNameError
from nearfar_lab.recipes.recipe import Recipe, Stage

__all__ = ["Recipe", "Stage", "recipe", "recipes"]


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe by name."""
    found: dict[str, Recipe] = {}
    for module in pkgutil.iter_modules(__path__):
        row = getattr(import_module(f"{__name__}.{module.name}"), "RECIPE", None)
        if row is not None:
            found[row.name] = row
    return found


def recipe(name: str) -> Recipe:
    """The recipe of that name."""
    if name not in recipes():
        raise UnknownNameError(f"no recipe named {name!r}; known: {', '.join(sorted(recipes()))}")
    return recipes()[name]
