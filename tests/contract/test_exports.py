"""Every export of the registry: any photo, any depth."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.options import describe, parse
from nearfar.registry import EXPORTS, by_suffix
from nearfar.types import DepthKind, DepthMap, Photo
from pictures import draw

NAMES = EXPORTS.names()
STARTS = {
    "dynamic_depth": b"\xff\xd8\xff",
    "gdepth": b"\xff\xd8\xff",
    "exr": b"\x76\x2f\x31\x01",
    "glb": b"glTF",
    "npy": b"\x93NUMPY",
    "npz": b"PK",
    "obj": b"# ",
    "ora": b"PK",
    "pfm": b"Pf\n",
    "ply": b"ply\n",
    "png16": b"\x89PNG",
    "sidecar": b"{",
    "tiff": b"II*\0",
}
"""How each file begins."""


def a_depth(width: int, height: int, kind: DepthKind = DepthKind.RELATIVE_INVERSE) -> DepthMap:
    """A slope."""
    return DepthMap(np.linspace(1, 5, width * height, dtype=np.float32).reshape(height, width), kind)


def write(name: str, photo: Photo | None, depth: DepthMap) -> bytes:
    """The file with the format's defaults."""
    plugin = EXPORTS.load(name)
    return plugin.write(photo, depth, parse(plugin.options, {}))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told(name: str) -> None:
    """Name, summary, suffix, media type and every option's help are there; the suffix finds the format."""
    plugin = EXPORTS.load(name)
    assert plugin.name.replace("-", "_") == name
    assert (bool(plugin.summary), "/" in plugin.media_type) == (True, True)
    assert len(describe(plugin.options)) == len(plugin.options.__dataclass_fields__)
    assert by_suffix(plugin.suffix).suffix == plugin.suffix


@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("name", NAMES)
def test_any_kind(name: str, kind: DepthKind) -> None:
    """All three kinds of depth are written, with and without the photo."""
    photo = Photo(draw(31, 21))
    for given in (photo, None):
        assert write(name, given, a_depth(31, 21, kind)).startswith(STARTS[name])


@pytest.mark.parametrize("size", [(1, 1), (3, 1000), (641, 427)])
@pytest.mark.parametrize("name", NAMES)
def test_any_size(name: str, size: tuple[int, int]) -> None:
    """Odd sizes are written, or it is said why not."""
    if name in {"glb", "obj"} and min(size) == 1:
        with pytest.raises(ParameterError, match="No surface is left"):
            write(name, None, a_depth(*size))
    else:
        assert write(name, None, a_depth(*size)).startswith(STARTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_flat_and_invalid_depth(name: str) -> None:
    """A flat map and one with holes are written."""
    depth = a_depth(31, 21)
    flat = depth.with_values(np.full_like(depth.values, 3))
    holes = depth.with_values(np.where(depth.values > 4, np.nan, depth.values), depth.values <= 4)
    assert all(write(name, None, each).startswith(STARTS[name]) for each in (flat, holes))


@pytest.mark.parametrize("name", [n for n in NAMES if n not in {"glb", "obj"}])
def test_nothing_valid(name: str) -> None:
    """A map in which nothing is valid is written; the map stays as it was."""
    depth = DepthMap(np.full((5, 7), np.nan, np.float32), DepthKind.METRIC, np.zeros((5, 7), bool))
    assert write(name, None, depth).startswith(STARTS[name])
    assert np.isnan(depth.values).all()


@pytest.mark.parametrize("name", NAMES)
def test_see_through_deep_and_grey_photos(name: str) -> None:
    """A photo with alpha and 16 bits, and a grey one, give their colours to every format."""
    deep = draw(31, 21).astype(np.uint16) * 257
    see_through = Photo(deep, np.full((21, 31), 40_000, np.uint16))
    grey = Photo(np.repeat(draw(31, 21)[..., :1], 3, axis=2))
    for photo in (see_through, grey):
        for kind in DepthKind:
            assert write(name, photo, a_depth(31, 21, kind)).startswith(STARTS[name])
