"""Recipes: what is read and refused, and what their steps make of a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import ParameterError, SourceError, UnknownNameError
from nearfar.recipes import find_recipe, read_recipe, recipe_names
from nearfar.recipes.recipe import own_folder, parse_recipe, text_of
from nearfar.recipes.subject import subject_mask
from nearfar.types import DepthKind, DepthMap, Photo
from pictures import draw

if TYPE_CHECKING:
    from pathlib import Path

OURS = ("portrait-blur", "product-on-white", "title-behind", "layers")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, without recipes."""
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def scene(width: int = 160, height: int = 120) -> tuple[Photo, DepthMap]:
    """A near block in the middle of a far slope."""
    near = np.tile(np.linspace(0, 0.2, width, dtype=np.float32), (height, 1))
    near[height // 4 : -height // 4, width // 3 : 2 * width // 3] = 1
    pixels = draw(width, height)
    pixels[near == 1] = (200, 30, 30)
    return Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)


@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_of_the_package_makes_something(name: str) -> None:
    """Whatever the photo's bits; it says what it does in a line."""
    recipe = find_recipe(name)
    assert recipe.summary
    photo, depth = scene()
    deep = Photo(photo.pixels.astype(np.uint16) * 257)
    for given in (photo, deep):
        done = recipe.apply(given, depth)
        assert done.pixels.shape[:2] == (120, 160)
        if recipe.steps:
            assert done.pixels.dtype == given.pixels.dtype
            assert not np.array_equal(done.pixels, given.pixels)
    assert bool(recipe.steps) or recipe.write_files(photo, depth)


def test_the_named_ones_are_there() -> None:
    """Those that the documents speak of."""
    assert set(OURS) <= set(recipe_names())


def test_the_subject_stays_sharp() -> None:
    """And what is behind it is blurred."""
    photo, depth = scene()
    done = find_recipe("portrait-blur").apply(photo, depth).pixels.astype(int)
    assert np.abs(done - photo.pixels)[40:80, 60:100].max() <= 2
    assert np.abs(done - photo.pixels)[:, :40].max() > 20


def test_a_product_stands_on_white() -> None:
    """All but the subject is white."""
    photo, depth = scene()
    done = find_recipe("product-on-white").apply(photo, depth).pixels
    assert (done[5:20, 5:40] == 255).all()
    assert np.array_equal(done[60, 80], photo.pixels[60, 80])


def test_a_title_is_behind_the_subject() -> None:
    """Its letters are seen beside the subject, and not before it."""
    photo, depth = scene()
    recipe = find_recipe("title-behind").changed({"text": "MMMMMMMM", "ink": "#00ff00", "tall": "40"})
    done = recipe.apply(photo, depth).pixels
    green = (done[..., 1] > 200) & (done[..., 0] < 80)
    assert green[:, :50].any()
    assert not green[depth.values == 1].any()


def test_the_mask_of_a_subject() -> None:
    """The near thing in the middle; a near strip at the rim of the picture is none."""
    photo, depth = scene()
    values = depth.values.copy()
    values[:4] = 1
    found = subject_mask(photo, depth.with_values(values))
    assert found[60, 80]
    assert not found[1, 5]
    nothing = DepthMap(np.zeros((4, 4), np.float32), DepthKind.RELATIVE_INVERSE)
    assert not subject_mask(Photo(draw(4, 4)), nothing).any()


def test_steps_follow_each_other() -> None:
    """The second works on what the first made, with the same depth."""
    photo, depth = scene()
    text = '[[steps]]\neffect = "tint"\n\n[[steps]]\neffect = "fog"\ndensity = 2\n'
    done = parse_recipe(text, "two", "two.toml").apply(photo, depth)
    tinted = nearfar.effect("tint", photo, depth)
    assert np.array_equal(done.pixels, nearfar.effect("fog", Photo(tinted.pixels), depth, density=2.0).pixels)


def test_files_lie_beside_the_recipe(tmp_path: Path) -> None:
    """A mask by its name, from wherever the recipe is used."""
    mask = np.zeros((120, 160), np.uint8)
    mask[10:20, 10:20] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "own.toml").write_text('[[steps]]\neffect = "cutout"\nmask = "mask.png"\nrefine = false\n')
    done = read_recipe(tmp_path / "own.toml").apply(*scene())
    assert np.array_equal(done.pixels[..., 3] > 127, mask > 0)


