"""Presets for photographers: effects one after the other, as TOML, in the package and of one's own."""

from nearfar.recipes.recipe import Recipe, find_recipe, read_recipe, recipe_names

__all__ = ["Recipe", "find_recipe", "read_recipe", "recipe_names"]
