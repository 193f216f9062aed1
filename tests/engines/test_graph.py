"""What ONNX files say of their own input: normalised inside, one size only, several inputs and outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nearfar.engines import EngineOptions, _graph, input_of
from nearfar.engines.onnxruntime import PLUGIN
from nearfar.errors import EngineError
from nearfar.pipeline import Estimator
from nearfar.types import Photo
from nearfar.zoo.catalogue import card

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - after the check

if TYPE_CHECKING:
    from pathlib import Path

MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
SMALL = card("midas-small")


def save(
    path: Path,
    nodes: list[Any],
    values: dict[str, np.ndarray],
    shape: list[Any],
    kind: int = TensorProto.FLOAT,
) -> Path:
    """A file that takes ``image`` and gives ``depth``, the mean of the colours of its tensor ``last``."""
    mean = helper.make_node("ReduceMean", ["last"], ["depth"], axes=[1], keepdims=0)
    graph = helper.make_graph(
        [*nodes, mean],
        "toy",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("depth", kind, None)],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def normalising(path: Path, top: float = 1.0, *, by_nodes: bool = False) -> Path:
    """As MiDaS publishes its files: mean and deviation inside, one size."""
    values = {"mean": MEAN * top, "std": STD * top}
    nodes: list[Any] = []
    if by_nodes:  # as old exporters write it
        nodes = [
            helper.make_node("Constant", [], [f"{name}0"], value=numpy_helper.from_array(value.ravel()))
            for name, value in values.items()
        ]
        axes = {"axes": np.array([0, 2, 3], np.int64)}
        nodes += [helper.make_node("Unsqueeze", [f"{name}0", "axes"], [name]) for name in values]
        values = axes
    nodes += [
        helper.make_node("Sub", ["image", "mean"], ["moved"]),
        helper.make_node("Div", ["moved", "std"], ["last"]),
    ]
    return save(path, nodes, values, [1, 3, 256, 256])


@pytest.mark.parametrize("by_nodes", [False, True])
def test_file_that_normalises_is_fed_plain_colours(tmp_path: Path, by_nodes: bool) -> None:
    """Mean and deviation are read from its graph, so that they are not applied twice; it is squashed."""
    session = PLUGIN.open(SMALL, normalising(tmp_path / "m.onnx", by_nodes=by_nodes), EngineOptions())
    spec = input_of(session, SMALL.input)
    assert (spec.mean, spec.std, spec.shape) == ((0, 0, 0), (1, 1, 1), (256, 256))
    pixels = np.full((300, 400, 3), (10, 120, 250), np.uint8)
    found = Estimator(SMALL, session, "onnxruntime").estimate(Photo(pixels)).values
    expected = ((pixels[0, 0] / 255 - MEAN.ravel()) / STD.ravel()).mean()
    assert (found.shape, float(found.mean())) == ((300, 400), pytest.approx(expected, abs=1e-4))


def test_file_for_colours_up_to_255(tmp_path: Path) -> None:
    """Some take whole bytes."""
    session = PLUGIN.open(SMALL, normalising(tmp_path / "m.onnx", 255.0), EngineOptions())
    spec = input_of(session, SMALL.input)
    assert (spec.mean, spec.std) == ((0, 0, 0), (1 / 255,) * 3)


def test_other_first_layers_are_the_networks_own(tmp_path: Path) -> None:
    """A scale that is not the card's normalisation stays a part of the network."""
    node = helper.make_node("Mul", ["image", "two"], ["last"])
    path = save(tmp_path / "m.onnx", [node], {"two": np.float32([2.0])}, [1, 3, "h", "w"])
    assert _graph.read(path) == _graph.Graph(scale=(2.0, 2.0, 2.0))
    assert input_of(PLUGIN.open(SMALL, path, EngineOptions()), SMALL.input) == SMALL.input


def reshaping(path: Path) -> Path:
    """As exporters of DPT wrote it: free sides, and a grid of 24×24 patches in the middle."""
    values = {"grid": np.array([-1, 3, 384, 384], np.int64)}
    return save(path, [helper.make_node("Reshape", ["image", "grid"], ["last"])], values, ["n", 3, "h", "w"])


def test_size_that_is_written_inside_is_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file whose input looks free and is not takes the square of its card, and nothing is printed."""
    large = card("dpt-large")
    session = PLUGIN.open(large, reshaping(tmp_path / "m.onnx"), EngineOptions())
    assert session.fixed_size == (384, 384)
    found = Estimator(large, session, "onnxruntime").estimate(Photo(np.zeros((300, 400, 3), np.uint8)))
    assert (found.width, found.height, found.provenance.input_size) == (400, 300, (384, 384))
    assert capfd.readouterr() == ("", "")


def test_constant_shapes_that_bind_nothing(tmp_path: Path) -> None:
    """Whether such a file takes one size only is tried, not guessed."""
    nodes = [
        helper.make_node("Shape", ["image"], ["size"]),
        helper.make_node("Reshape", ["image", "there"], ["flat"]),
        helper.make_node("Reshape", ["flat", "size"], ["last"]),
    ]
    path = save(tmp_path / "m.onnx", nodes, {"there": np.array([1, 3, 8, -1], np.int64)}, [1, 3, "h", "w"])
    assert _graph.read(path).has_constant_shapes
    assert PLUGIN.open(card("dpt-large"), path, EngineOptions()).fixed_size is None


def test_half_precision_files_are_fed_halves(tmp_path: Path) -> None:
    """They answer in float32 like all others."""
    node = helper.make_node("Identity", ["image"], ["last"])
    path = save(tmp_path / "m.onnx", [node], {}, ["n", 3, "h", "w"], TensorProto.FLOAT16)
    found = PLUGIN.open(SMALL, path, EngineOptions()).run(np.full((2, 3, 32, 64), 0.5, np.float32))
    assert (found.dtype, found.shape, float(found.max())) == (np.float32, (2, 32, 64), 0.5)


def test_views_of_a_scene(tmp_path: Path) -> None:
    """A file that takes several pictures of a scene gets one of each."""
    nodes = [
        helper.make_node("Squeeze", ["image", "one"], ["last0"]),
        helper.make_node("Identity", ["last0"], ["last"]),
    ]
    path = save(tmp_path / "m.onnx", nodes, {"one": np.array([1], np.int64)}, ["n", "views", 3, "h", "w"])
    found = PLUGIN.open(SMALL, path, EngineOptions()).run(np.full((2, 3, 32, 64), 0.5, np.float32))
    assert found.shape == (2, 32, 64)


def test_absent_outputs_and_inputs_are_told(tmp_path: Path) -> None:
    """A card that names what a file does not have is another network's."""
    path = normalising(tmp_path / "m.onnx")
    with pytest.raises(EngineError, match="has no output sky"):
        PLUGIN.open(replace(SMALL, outputs=("depth", "sky")), path, EngineOptions())
    with pytest.raises(EngineError, match="has no input num_tokens"):
        PLUGIN.open(replace(SMALL, given={"num_tokens": 9}), path, EngineOptions())


@pytest.mark.parametrize("data", [b"", b"not a network", b"\x3a\xff\xff\xff\xff\x0f", b"\x3a\x02\x0a\x05"])
def test_other_files_say_nothing(tmp_path: Path, data: bytes) -> None:
    """What is no network is left to the runtime, which tells it better."""
    (tmp_path / "x").write_bytes(data)
    assert _graph.read(tmp_path / "x") == _graph.Graph()
