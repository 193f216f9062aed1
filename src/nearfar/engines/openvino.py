"""OpenVINO on the CPU (extra ``openvino``): bfloat16 where asked for, and a cache of compiled models."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.engines import single_map
from nearfar.errors import EngineError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions

_PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}  # int8 files say themselves what is int8


class OpenVinoSession:
    """One compiled network; each thread that runs it gets a request of its own."""

    def __init__(self, compiled: Any, model: str) -> None:
        self._compiled = compiled
        self._model = model
        self._local = threading.local()
        shape = compiled.inputs[0].partial_shape
        sides = [None if shape[axis].is_dynamic else shape[axis].get_length() for axis in (0, 2, 3)]
        self.batch_limit = sides[0]
        is_fixed = sides[1] is not None and sides[2] is not None
        self.fixed_size = (sides[2], sides[1]) if is_fixed else None

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        try:
            raw = self._local.request.infer([batch])[self._compiled.outputs[0]]
        except RuntimeError as exc:
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        return np.array(single_map(raw, batch, self._model), np.float32)  # the request will reuse its memory


class OpenVino:
    """Opens ONNX files."""

    name = "openvino"

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> OpenVinoSession:
        """Compile a network. The precision is pinned, for the runtime would pick bfloat16 by itself."""
        if options.device != "cpu":
            raise EngineError(f"openvino runs on the processor here, not on '{options.device}'.")
        try:
            import openvino
        except ImportError as exc:
            raise MissingExtraError(
                "The engine openvino is not installed.", "Install it: pip install 'nearfar[openvino]'"
            ) from exc
        how = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _PRECISIONS[options.precision],
            "INFERENCE_NUM_THREADS": options.threads,
            "ENABLE_CPU_PINNING": False,  # processes side by side would get the same cores
        }
        core = openvino.Core()
        if options.cache is not None:
            core.set_property({"CACHE_DIR": str(options.cache)})
        try:
            compiled = core.compile_model(str(weights), "CPU", how)
        except RuntimeError as exc:
            raise EngineError(f"The weights of '{card.name}' could not be loaded: {exc}.") from exc
        return OpenVinoSession(compiled, card.name)


PLUGIN = OpenVino()
