"""ONNX files with the inputs and outputs that rows of the catalogue publish, small and random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - after the check

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cards import ModelCard

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
ONE_SIZE = {"dpt-large": (384, 384), "dpt-hybrid": (384, 384), "depth-anything-v3-mono-large": (504, 378)}
ONE_SIZE["depth-anything-v3-metric-large"] = (504, 504)
"""Rows whose published file takes one (width, height)."""


def node(kind: str, inputs: list[str], output: str, **how: Any) -> Any:
    """One node of a graph."""
    return helper.make_node(kind, inputs, [output], **how)


def onnx_file(row: ModelCard, path: Path) -> Path:
    """A small random network with the inputs and outputs that a row's file has."""
    is_half = "fp16" in path.name
    kind = TensorProto.FLOAT16 if is_half else FLOAT
    weights = (
        np.random.default_rng(1).uniform(0.2, 1, (1, 3, 1, 1)).astype(np.float16 if is_half else np.float32)
    )
    has_views = row.family == "depth_anything_3" and row.reading == "map"
    width, height = ONE_SIZE.get(row.name, (None, None))
    sides: list[Any] = [height or "height", width or "width"] if row.reading == "sky" else ["height", "width"]
    nodes, values = [], {"weights": weights, "one": np.array([1], np.int64), "two": np.float32(2.5)}
    first = "picture"
    if has_views:
        nodes.append(node("Squeeze", ["picture", "one"], "flat"))
        first = "flat"
    if row.name in ("dpt-large", "dpt-hybrid"):
        values["grid"] = np.array([-1, 3, height, width], np.int64)
        nodes.append(node("Reshape", ["picture", "grid"], "bound"))
        first = "bound"
    nodes += [node("Conv", [first, "weights"], "mixed"), node("Abs", ["mixed"], "wide")]
    outputs = list(row.outputs) or ["predicted_depth"]
    if row.reading == "points":
        nodes += _points(values)
    else:
        nodes.append(node("Identity", ["wide"], outputs[0]))
    if row.reading == "sky":
        nodes.append(node("Sub", ["wide", "wide"], "sky"))
    inputs = [
        helper.make_tensor_value_info("picture", kind, ["n", *(["views"] if has_views else []), 3, *sides])
    ]
    inputs += [helper.make_tensor_value_info(name, INT64, []) for name in row.given]
    given = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    told = [helper.make_tensor_value_info(name, kind, None) for name in outputs]
    graph = helper.make_graph(nodes, "toy", inputs, told, given)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if any(file.name == "model.onnx_data" for file in row.weights):
        (tensor,) = [one for one in model.graph.initializer if one.name == "weights"]
        onnx.external_data_helper.set_external_data(tensor, "model.onnx_data")
    onnx.save(model, path)
    return path


def _points(values: dict[str, Any]) -> list[Any]:
    """Nodes of a point map: what is seen, at the places of the pixels; a mask; the metres of a unit."""
    values["sizes"] = np.array([2, 1, 1], np.int64)
    values["shift"] = np.float32(1.0)
    return [
        node("Add", ["wide", "shift"], "z"),
        node("Concat", ["picture", "z"], "four", axis=1),
        helper.make_node("Split", ["four", "sizes"], ["xy", "left", "z2"], axis=1),
        node("Concat", ["xy", "z2"], "three", axis=1),
        node("Transpose", ["three"], "points", perm=[0, 2, 3, 1]),
        node("Div", ["z", "z"], "sure"),
        node("Squeeze", ["sure", "one"], "mask"),
        node("ReduceMean", ["z"], "metric_scale", axes=[1, 2, 3], keepdims=0),
        node("Cast", ["num_tokens"], "tokens", to=FLOAT),
    ]