def test_ones_own_go_first(home: Path) -> None:
    """A file in the folder of recipes is found by its name, before the package's."""
    own_folder().mkdir(parents=True)
    (own_folder() / "portrait-blur.toml").write_text('summary = "mine"\n[[steps]]\neffect = "fog"\n')
    (own_folder() / "foggy.toml").write_text('[[steps]]\neffect = "fog"\n')
    assert own_folder() == home / "recipes"
    assert find_recipe("portrait-blur").summary == "mine"
    assert "foggy" in recipe_names()
    assert "mine" in text_of("portrait-blur")


def test_what_is_shown_is_a_recipe(tmp_path: Path) -> None:
    """The text of one of ours, kept and read, does the same."""
    (tmp_path / "copy.toml").write_text(text_of("cinema"), encoding="utf-8")
    kept, ours = read_recipe(tmp_path / "copy.toml").describe(), find_recipe("cinema").describe()
    assert kept | {"name": ""} == ours | {"name": ""}


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("steps = = 3", ParameterError, "no TOML.*line 1"),
        ("", ParameterError, "neither steps nor files"),
        ('step = "fog"', ParameterError, "no 'step' in a recipe"),
        ("steps = 3", ParameterError, r"Begin each step with \[\[steps\]\]"),
        ("[[steps]]\nstrength = 2", ParameterError, "step 1 of x.toml no effect"),
        ('[[steps]]\neffect = "boke"', UnknownNameError, "Did you mean 'bokeh'"),
        ('[[steps]]\neffect = "fog"\n[[steps]]\neffect = "bokeh"\nstrength = 99', ParameterError,
         "step 2 of x.toml: strength is 99, but 0 to 10"),
        ('[[steps]]\neffect = "fog"\ndensty = 1', ParameterError, "step 1 of x.toml.*'densty'.*density"),
        ('[[steps]]\neffect = "fog"\ndensity = "thick"', ParameterError, "a number was expected"),
        ('[[steps]]\neffect = "fog"\ndensity = {}', ParameterError, "density is dict"),
        ('[[steps]]\neffect = "bokeh"\nmask = 3', ParameterError, "mask is no file's name"),
        ('[[steps]]\neffect = "wiggle"', ParameterError, "makes a clip"),
        ('format = "bmp"\n[[steps]]\neffect = "fog"', ParameterError, "format is 'bmp'"),
        ('files = ["psd"]', UnknownNameError, "psd"),
        ('tiles = "yes"\n[[steps]]\neffect = "fog"', ParameterError, "true or false"),
        ('summary = 3\n[[steps]]\neffect = "fog"', ParameterError, "Write a text"),
        ('[[steps]]\neffect = "fog"\n' * 17, ParameterError, "17 steps"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, error: type[Exception], words: str) -> None:
    """File, step, what would do."""
    with pytest.raises(error, match=f"(?s){words}"):
        parse_recipe(text, "x", "x.toml")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strenth": "1"}, "No step.*strenth"),
        ({"refine": "no"}, r"Several steps.*1.refine or 2.refine"),
        ({"7.strength": "1"}, "No step"),
        ({"1.strength": "9"}, "0 to 1"),
    ],
)
def test_changes_that_cannot_be_meant(changes: dict[str, str], words: str) -> None:
    """Are refused before a photo is looked at."""
    with pytest.raises(ParameterError, match=f"(?s){words}"):
        find_recipe("cinema").changed(changes)


def test_a_step_is_changed_by_its_number() -> None:
    """Where several have the option."""
    changed = find_recipe("cinema").changed({"2.strength": "0.5"})
    assert changed.steps[1].given["strength"] == "0.5"
    assert changed.steps[0].given["strength"] == 0.45


def test_a_step_that_changes_the_size_is_the_last() -> None:
    """Two views of the photo are no photo of the depth's size."""
    text = '[[steps]]\neffect = "stereo"\n\n[[steps]]\neffect = "fog"\n'
    with pytest.raises(ParameterError, match="another size"):
        parse_recipe(text, "x", "x.toml").apply(*scene())


def test_absent_files() -> None:
    """A recipe, or a name, that there is not."""
    with pytest.raises(SourceError):
        read_recipe("no-such.toml")
    with pytest.raises(UnknownNameError, match="portrait-blur"):
        find_recipe("portrait-blurr")
