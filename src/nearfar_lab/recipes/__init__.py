"""Recipes by name; a file that holds a `RECIPE` is found by itself."""

from __future__ import annotations

from nearfar.registry import Rows, named
from nearfar_lab.recipes.recipe import Recipe, Stage

__all__ = ["Recipe", "Stage", "recipe", "recipes"]


def recipes() -> dict[str, Recipe]:
    """Every recipe by name; SettingsError where two have one name."""
    return Rows("recipe", __name__, "RECIPE").by_name()


def recipe(name: str) -> Recipe:
    """The recipe of that name; UnknownNameError, with the nearest name, where there is none."""
    return named("recipe", recipes(), name)
