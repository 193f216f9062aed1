"""A checkpoint to one ONNX file, refused unless it computes what torch computes."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from nearfar_lab.errors import ExportError
from nearfar_lab.halves import keep_as_halves, round_to_halves
from nearfar_lab.net import ConvBN

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 18
Net = TypeVar("Net", bound=nn.Module)
INPUT, OUTPUT = "image", "inverse_depth"
LARGEST_DIFFERENCE = 1e-4
"""Of the range of the output; a file beyond it is not written."""
PARITY_SIZES = ((1, 192, 256), (2, 256, 192), (1, 32, 32), (1, 96, 320), (1, 448, 640))


def fold(net: Net) -> Net:
    """A copy in evaluation mode whose batch normalisations are inside its convolutions."""
    folded = copy.deepcopy(net).eval()
    for module in folded.modules():
        if isinstance(module, ConvBN):
            convolution, normalisation = cast("nn.Conv2d", module[0]), cast("nn.BatchNorm2d", module[1])
            module[0] = fuse_conv_bn_eval(convolution, normalisation)
            module[1] = nn.Identity()
    return folded


def export_onnx(net: nn.Module, path: Path) -> float:
    """Write the network to one ONNX file with dynamic batch, height and width, its weights in 16 bits.

    Returns the largest difference over several sizes from torch with the same weights (normalisation folded
    in, then rounded to 16 bits), as a share of the output's range.

    Raises:
        ExportError: the file does not agree with torch; nothing is left at `path` then.
    """
    part = path.with_name(f"{path.name}.part")
    folded = fold(net)
    round_to_halves(folded)
    try:
        _write(folded, part)
        keep_as_halves(part)
        difference = largest_difference(folded, part)
        if not difference <= LARGEST_DIFFERENCE:
            raise ExportError(
                f"{path}: differs from torch by {difference:.2e} of the range, "
                f"expected at most {LARGEST_DIFFERENCE:.0e}; the file was not written.",
                "Export with the version of torch that trained it.",
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return difference


def _write(net: nn.Module, path: Path) -> None:
    dim = torch.export.Dim
    rows, columns = dim("rows", min=1, max=64), dim("columns", min=1, max=64)
    shape = {0: dim("count", min=1, max=64), 2: 32 * rows, 3: 32 * columns}
    program = torch.onnx.export(
        net,
        (torch.zeros(2, 3, 192, 256),),
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=(shape,),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    cast("torch.onnx.ONNXProgram", program).save(str(path), include_initializers=True)
    forget_the_machine(path)


def forget_the_machine(path: Path) -> None:
    """Take out of an ONNX file what the exporter notes of the machine: stack traces with its folders."""
    import onnx

    model = onnx.load(str(path))
    graph = model.graph
    values = (*graph.initializer, *graph.value_info, *graph.input, *graph.output)
    for part in (model, graph, *graph.node, *values):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    path.write_bytes(model.SerializeToString(deterministic=True))


@torch.no_grad()
def largest_difference(net: nn.Module, path: Path) -> float:
    """The largest |onnxruntime - torch| over several input sizes, as a share of torch's range."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for count, height, width in PARITY_SIZES:
        image = rng.standard_normal((count, 3, height, width)).astype(np.float32)
        expected = net.eval()(torch.from_numpy(image)).numpy()
        found = session.run([OUTPUT], {INPUT: image})[0]
        if found.shape != expected.shape:
            raise ExportError(
                f"{path}: gives {found.shape} for {image.shape}, not {expected.shape}.",
                "Export with the version of torch that trained it.",
            )
        worst = max(worst, float(np.abs(found - expected).max() / max(float(np.ptp(expected)), 1e-6)))
    return worst
