"""A recipe: its TOML read and checked, and its steps done on a photo with one depth map.

summary = "Blurred background, the subject sharp"
format = "png"

[[steps]]
effect = "bokeh"
strength = 2.2
mask = "subject"      # what stands in front, by the depth; or a picture beside the recipe
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import api, outputs
from nearfar import settings as settings_module
from nearfar.decode.metadata import metadata_of
from nearfar.decode.photo import Limits, read_bytes
from nearfar.errors import ParameterError, SourceError, UnknownNameError, did_you_mean
from nearfar.options import describe, parse
from nearfar.plugins import PICTURES
from nearfar.recipes.subject import subject_mask
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.types import Photo, Picture

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from nearfar.decode.photo import PhotoSource
    from nearfar.types import DepthMap

SUFFIX = ".toml"
SUBJECT = "subject"
_MOST_BYTES = 64 * 1024
_MOST_STEPS = 16
_MEMBERS = ("summary", "format", "steps", "files", "model", "tiles")
_FORMATS = tuple(suffix[1:] for suffix in PICTURES)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """An effect with its options as the recipe has them. ``folder``: where its files lie, None: nowhere."""

    effect: str
    given: Mapping[str, Any]
    folder: Path | None = None

    def options_for(self, photo: Photo, depth: DepthMap) -> Any:
        """The effect's own options for a photo: masks found, files read."""
        plugin = EFFECTS.ready(self.effect)
        files = {info.name: info.file for info in describe(plugin.options) if info.file}
        given = dict(self.given)
        for name in files.keys() & given.keys():
            if files[name] == "mask" and given[name] == SUBJECT:
                given[name] = subject_mask(photo, depth)
            else:
                given[name] = str(_beside(self.folder, str(given[name])))
        return api.read_options(plugin.options, given, api.subject_of(photo))


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What is made of a photo: ``steps`` one after the other, all with the photo's one depth.

    ``format``: of the picture. ``files``: formats of depth that are written beside it, such as ``ora``.
    ``model``: "" for the usual one. ``tiles``: finer detail in big pictures.
    """

    name: str
    summary: str
    steps: tuple[Step, ...]
    format: str = "png"
    files: tuple[str, ...] = ()
    model: str = ""
    tiles: bool = False

    def apply(
        self, photo: PhotoSource, depth: DepthMap | None = None, *, keep_metadata: str = "safe"
    ) -> Picture:
        """The picture.

        Args:
            photo: as for :func:`nearfar.estimate`.
            depth: its depth; it is estimated where it is absent.
            keep_metadata: as for :func:`nearfar.effect`.

        Raises:
            ParameterError: a step's options do not go with the photo, or a step changes its size and is not
                the last.
        """
        first = now = api.read(photo)
        if depth is None:
            depth = api.estimate(first, model=self.model or None, tiles=self.tiles)
        done = Picture(first.pixels, depth.text())
        for number, step in enumerate(self.steps, 1):
            if now.pixels.shape[:2] != depth.values.shape:
                raise ParameterError(
                    f"Step {number - 1} of the recipe {self.name} makes a picture of another size.",
                    "Let it be the last.",
                    "steps",
                )
            plugin = EFFECTS.ready(step.effect)
            made = plugin.apply(now, depth, step.options_for(first, depth))
            if not isinstance(made, Picture):  # refused as it was read
                raise ParameterError(f"{step.effect} makes a clip.", parameter="steps")
            done, now = made, _photo_of(made, first)
        return replace(done, kept=metadata_of(first, keep_metadata))

    def write_files(self, photo: PhotoSource, depth: DepthMap) -> dict[str, bytes]:
        """The bytes of the formats that go beside the picture, by their suffix."""
        made = [outputs.export(name) for name in self.files]
        return {output.suffix: output.make(api.read(photo), depth) for output in made}

    def changed(self, given: Mapping[str, str]) -> Recipe:
        """The recipe with other options.

        Args:
            given: by option (``text``), or by step and option (``2.strength``) where several have one.

        Raises:
            ParameterError: no step has it, several have it, or it is out of its range.
        """
        steps = list(self.steps)
        for key, value in given.items():
            number, name = _place_of(self, key.strip())
            step = steps[number]
            steps[number] = Step(step.effect, {**step.given, name: value}, Path.cwd())
            _check_step(steps[number], f"step {number + 1} of {self.name}")
        return replace(self, steps=tuple(steps))

    def describe(self) -> dict[str, Any]:
        """The recipe as plain values."""
        steps = [{"effect": step.effect, **step.given} for step in self.steps]
        head = {"name": self.name, "summary": self.summary, "format": self.format, "model": self.model}
        return head | {"tiles": self.tiles, "files": list(self.files), "steps": steps}


def _photo_of(made: Picture, like: Photo) -> Photo:
    """A step's picture as the next one's photo."""
    import numpy as np

    pixels = np.asarray(made)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    return replace(like, pixels=np.ascontiguousarray(pixels[..., :3]), alpha=alpha, encoded=b"")


def _place_of(recipe: Recipe, key: str) -> tuple[int, str]:
    """The step and the option that a key such as ``text`` or ``2.strength`` means."""
    head, dot, tail = key.partition(".")
    name = (tail if dot else key).replace("-", "_")
    known = {
        number: {info.name for info in describe(EFFECTS.load(step.effect).options)}
        for number, step in enumerate(recipe.steps)
    }
    if dot and head.isdigit() and int(head) - 1 in known:
        return int(head) - 1, name
    having = [number for number, names in known.items() if name in names]
    set_there = [number for number in having if name in recipe.steps[number].given]
    found = set_there if len(set_there) == 1 else having
    if dot or not found:
        every = sorted(set().union(*known.values()))
        raise ParameterError(f"No step of {recipe.name} has '{key}'.", did_you_mean(name, every), "set")
    if len(found) > 1:
        places = " or ".join(f"{number + 1}.{name}" for number in found)
        raise ParameterError(f"Several steps of {recipe.name} have '{key}'.", f"Say {places}.", "set")
    return found[0], name


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """The recipe in a TOML file.

    Raises:
        SourceError: the file cannot be read.
        ParameterError: it is no recipe; the message says where, and what would do.
        UnknownNameError: a step names an effect that there is not.
    """
    file = Path(path)
    data, name = read_bytes(str(file), Limits(max_bytes=_MOST_BYTES), "")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ParameterError(f"{name} is no text.", "Give a TOML file in UTF-8.", "recipe") from exc
    return parse_recipe(text, file.stem, name, file.resolve().parent)


def parse_recipe(text: str, name: str, where: str, folder: Path | None = None) -> Recipe:
    """The recipe in a text; ``where``: what messages call it. Errors as of :func:`read_recipe`."""
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ParameterError(f"{where} is no TOML: {exc}.", "Look at that line.", "recipe") from exc
    for member in given:
        if member not in _MEMBERS:
            raise _wrong(where, f"there is no '{member}' in a recipe", did_you_mean(member, _MEMBERS))
    steps = given.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(row, dict) for row in steps):
        raise _wrong(where, "steps is no list of tables", "Begin each step with [[steps]].")
    if len(steps) > _MOST_STEPS:
        raise _wrong(
            where, f"it has {len(steps)} steps, but at most {_MOST_STEPS} are done", "Leave some out."
        )
    files = given.get("files", [])
    if not isinstance(files, list) or not all(isinstance(row, str) for row in files):
        raise _wrong(where, "files is no list of names", 'Write files = ["ora"].')
    if not steps and not files:
        raise _wrong(where, "it has neither steps nor files", "Begin a step with [[steps]].")
    recipe = Recipe(
        name,
        _text(given, "summary", where),
        tuple(_step(row, number, where, folder) for number, row in enumerate(steps, 1)),
        _text(given, "format", where) or "png",
        tuple(EXPORTS.load(row).name for row in files),
        _text(given, "model", where),
        _truth(given, "tiles", where),
    )
    if recipe.format not in _FORMATS:
        raise _wrong(where, f"format is '{recipe.format}'", did_you_mean(recipe.format, _FORMATS))
    return recipe


def _text(given: dict[str, Any], name: str, where: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise _wrong(where, f"{name} is {value!r}", "Write a text in quotes.")
    return value


def _truth(given: dict[str, Any], name: str, where: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(where, f"{name} is {value!r}", "Write true or false.")
    return value


def _step(row: dict[str, Any], number: int, where: str, folder: Path | None) -> Step:
    at = f"step {number} of {where}"
    effect = row.get("effect")
    if not isinstance(effect, str):
        raise ParameterError(f"In {at} no effect is named.", 'Write effect = "bokeh".', "effect")
    given = {key.replace("-", "_"): value for key, value in row.items() if key != "effect"}
    step = Step(effect, given, folder)
    _check_step(step, at)
    return step


def _check_step(step: Step, at: str) -> None:
    """ParameterError where a step cannot be done whatever the photo."""
    try:
        plugin = EFFECTS.load(step.effect)
    except UnknownNameError as exc:
        raise UnknownNameError(f"In {at}: {exc.message}", exc.hint) from exc
    if plugin.is_clip:
        raise ParameterError(f"In {at}: {plugin.name} makes a clip, no picture.", "Choose another.", "effect")
    files = {info.name for info in describe(plugin.options) if info.file}
    try:
        parse(plugin.options, {k: _plain(k, v) for k, v in step.given.items() if k not in files})
    except ParameterError as exc:
        raise ParameterError(f"In {at}: {exc.message}", exc.hint, exc.parameter) from exc
    for name in files & step.given.keys():
        if not isinstance(step.given[name], str):
            raise ParameterError(f"In {at}: {name} is no file's name.", "Write it in quotes.", name)


def _plain(name: str, value: Any) -> Any:
    """A value of TOML as options take it: a list of numbers is what a text with commas is."""
    if isinstance(value, list) and all(isinstance(part, (int, float)) for part in value):
        return ",".join(map(str, value))
    if isinstance(value, (str, bool, int, float)):
        return value
    raise ParameterError(f"{name} is {type(value).__name__}.", "Give a number, a text, true or false.", name)


def _wrong(where: str, what: str, hint: str) -> ParameterError:
    return ParameterError(f"In {where}, {what}.", hint, "recipe")


def _beside(folder: Path | None, name: str) -> Path:
    """A file of a recipe: beside it where its name says no other place."""
    return Path(name) if folder is None or Path(name).is_absolute() else folder / name


@cache
def _ours() -> dict[str, str]:
    """The texts of the recipes in the package, by name."""
    folder = resources.files("nearfar.recipes").joinpath("presets")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {f.name.removesuffix(SUFFIX): f.read_text("utf-8") for f in files if f.name.endswith(SUFFIX)}


def own_folder() -> Path:
    """Where one's own recipes lie: ``recipes`` in the setting home, or in the user's data folder."""
    home = settings_module.load().home
    if home:
        return Path(home) / "recipes"
    from platformdirs import user_data_path

    return user_data_path("nearfar", appauthor=False) / "recipes"


def _own() -> dict[str, Path]:
    try:
        files = sorted(own_folder().glob(f"*{SUFFIX}"))
    except OSError:
        return {}
    return {file.stem: file for file in files}


def recipe_names() -> tuple[str, ...]:
    """The names of all recipes: those in the package, and one's own, which go before them."""
    return tuple(sorted({*_ours(), *_own()}))


