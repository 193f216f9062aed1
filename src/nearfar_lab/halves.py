"""Weights kept in 16 bits inside an ONNX file: half the size, computed with as float32 all the same.

A runtime turns them back once, when it loads the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nearfar_lab.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIX = ".half"
FEWEST = 64
"""Smaller tensors stay as they are."""


@torch.no_grad()
def round_to_halves(net: torch.nn.Module) -> None:
    """Round every weight that will be kept in 16 bits, in place: torch then holds what the file holds.

    Raises:
        ExportError: a weight is too large for 16 bits.
    """
    for name, parameter in net.named_parameters():
        if parameter.numel() >= FEWEST:
            rounded = parameter.half().float()
            if not rounded.isfinite().all():
                raise ExportError(
                    f"{name} holds numbers beyond 65504, which 16 bits cannot hold.",
                    "Train on with a smaller rate, or start again from an earlier checkpoint.",
                )
            parameter.copy_(rounded)


def keep_as_halves(path: Path) -> None:
    """Rewrite an ONNX file so that its large float32 tensors are float16, each with a cast behind it.

    Only tensors that lose nothing are changed (see :func:`round_to_halves`).
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < FEWEST:
            continue
        small = values.astype(np.float16)
        if not np.array_equal(small.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(small, name + SUFFIX))
        casts.append(
            helper.make_node("Cast", [name + SUFFIX], [name], name=f"{name}.whole", to=TensorProto.FLOAT)
        )
    for place, node in enumerate(casts):
        graph.node.insert(place, node)
    path.write_bytes(model.SerializeToString(deterministic=True))


def tensors(graph: Any) -> dict[str, NDArray[Any]]:
    """Every stored tensor of an ONNX graph by the name that its nodes know; halves as float32."""
    from onnx import numpy_helper

    found = {}
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        is_half = tensor.name.endswith(SUFFIX)
        found[tensor.name.removesuffix(SUFFIX)] = values.astype(np.float32) if is_half else values.copy()
    return found
