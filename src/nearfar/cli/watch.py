"""``nearfar watch FOLDER``: each new photo of a folder worked on once, when it has been written whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar import api
from nearfar.cli import _say
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._sources import RECURSIVE_HELP, is_result
from nearfar.cli._verb import Flag, verb
from nearfar.cli.recipe import changes_of, files_of, suffix_of
from nearfar.decode.metadata import KEEP, KEEP_HELP
from nearfar.decode.suffixes import SUFFIXES
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.recipes.recipe import find_recipe, recipe_of
from nearfar.recipes.watch import FolderWatch, WatchOptions

if TYPE_CHECKING:
    from nearfar.api import Model
    from nearfar.recipes import Recipe


@dataclass(frozen=True, slots=True)
class WatchFlags:
    """The flags of the verb."""

    output: str = option("", "Folder for the results; depth, in the watched folder, otherwise.")
    recipe: str = option("", "What is made: a recipe (nearfar recipe list) or a file of one's own (.toml).")
    effect: str = option("heatmap", "What is made instead: an effect with its usual options.")
    set: str = option("", "Other options: text=SUMMIT; 2.strength=1.5, with semicolons between.")
    format: str = option("", "Kind of picture: png, jpg, webp or tiff.")
    settle: float = option(2.0, "Seconds for which a file must not have changed.", low=0, high=3600)
    every: float = option(1.0, "Seconds between two looks at the folder.", low=0.05, high=3600)
    once: bool = option(False, "Do what is there, and end.")
    recursive: bool = option(False, RECURSIVE_HELP)
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    keep_metadata: str = option("safe", KEEP_HELP, choices=KEEP)
    json: bool = option(False, "One JSON object a photo on standard output, errors included.")


@verb(
    WatchFlags,
    ("FOLDER", "The folder into which photos come; until Ctrl-C."),
    {"output": Flag("-o", "DIR"), "recipe": Flag("-r", "NAME|FILE"), "effect": Flag("-e", "NAME")},
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Work on each new photo of a folder, once."""
    flags: WatchFlags = parse(WatchFlags, given)
    if len(words) != 1 or not Path(words[0]).is_dir():
        raise ParameterError("A folder that is there is to be named.", "For example: nearfar watch inbox")
    if flags.recipe and "effect" in given:
        raise ParameterError("Both a recipe and an effect were given.", "Give one.", "effect")
    folder = Path(words[0])
    recipe = _recipe(flags)
    output = Path(flags.output) if flags.output else folder / "depth"
    ending = f".{recipe.name}{suffix_of(recipe, flags.format)}"
    model = api.load(network(flags.model or recipe.model, fine=flags.fine))
    made = _name_of(recipe, model, flags.keep_metadata)
    how = WatchOptions(ending, flags.settle, flags.every, flags.recursive, made)
    make = partial(_make, recipe, model, flags.keep_metadata)
    watch = FolderWatch(folder, output, make, partial(_takes, output.resolve()), how)
    failed = 0
    with watch.opened() as opened:
        if not flags.once:
            _say.line(f"watching {folder}; results go to {output}")
        for found in opened.run(is_once=flags.once):
            if found.error is not None:
                _say.failure(found.error, str(found.photo), is_json=flags.json)
                failed = 1
            elif flags.json:
                _say.row({"input": str(found.photo), "outputs": [str(path) for path in found.files]})
            else:
                _say.lines(str(path) for path in found.files)
    return failed


def _recipe(flags: WatchFlags) -> Recipe:
    """What is made of each photo."""
    if flags.recipe:
        return find_recipe(flags.recipe).changed(changes_of(flags.set))
    return recipe_of(flags.effect).changed(changes_of(flags.set))


def _name_of(recipe: Recipe, model: Model, keep: str) -> str:
    """What tells such results from those of other options: a hash of all that decides on them."""
    plain = recipe.describe() | {"model": model.card.name, "keep_metadata": keep}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _make(recipe: Recipe, model: Model, keep: str, photo: Path, target: Path) -> dict[Path, bytes]:
    read = model.read(str(photo), whole=True)
    return files_of(recipe, target, (read, model.estimate(read, tiles=recipe.tiles)), keep)


def _takes(output: Path, path: Path) -> bool:
    """Whether a file could be a photo: by its suffix, and not among the results."""
    if path.suffix.lower() not in SUFFIXES or is_result(path) or not path.is_file():
        return False
    return output not in path.resolve().parents
