"""``nearfar recipe NAME PHOTO...``: a photographer's preset done on photos; ``list`` and ``show``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from nearfar.cli import _plugins, _say
from nearfar.cli._plugins import ManyOptions
from nearfar.cli._verb import Flag, verb
from nearfar.decode.metadata import KEEP, KEEP_HELP
from nearfar.encode import check_suffix
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.recipes.recipe import find_recipe, recipe_names, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cli._plan import Task
    from nearfar.recipes import Recipe
    from nearfar.types import DepthMap, Photo

_LIST, _SHOW = "list", "show"


@dataclass(frozen=True, slots=True)
class RecipeFlags(ManyOptions):
    """The flags of the verb."""

    set: str = option("", "Other options of its steps: text=SUMMIT; 2.strength=1.5, with semicolons between.")
    format: str = option("", "Kind of picture: png, jpg, webp or tiff; the recipe's own otherwise.")
    keep_metadata: str = option("safe", KEEP_HELP, choices=KEEP)
    json: bool = option(False, "Of list: a JSON array on standard output.")


@verb(
    RecipeFlags,
    ("NAME PHOTO", "A recipe (nearfar recipe list) or a file of one's own (.toml), then pictures."),
    {
        "output": Flag("-o", "FILE|DIR"),
        "depth": Flag(value="FILE"),
        "calibration": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
        "set": Flag(value="OPTIONS"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Make a photographer's preset of photos: list and show tell what there is."""
    flags: RecipeFlags = parse(RecipeFlags, given)
    if words == (_LIST,):
        return _list(is_json=flags.json)
    if words[:1] == (_SHOW,):
        _say.lines(text_of(name).rstrip("\n") for name in words[1:])
        return 0
    if len(words) < 2:
        raise ParameterError(
            "A recipe and a photo are needed.", "For example: nearfar recipe portrait-blur a.jpg"
        )
    recipe = find_recipe(words[0]).changed(changes_of(flags.set))
    if not flags.depth and not flags.own_depth:
        flags = replace(flags, model=flags.model or recipe.model, tiles=flags.tiles or recipe.tiles)
    suffix = suffix_of(recipe, flags.format)
    tasks = _plugins.planned(words[1:], flags, f".{recipe.name}{suffix}")
    return _plugins.each(tasks, flags, partial(_one, recipe, flags.keep_metadata))


def suffix_of(recipe: Recipe, given: str) -> str:
    """Of the pictures: of the kind that was given, else of the recipe's own.

    Raises:
        ParameterError: no picture is written as it.
    """
    return check_suffix(f".{given.lstrip('.') or recipe.format}")


def _list(*, is_json: bool) -> int:
    found = [find_recipe(name) for name in recipe_names()]
    if is_json:
        _say.document([recipe.describe() for recipe in found])
        return 0
    width = max(len(recipe.name) for recipe in found)
    _say.lines(f"{recipe.name:{width}}  {recipe.summary}" for recipe in found)
    return 0


def changes_of(text: str) -> dict[str, str]:
    """Options in a text such as ``text=SUMMIT; 2.strength=1.5``.

    Raises:
        ParameterError: a part without ``=``, or one that comes twice.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip() or key.strip() in found:
            raise ParameterError(
                f"--set has '{part}'.", "Write OPTION=VALUE, each once, with semicolons between.", "set"
            )
        found[key.strip()] = value.strip()
    return found


def _one(recipe: Recipe, keep: str, task: Task, photo: Photo, depth: DepthMap) -> dict[Path, bytes] | bytes:
    if task.picture is None:
        return recipe.apply(photo, depth, keep_metadata=keep).encoded(f".{recipe.format}")
    return files_of(recipe, task.picture, (photo, depth), keep)


def files_of(recipe: Recipe, target: Path, seen: tuple[Photo, DepthMap], keep: str) -> dict[Path, bytes]:
    """What a recipe makes of a photo and its depth, by path: the picture, and the files beside it."""
    photo, depth = seen
    made = {target.with_suffix(suffix): data for suffix, data in recipe.write_files(photo, depth).items()}
    if recipe.steps:
        done = recipe.apply(photo, depth, keep_metadata=keep)
        if done.pixels.dtype.itemsize > 1 and target.suffix.lower() not in {".png", ".tif", ".tiff"}:
            from nearfar.types.picture import in_8_bits

            done = in_8_bits(done)
        made = {target: done.encoded(target.suffix), **made}
    return made
