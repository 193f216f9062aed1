"""Every effect of the registry: any photo, any depth, and nothing changed behind the caller's back."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from nearfar.api import read
from nearfar.errors import ParameterError
from nearfar.options import FORMS, describe, parse
from nearfar.registry import EFFECTS
from nearfar.types import Clip, DepthKind, DepthMap, Photo, Picture, Provenance
from pictures import draw

NAMES = EFFECTS.names()
SMALL = {"wiggle": {"frames": 2, "size": 64}, "parallax": {"frames": 2, "size": 64}}
SAMPLES = {"COLOUR": "#20c0ff", "PIXEL": "3,4", "PLACE": "0.2,0.7", "SPAN": "1,2.5", "TEXT": "words"}
SIZES = [(1, 1), (3, 1000), (641, 427)]


def a_photo(width: int, height: int, *, has_alpha: bool = False, kind: type = np.uint8) -> Photo:
    """The drawn scene, perhaps see-through or of 16 bits."""
    pixels = draw(width, height).astype(kind) * (257 if kind is np.uint16 else 1)
    alpha = np.full((height, width), np.iinfo(kind).max // 2, kind) if has_alpha else None
    return Photo(pixels, alpha)


def a_depth(width: int, height: int, kind: DepthKind = DepthKind.RELATIVE_INVERSE) -> DepthMap:
    """A slope with a block before it."""
    values = np.linspace(1, 5, width * height, dtype=np.float32).reshape(height, width).copy()
    values[height // 3 : 2 * height // 3, width // 4 : width // 2] = 9
    return DepthMap(values, kind, provenance=Provenance(input_size=(32, 32)))


def run(name: str, photo: Photo | None, depth: DepthMap, **given: object) -> Picture | Clip:
    """The effect with its own defaults save for those given; clips are made short."""
    plugin = EFFECTS.load(name)
    return plugin.apply(photo, depth, parse(plugin.options, {**SMALL.get(name, {}), **given}))


@pytest.mark.parametrize("name", NAMES)
def test_name_and_options_are_told(name: str) -> None:
    """The plug-in says its file's name, one line of what it does, and each option's help and default."""
    plugin = EFFECTS.load(name)
    assert plugin.name.replace("-", "_") == name
    assert plugin.summary
    infos = describe(plugin.options)
    assert len(infos) == len(plugin.options.__dataclass_fields__)
    assert all(info.help.endswith((".", "?")) for info in infos)
    parse(plugin.options, {})


@pytest.mark.parametrize("name", NAMES)
def test_what_texts_look_like_is_told(name: str) -> None:
    """An option that is a free text says its form, and takes what that says."""
    options = EFFECTS.load(name).options
    for info in describe(options):
        is_free = info.type not in {"int", "float", "bool", "file"} and not info.choices
        assert bool(info.form) == is_free, info.name
        for part in info.form.split("|") if info.form else ():
            assert part in FORMS or part.islower()
            parse(options, {info.name: SAMPLES.get(part, part)})


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_any_size(name: str, size: tuple[int, int]) -> None:
    """One pixel, slivers and odd sides work, and the result can be written."""
    done = run(name, a_photo(*size), a_depth(*size))
    assert len(done.encoded(EFFECTS.load(name).suffixes[0])) > 20


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("name", NAMES)
def test_any_size_see_through_and_deep(name: str, size: tuple[int, int]) -> None:
    """The odd sizes with alpha and 16 bits, flat and partly not valid depth of each kind."""
    photo = a_photo(*size, has_alpha=True, kind=np.uint16)
    for kind in DepthKind:
        depth = a_depth(*size, kind)
        flat = depth.with_values(np.full_like(depth.values, 2))
        holes = depth.with_values(np.where(depth.values > 4, np.nan, depth.values), depth.values <= 4)
        assert all(run(name, photo, each) is not None for each in (depth, flat, holes))


@pytest.mark.parametrize("name", NAMES)
def test_grey_photo(name: str) -> None:
    """A grey picture, as the decoder gives it, works."""
    grey = np.linspace(0, 255, 40 * 30).astype(np.uint8).reshape(30, 40)
    assert run(name, read(grey), a_depth(40, 30)) is not None


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_no_blur_is_the_photo_bit_for_bit(kind: type) -> None:
    """Bokeh of strength 0 changes neither colours nor alpha, whatever the depth."""
    photo = a_photo(41, 29, has_alpha=True, kind=kind)
    done = run("bokeh", photo, a_depth(41, 29), strength=0.0)
    assert done.pixels.dtype == kind
    assert np.array_equal(done.pixels, np.dstack([photo.pixels, photo.alpha]))


@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("name", NAMES)
def test_any_kind(name: str, kind: DepthKind) -> None:
    """All three kinds of depth work."""
    assert run(name, a_photo(64, 43), a_depth(64, 43, kind)) is not None


@pytest.mark.parametrize("name", NAMES)
def test_flat_and_invalid_depth(name: str) -> None:
    """A flat map and one in which nothing is valid give a picture too."""
    photo, depth = a_photo(40, 30), a_depth(40, 30)
    flat = depth.with_values(np.full_like(depth.values, 7))
    nothing = depth.with_values(np.full_like(depth.values, np.nan), np.zeros(depth.values.shape, bool))
    holes = depth.with_values(np.where(depth.values > 8, np.nan, depth.values), depth.values <= 8)
    assert all(run(name, photo, each) is not None for each in (flat, nothing, holes))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", NAMES)
def test_alpha_and_depth_of_colour_are_kept(name: str, kind: type) -> None:
    """A picture made of the photo has its alpha and its bits; inputs are left as they were."""
    photo, depth = a_photo(40, 30, has_alpha=True, kind=kind), a_depth(40, 30)
    before = photo.pixels.copy(), depth.values.copy()
    done = run(name, photo, depth)
    assert np.array_equal(photo.pixels, before[0])
    assert np.array_equal(depth.values, before[1])
    if isinstance(done, Picture) and EFFECTS.load(name).needs_photo:
        assert done.pixels.dtype == kind
        assert done.pixels.shape[2] == 4


@pytest.mark.parametrize("name", [n for n in NAMES if EFFECTS.load(n).needs_photo])
def test_photo_of_another_size_is_refused(name: str) -> None:
    """A photo that the depth was not made from is not stretched."""
    for photo in (None, a_photo(41, 30)):
        with pytest.raises(ParameterError, match=r"photo|size"):
            run(name, photo, a_depth(40, 30))


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_bounded(name: str) -> None:
    """No effect holds more than twelve times the photo's float32 size."""
    photo, depth = a_photo(480, 360), a_depth(480, 360)
    run(name, photo, depth)  # what is loaded once does not count
    tracemalloc.start()
    run(name, photo, depth)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 12 * photo.pixels.size * 4
