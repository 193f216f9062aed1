"""What ``docs/how-to/other-programs.md`` says of Blender holds there: in its module ``bpy``, where it is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import nearfar
from pictures import draw

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "other-programs.md"
LACKING = "Blender's bpy is not installed: pip install bpy, in an environment of its own"


@pytest.fixture(scope="module")
def bpy():
    """Blender as a module of Python."""
    return pytest.importorskip("bpy", reason=LACKING)


@pytest.fixture
def metres() -> nearfar.DepthMap:
    """A floor that comes nearer from 6 m to 2 m, seen by a camera of 60 degrees."""
    values = np.linspace(6, 2, 24, dtype=np.float32)[:, None].repeat(32, axis=1)
    return nearfar.DepthMap(values, nearfar.DepthKind.METRIC, camera=nearfar.Camera.from_fov(60, 32, 24))


def test_an_exr_is_read_in_metres(bpy, metres: nearfar.DepthMap, tmp_path: Path) -> None:
    """Row by row, the lowest first as Blender has them, equal in red, green and blue."""
    path = tmp_path / "photo.exr"
    path.write_bytes(nearfar.export("exr", metres, channel="Y"))
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    found = np.empty((24, 32, image.channels), np.float32)
    image.pixels.foreach_get(found.ravel())
    for channel in range(3):
        np.testing.assert_allclose(found[::-1, :, channel], metres.values, rtol=1e-6)


def test_a_mesh_comes_in_metres(bpy, metres: nearfar.DepthMap, tmp_path: Path) -> None:
    """Of the scene's own depth, with the camera at the origin: it looks along Y after the import."""
    path = tmp_path / "photo.glb"
    path.write_bytes(nearfar.export("glb", metres, nearfar.read(draw(32, 24)), refine=False))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(path))
    (thing,) = [one for one in bpy.data.objects if one.type == "MESH"]
    corners = np.array([thing.matrix_world @ vertex.co for vertex in thing.data.vertices])
    assert corners[:, 1].min() == pytest.approx(2, rel=0.1)
    assert corners[:, 1].max() == pytest.approx(6, rel=0.1)


def test_nodes_are_called_as_the_page_says(bpy) -> None:
    """Those of the compositor, by the names that stand in its menu."""
    text = PAGE.read_text("utf-8").partition("## Blender")[2]
    named = set(re.findall(r"\*(Depth Combine|Render Layers|Defocus)\*", text))
    kinds = (
        bpy.types.CompositorNodeZcombine,
        bpy.types.CompositorNodeRLayers,
        bpy.types.CompositorNodeDefocus,
    )
    assert {kind.bl_rna.name for kind in kinds} == named
