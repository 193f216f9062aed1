"""ONNX Runtime on the CPU: the engine of the base install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions


class OnnxSession:
    """One network in ONNX Runtime."""

    def __init__(self, inner: Any, model: str) -> None:
        self._inner = inner
        self._model = model
        self._input = inner.get_inputs()[0].name
        self._output = inner.get_outputs()[0].name

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """N×h×w float32 from N×3×h×w float32."""
        try:
            raw = self._inner.run([self._output], {self._input: batch})[0]
        except Exception as exc:  # ONNX Runtime's own errors share no public base
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        if raw.ndim == 4 and raw.shape[1] == 1:
            raw = raw[:, 0]
        if raw.ndim != 3 or raw.shape[0] != batch.shape[0]:
            raise EngineError(f"The network '{self._model}' gave {raw.shape} for {batch.shape}.")
        return np.asarray(raw, np.float32)


class OnnxRuntime:
    """Opens ONNX files."""

    name = "onnxruntime"

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> OnnxSession:
        """Load a network from a file; spinning is off, so that idle threads leave the processor alone."""
        import onnxruntime as ort

        how = ort.SessionOptions()
        how.intra_op_num_threads = options.threads
        how.inter_op_num_threads = 1
        how.log_severity_level = 3
        how.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            inner = ort.InferenceSession(str(weights), how, providers=["CPUExecutionProvider"])
        except Exception as exc:  # ONNX Runtime's own errors share no public base
            raise EngineError(f"The weights of '{card.name}' could not be loaded: {exc}.") from exc
        _check_input(inner, card)
        return OnnxSession(inner, card.name)


def _check_input(inner: Any, card: ModelCard) -> None:
    inputs = inner.get_inputs()
    shape = inputs[0].shape if inputs else None
    if shape is None or len(inputs) != 1 or len(shape) != 4 or shape[1] not in (3, "3", None):
        raise EngineError(
            f"The file of '{card.name}' takes {[i.shape for i in inputs]}, not one N×3×H×W input."
        )


PLUGIN = OnnxRuntime()
