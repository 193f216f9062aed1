"""ONNX Runtime on the CPU: the engine of the base install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar import assets
from nearfar.engines import _graph, _optimized, runs_at_any_size, single_map, stacked
from nearfar.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions
    from nearfar.engines._graph import Graph

_MOMENT_US = 100  # longer than most gaps between layers, a tenth less time in all
_FIRST_WITH_MOMENTS = (1, 32)
_WITHOUT_ARENA_BYTES = 32 * 2**20
"""Smaller networks take their few MB from the C library as they need them: as fast, and 5 MB less."""
_FLOAT, _HALF = "tensor(float)", "tensor(float16)"
_WITH_VIEWS = 5  # axes of an input that takes several views of one scene


class OnnxSession:
    """One network in ONNX Runtime."""

    def __init__(self, inner: Any, card: ModelCard, graph: Graph | None = None) -> None:
        self._inner = inner
        self._model = card.name
        picture = picture_input(inner.get_inputs(), card)
        self._input, self._has_views = picture.name, len(picture.shape) == _WITH_VIEWS
        self._given = {name: np.array(value, np.int64) for name, value in card.given.items()}
        self._outputs = list(card.outputs) or [inner.get_outputs()[0].name]
        self._is_half = picture.type == _HALF
        count, *_, height, width = picture.shape
        is_fixed = isinstance(width, int) and isinstance(height, int)
        self.fixed_size = (width, height) if is_fixed else None
        self.batch_limit = count if isinstance(count, int) else None
        self.normalises = None if graph is None else (graph.scale, graph.shift)
        if graph is not None and graph.has_constant_shapes and not is_fixed:
            self.fixed_size = None if runs_at_any_size(self, card) else (card.input.size,) * 2

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32; (N, K, H, W) where the card names several outputs."""
        try:
            raw = self._inner.run(self._outputs, {self._input: self._fed(batch), **self._given})
        except Exception as exc:  # ONNX Runtime's own errors share no public base
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        planes = stacked(raw, batch, self._model) if self._has_views or len(raw) > 1 else raw[0]
        return np.asarray(single_map(planes, batch, self._model), np.float32)

    def _fed(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """The batch as the file takes it: some take half precision, some several views of a scene."""
        fed: npt.NDArray[Any] = batch.astype(np.float16) if self._is_half else batch
        return fed[:, None] if self._has_views else fed


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
            how.log_severity_level = 4  # what fails comes as an exception, and is told once
            how.enable_cpu_mem_arena = weights.stat().st_size > _WITHOUT_ARENA_BYTES
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
        is_ours = weights.parent == assets.FOLDER  # its graph takes any size, and normalises nothing
        return OnnxSession(inner, card, None if is_ours else _graph.read(weights))


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


def picture_input(inputs: Sequence[Any], card: ModelCard) -> Any:
    """The input that takes the picture: the one that the card does not give a number for.

    Raises:
        EngineError: there is not exactly one, or its numbers or axes are not those of pictures.
    """
    pictures = [one for one in inputs if one.name not in card.given]
    shape = pictures[0].shape if len(pictures) == 1 else None
    is_picture = shape is not None and len(shape) in (4, _WITH_VIEWS) and shape[-3] in (3, *_free(shape[-3]))
    if not is_picture or pictures[0].type not in (_FLOAT, _HALF):
        given = [f"{i.name}: {i.type} {i.shape}" for i in inputs]
        raise EngineError(f"The file of '{card.name}' takes {given}, not one float32 (N, 3, H, W) input.")
    return pictures[0]


def _free(side: Any) -> tuple[Any, ...]:
    """The side itself where the file leaves it open."""
    return () if isinstance(side, int) else (side,)


def check_input(inner: Any, card: ModelCard) -> None:
    """Raise EngineError unless the file takes one (N, 3, H, W) picture of a size that the card allows."""
    picture = picture_input(inner.get_inputs(), card)
    there = {one.name for one in inner.get_outputs()}
    absent = [name for name in card.outputs if name not in there]
    if not there or absent:
        raise EngineError(f"The file of '{card.name}' has no output {', '.join(absent)}".rstrip() + ".")
    unknown = [name for name in card.given if name not in {one.name for one in inner.get_inputs()}]
    if unknown:
        raise EngineError(f"The file of '{card.name}' has no input {', '.join(unknown)}.")
    for side in picture.shape[-2:]:
        if isinstance(side, int) and (side % card.input.multiple or side < 1):
            raise EngineError(
                f"The file of '{card.name}' takes {picture.shape}, but its card wants multiples "
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