def find_recipe(name: str) -> Recipe:
    """The recipe of a name, or in a file where the name ends in ``.toml``. Errors as of :func:`read_recipe`.

    Raises:
        UnknownNameError: there is none; the message offers the nearest name.
    """
    if name.endswith(SUFFIX):
        return read_recipe(name)
    if name in (own := _own()):
        return read_recipe(own[name])
    if name in _ours():
        return parse_recipe(_ours()[name], name, f"the recipe {name}")
    raise UnknownNameError(f"There is no recipe '{name}'.", did_you_mean(name, recipe_names()))


def recipe_of(effect: str) -> Recipe:
    """The recipe of an effect with its usual options. Errors as of :func:`read_recipe`."""
    step = Step(effect, {})
    _check_step(step, f"the recipe {effect}")
    return Recipe(EFFECTS.load(effect).name, "", (step,))


def text_of(name: str) -> str:
    """The TOML of a recipe, to be copied and changed. Errors as of :func:`find_recipe`."""
    recipe = find_recipe(name)  # what is wrong with it is told first
    if name.endswith(SUFFIX) or name in _own():
        path = Path(name) if name.endswith(SUFFIX) else _own()[recipe.name]
        try:
            return path.read_text("utf-8")
        except OSError as exc:
            raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc
    return _ours()[name]
