"""The nodes of ComfyUI, held to its conventions: what a node class says of itself, tensors in and out."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from pictures import draw

torch = pytest.importorskip("torch")
FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"
SOCKETS = {"IMAGE", "MASK", "BOOLEAN", "FLOAT", "INT", "STRING"}


@pytest.fixture(scope="module")
def nodes():
    """The folder as ComfyUI loads it: a module of its path, with the folder as a package."""
    name = "custom_nodes_nearfar"
    spec = importlib.util.spec_from_file_location(
        name, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    for loaded in [one for one in sys.modules if one.split(".")[0] == name]:
        del sys.modules[loaded]


@pytest.fixture
def batch():
    """Two pictures, (2, 96, 128, 3) in 0…1."""
    one = torch.from_numpy(draw(128, 96).astype(np.float32) / 255)
    return torch.stack([one, one.flip(1)])


def usual(node) -> dict[str, object]:
    """What ComfyUI hands a node whose widgets nobody touched."""
    given = {}
    for name, (kind, *rest) in node.INPUT_TYPES()["required"].items():
        if kind != "IMAGE":
            given[name] = rest[0]["default"]
    return given


def test_every_node_says_what_comfyui_asks(nodes) -> None:
    """Names, category, sockets that there are, and a function that takes exactly its inputs."""
    assert nodes.NODE_CLASS_MAPPINGS.keys() == nodes.NODE_DISPLAY_NAME_MAPPINGS.keys()
    for node in nodes.NODE_CLASS_MAPPINGS.values():
        inputs = node.INPUT_TYPES()
        asked = {**inputs["required"], **inputs.get("optional", {})}
        kinds = [kind for kind, *_ in asked.values() if not isinstance(kind, list)]
        assert {*kinds, *node.RETURN_TYPES} <= SOCKETS
        assert len(node.RETURN_TYPES) == len(node.RETURN_NAMES)
        assert node.CATEGORY == "nearfar"
        taken = list(inspect.signature(getattr(node(), node.FUNCTION)).parameters)
        assert taken == list(asked)


def test_choices_hold_their_default(nodes) -> None:
    """Of every list; networks are those that are on this machine."""
    for node in nodes.NODE_CLASS_MAPPINGS.values():
        for kind, *rest in node.INPUT_TYPES()["required"].values():
            if isinstance(kind, list):
                assert rest[0]["default"] in kind
        assert {"embedded", "embedded-fine"} <= set(node.INPUT_TYPES()["required"]["model"][0])


def test_depth(nodes, batch) -> None:
    """Grey, colours and a mask of the batch's size, each picture by itself."""
    node = nodes.NODE_CLASS_MAPPINGS["NearfarDepth"]
    depth, colours, near = node().estimate(batch, **usual(node))
    assert depth.shape == colours.shape == (2, 96, 128, 3)
    assert near.shape == (2, 96, 128)
    assert depth.dtype == colours.dtype == near.dtype == torch.float32
    assert (float(near.min()), float(near.max())) == (0, 1)
    assert torch.equal(depth[..., 1], near)
    assert float(near[0, 80:].mean()) > float(near[0, :20].mean())  # the ground before the sky
    assert not torch.equal(near[0], near[1])


def test_blur(nodes, batch) -> None:
    """The sky is blurred where the ground is in focus; what a mask holds is not."""
    node = nodes.NODE_CLASS_MAPPINGS["NearfarBlur"]
    given = {**usual(node), "strength": 4.0}
    (made,) = node().blur(batch, **{**given, "focus_x": 0.5, "focus_y": 0.95})
    assert made.shape == batch.shape
    assert float((made - batch).abs().mean()) > 0.002
    everything = torch.ones(96, 128)
    (kept,) = node().blur(batch, **given, mask=everything)
    assert float((kept - batch).abs().max()) < 0.02


def test_cutout(nodes, batch) -> None:
    """About what was asked for is kept, and black stands elsewhere."""
    node = nodes.NODE_CLASS_MAPPINGS["NearfarCutout"]
    colours, mask = node().cut(batch, **{**usual(node), "nearest": 40.0})
    assert mask.shape == (2, 96, 128)
    assert float(mask.mean()) == pytest.approx(0.4, abs=0.08)
    assert float(colours[mask == 0].max()) == 0


def test_the_folder_is_what_its_registry_takes() -> None:
    """A project file with a display name, and requirements that name the package alone: no download."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dependencies"] == ["nearfar"]
    assert project["tool"]["comfy"]["DisplayName"]
    assert (FOLDER / "requirements.txt").read_text("utf-8").split() == ["nearfar"]
