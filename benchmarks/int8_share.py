"""How much of this machine's int8 (and float32) peak the embedded network reaches in onnxruntime.

    python benchmarks/int8_share.py [--rounds 6]

The peak is the best of a few large convolutions of the same runtime and precision on the same threads; the
share is the multiply-adds of the network a second of that. All take turns; processor time counts. The library
onnx is needed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from nearfar import assets
from nearfar.machine.cpus import usable_cpus
from steady import conditions, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 192, 256  # (height, width) of the network's input for a photo of 4:3
SHAPES = ((256, 48, 64), (512, 24, 32), (128, 96, 128))  # channels, height, width of convolutions of 3×3
GOAL = 0.6


def multiply_adds(file: Path) -> float:
    """Of one run: convolutions, matrix products; by the shapes that onnx finds."""
    model = onnx.load(file)
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 3, *SIZE), strict=True):
        dim.dim_value = size
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    found = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.value_info}
    found |= {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.output}
    weights = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    total = 0.0
    for node in model.graph.node:
        if node.op_type == "Conv":
            kernel = weights.get(node.input[1]) or found[node.input[1]]
            total += float(np.prod(found[node.output[0]])) * float(np.prod(kernel[1:]))
        elif node.op_type == "MatMul":
            total += float(np.prod(found[node.output[0]])) * found[node.input[0]][-1]
    return total


def convolution(shape: tuple[int, int, int], *, is_int8: bool, folder: Path) -> tuple[Path, float]:
    """The file of a convolution of 3×3 that keeps its shape, and its multiply-adds."""
    channels, height, width = shape
    rng = np.random.default_rng(1)
    kernel = rng.integers(-60, 60, (channels, channels, 3, 3)).astype(np.int8)
    tensors = [numpy_helper.from_array(np.float32(0.02), "s"), numpy_helper.from_array(np.uint8(128), "z")]
    tensors.append(numpy_helper.from_array(np.int8(0), "w0"))
    pads = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    if is_int8:
        tensors.append(numpy_helper.from_array(kernel, "w"))
        inputs = ["x", "s", "z", "w", "s", "w0", "s", "z"]
        node, kind = helper.make_node("QLinearConv", inputs, ["y"], **pads), TensorProto.UINT8
    else:
        tensors.append(numpy_helper.from_array(kernel.astype(np.float32) / 100, "w"))
        node, kind = helper.make_node("Conv", ["x", "w"], ["y"], **pads), TensorProto.FLOAT
    sides = [1, channels, height, width]
    ends = [helper.make_tensor_value_info(name, kind, sides) for name in ("x", "y")]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:], tensors)
    path = folder / f"{channels}-{is_int8}.onnx"
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    return path, float(channels * channels * 9 * height * width)


def runner(file: Path, threads: int) -> Callable[[], object]:
    """One run of a file on its own random input."""
    how = ort.SessionOptions()
    how.intra_op_num_threads = threads
    how.log_severity_level = 3
    how.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(file), how, providers=["CPUExecutionProvider"])
    one = session.get_inputs()[0]
    sides = zip(one.shape, (1, 3, *SIZE), strict=True)
    shape = [side if isinstance(side, int) else given for side, given in sides]
    values: Any = np.random.default_rng(1).random(shape)
    given = (values * 255).astype(np.uint8) if "uint8" in one.type else values.astype(np.float32)
    return lambda: session.run(None, {one.name: given})


def cpu_s(work: Callable[[], object], runs: int) -> float:
    """Processor seconds of a run."""
    work()
    begin = time.process_time()
    for _ in range(runs):
        work()
    return (time.process_time() - begin) / runs


def main() -> int:
    """Measure and print; 1 where int8 misses its goal or the halves of the run differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    work = multiply_adds(assets.FOLDER / "embedded.onnx")
    shares: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        sides = {
            precision: (
                runner(assets.FOLDER / file, given.threads),
                [
                    (runner(path, given.threads), count)
                    for path, count in (
                        convolution(shape, is_int8=precision == "int8", folder=Path(name)) for shape in SHAPES
                    )
                ],
            )
            for precision, file in (("float32", "embedded.onnx"), ("int8", "embedded-int8.onnx"))
        }
        for _ in range(given.rounds):
            for precision, (network, peaks) in sides.items():
                peak = max(count / cpu_s(one, 10) for one, count in peaks)
                shares.setdefault(precision, []).append(work / cpu_s(network, 20) / peak)
                shares.setdefault(f"{precision} peak, 10⁹ multiply-adds a second", []).append(peak / 1e9)
    for what, values in shares.items():
        print(f"{what}: {statistics.median(values):.2f}")
    print(f"multiply-adds of a run: {work / 1e6:.0f} million at {SIZE[1]}×{SIZE[0]}")
    print(conditions({"threads": given.threads, "of": usable_cpus(), "rounds": given.rounds}))
    reason = refusal({key: values for key, values in shares.items() if "peak" not in key})
    print(reason)
    return int(bool(reason) or statistics.median(shares["int8"]) < GOAL)


if __name__ == "__main__":
    sys.exit(main())
