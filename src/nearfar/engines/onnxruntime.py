"""ONNX Runtime on the CPU: the engine of the base install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.engines import _optimized, single_map
from nearfar.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions


_MOMENT_US = 100  # longer than most gaps between layers, a tenth less time in all
_FIRST_WITH_MOMENTS = (1, 32)


class OnnxSession:
    """One network in ONNX Runtime."""

    def __init__(self, inner: Any, model: str) -> None:
        self._inner = inner
        self._model = model
        self._input = inner.get_inputs()[0].name
        self._output = inner.get_outputs()[0].name
        count, _, height, width = inner.get_inputs()[0].shape
        is_fixed = isinstance(width, int) and isinstance(height, int)
        self.fixed_size = (width, height) if is_fixed else None
        self.batch_limit = count if isinstance(count, int) else None

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32."""
        try:
            raw = self._inner.run([self._output], {self._input: batch})[0]
        except Exception as exc:  # ONNX Runtime's own errors share no public base
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        return np.asarray(single_map(raw, batch, self._model), np.float32)


class OnnxRuntime:
    """Opens ONNX files."""

    name = "onnxruntime"

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> OnnxSession:
        """Load a network from a file."""
        import onnxruntime as ort

        _check_options(options)
        if weights is None:
            raise EngineError(f"'{card.name}' has no file to open.")

        def make_options() -> Any:
            how = ort.SessionOptions()
            how.intra_op_num_threads = options.threads
            how.inter_op_num_threads = 1
            how.log_severity_level = 3
            _set_spinning(how, ort.__version__, options.threads)
            return how

        def opened(path: Path, how: Any) -> Any:
            return ort.InferenceSession(str(path), how, providers=["CPUExecutionProvider"])

        try:
            is_kept = options.cache is not None and weights.stat().st_size >= _optimized.LEAST_BYTES
            if options.cache is not None and is_kept:
                folder = options.cache / _optimized.key_of(weights, options.sha256, ort.__version__)
                inner = _optimized.open_kept(weights, folder, make_options, opened)
            else:
                inner = opened(weights, make_options())
        except Exception as exc:  # ONNX Runtime's own errors share no public base
            raise EngineError(
                f"{weights.name} of '{card.name}' could not be loaded: {_reason(exc, weights)}.",
                "Is it an ONNX file, and whole? Pull or import it again.",
            ) from exc
        check_input(inner, card)
        return OnnxSession(inner, card.name)


def _set_spinning(how: Any, version: str, threads: int) -> None:
    """Threads wait awake for a moment between layers, and then leave the processor alone.

    Runtimes that do not know how long a moment is would spin for milliseconds: there they sleep at once.
    """
    number = tuple(int(part) for part in version.split(".")[:2])
    has_moments = threads > 1 and number >= _FIRST_WITH_MOMENTS
    how.add_session_config_entry("session.intra_op.allow_spinning", "1" if has_moments else "0")
    if has_moments:
        how.add_session_config_entry("session.intra_op.spin_duration_us", str(_MOMENT_US))


def _reason(exc: Exception, weights: Path | None) -> str:
    """What the runtime says, without its codes and without where the file lies."""
    text = str(exc).partition("\n")[0].rpartition(f"{weights} failed:")[2]
    return text.rpartition(" : ")[2].strip().rstrip(".")


def check_input(inner: Any, card: ModelCard) -> None:
    """Raise EngineError unless the file takes one float32 (N, 3, H, W) of a size that the card allows."""
    inputs = inner.get_inputs()
    shape = inputs[0].shape if len(inputs) == 1 else None
    is_picture = shape is not None and len(shape) == 4 and not (isinstance(shape[1], int) and shape[1] != 3)
    if shape is None or not is_picture or inputs[0].type != "tensor(float)":
        given = [f"{i.name}: {i.type} {i.shape}" for i in inputs]
        raise EngineError(f"The file of '{card.name}' takes {given}, not one float32 (N, 3, H, W) input.")
    if not inner.get_outputs():
        raise EngineError(f"The file of '{card.name}' has no output.")
    for side in shape[2:]:
        if isinstance(side, int) and (side % card.input.multiple or side < 1):
            raise EngineError(
                f"The file of '{card.name}' takes {shape}, but its card wants multiples "
                f"of {card.input.multiple}."
            )


def _check_options(options: EngineOptions) -> None:
    if options.device != "cpu":
        raise EngineError(
            f"onnxruntime runs on the processor here, not on '{options.device}'.", "Choose --engine torch."
        )
    if options.precision == "bfloat16":
        raise EngineError("onnxruntime does not run bfloat16.", "Choose --engine openvino or torch.")


PLUGIN = OnnxRuntime()
