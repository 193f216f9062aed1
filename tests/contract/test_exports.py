"""What every format must do, over the whole registry."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nearfar.registry import EXPORTS, by_suffix
from nearfar.types import DepthKind, DepthMap, Photo
from pictures import draw

PLUGINS = [EXPORTS.load(name) for name in EXPORTS.names()]
every_export = pytest.mark.parametrize("export", PLUGINS, ids=lambda export: export.name)


@every_export
@pytest.mark.parametrize("size", [(1, 1), (3, 1000), (641, 427)])
@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("shape", ["ramp", "flat", "holes", "nothing"])
def test_any_map_is_written(export: object, size: tuple[int, int], kind: DepthKind, shape: str) -> None:
    """Odd sizes, flat maps, holes and nothing but holes become bytes; the map stays as it was."""
    width, height = size
    values = np.linspace(1, 5, width * height, dtype=np.float32).reshape(height, width)
    valid = None
    if shape == "flat":
        values[:] = 2
    if shape in {"holes", "nothing"}:
        valid = np.zeros((height, width), bool)
        valid.flat[:: 2 if shape == "holes" else width * height + 1] = shape == "holes"
        values[~valid] = np.nan
    depth, before = DepthMap(values, kind, valid), values.copy()
    data = export.write(Photo(draw(*size)), depth, export.options())
    assert isinstance(data, bytes)
    assert data
    assert np.array_equal(depth.values, before, equal_nan=True)


@every_export
def test_words_and_suffix(export: object) -> None:
    """Each format has a summary, a media type and a suffix that leads to a format."""
    assert export.name.replace("-", "_") in EXPORTS.names()
    assert export.summary
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", export.media_type)
    assert by_suffix(export.suffix).suffix == export.suffix
