"""The machine that figures come from: what it is, and how fast it multiplies at best."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.machine.cpus import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable

_SIDE, _RUNS = 1536, 12
_LIBRARIES = ("numpy", "opencv-python-headless", "onnxruntime", "openvino", "torch")


def machine() -> dict[str, Any]:
    """Processor, cores, memory and versions."""
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "threads": usable_cpus(),
        "load": _load(),
        "memory_gb": _memory_gb(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **versions,
    }


def peak_gflops() -> float:
    """GFLOP/s of a float32 matrix product: the best of those libraries that are here, with all threads."""
    first, second = np.random.default_rng(0).standard_normal((2, _SIDE, _SIDE), dtype=np.float32)
    works = [work for make in (_by_numpy, _by_torch, _by_onnxruntime) if (work := make(first, second))]
    times = []
    for work in works:
        work()
        for _ in range(_RUNS):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return 2e-9 * _SIDE**3 / min(times)


def _by_numpy(first: Any, second: Any) -> Callable[[], object] | None:
    return lambda: first @ second


def _by_torch(first: Any, second: Any) -> Callable[[], object] | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(usable_cpus())
    given = torch.from_numpy(first), torch.from_numpy(second)
    return lambda: torch.matmul(*given)


def _by_onnxruntime(first: Any, second: Any) -> Callable[[], object] | None:
    """Its kernels are often the fastest; a network of one product is written with the library onnx."""
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        return None
    import onnxruntime as ort

    given, answer = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [_SIDE, _SIDE]) for name in ("a", "c")
    )
    product, weights = helper.make_node("MatMul", ["a", "b"], ["c"]), numpy_helper.from_array(second, "b")
    graph = helper.make_graph([product], "product", [given], [answer], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    how = ort.SessionOptions()
    how.intra_op_num_threads = usable_cpus()
    session = ort.InferenceSession(model.SerializeToString(), how, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"a": first})


def _processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((row.partition(":")[2].strip() for row in rows if row.startswith("model name")), "")


def _load() -> str | None:
    """Processes that wanted a processor, over 1, 5 and 15 minutes."""
    try:
        return ", ".join(f"{value:.1f}" for value in os.getloadavg())
    except (OSError, AttributeError):
        return None


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError, AttributeError):
        return None
