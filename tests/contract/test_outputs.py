"""Every effect and format as a file: its suffix, its media type, its bytes."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.encode import CLIP_TYPES, MEDIA_TYPES
from nearfar.options import parse
from nearfar.outputs import Output, effect, export
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.types import DepthKind, DepthMap, Photo
from pictures import draw

SMALL = {"wiggle": {"frames": 2, "size": 64}, "parallax": {"frames": 2, "size": 64}}


@pytest.mark.parametrize("name", EFFECTS.names())
def test_each_suffix_of_an_effect_has_its_media_type(name: str) -> None:
    """What the options ask for is among what the effect writes; a clip's format chooses."""
    plugin = EFFECTS.load(name)
    output = effect(name)
    assert output.suffix in plugin.suffixes
    assert output.media_type in plugin.media_types
    if plugin.is_clip:
        for suffix in plugin.suffixes:
            chosen = Output(plugin, parse(plugin.options, {"format": suffix[1:]}))
            assert (chosen.suffix, chosen.media_type) == (suffix, CLIP_TYPES[suffix])
    else:
        assert plugin.media_types[0] == MEDIA_TYPES[output.suffix]


@pytest.mark.parametrize("name", EXPORTS.names())
def test_a_format_has_one_suffix_and_one_media_type(name: str) -> None:
    """Whatever its options are."""
    plugin, output = EXPORTS.load(name), export(name)
    assert (output.suffix, output.media_type) == (plugin.suffix, plugin.media_type)
    assert output.file == plugin.name + plugin.suffix


@pytest.mark.parametrize(
    "make", [*((effect, n) for n in EFFECTS.names()), *((export, n) for n in EXPORTS.names())]
)
def test_bytes_come_of_photo_and_depth(make: tuple) -> None:
    """Each output makes a file that is not empty."""
    kind, name = make
    if name == "parallax":
        pytest.importorskip("av")
    photo = Photo(draw(64, 48))
    values = np.linspace(1, 5, 64 * 48, dtype=np.float32).reshape(48, 64)
    output = kind(name, SMALL.get(name, {}))
    assert len(output.make(photo, DepthMap(values, DepthKind.METRIC))) > 100
