"""OpenVINO on the CPU (extra ``openvino``): bfloat16 where asked for, and a cache of compiled models."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.engines import _graph, runs_at_any_size, single_map, stacked
from nearfar.errors import EngineError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions
    from nearfar.engines._graph import Graph

_WITH_VIEWS = 5  # axes of an input that takes several views of one scene
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}  # int8 files say themselves what is int8


class OpenVinoSession:
    """One compiled network; each thread that runs it gets a request of its own."""

    def __init__(self, compiled: Any, card: ModelCard, graph: Graph) -> None:
        self._compiled = compiled
        self._model = card.name
        self._local = threading.local()
        self._given = {name: np.array(value, np.int64) for name, value in card.given.items()}
        (picture,) = [one for one in compiled.inputs if one.any_name not in card.given]
        self._name, shape = picture.any_name, picture.partial_shape
        self._has_views = len(shape) == _WITH_VIEWS
        self._outputs = [compiled.output(name) for name in card.outputs] or [compiled.outputs[0]]
        places = (0, len(shape) - 2, len(shape) - 1)
        sides: list[Any] = [None if shape[axis].is_dynamic else shape[axis].get_length() for axis in places]
        self.batch_limit = sides[0]
        is_fixed = sides[1] is not None and sides[2] is not None
        self.fixed_size: tuple[int, int] | None = (sides[2], sides[1]) if is_fixed else None
        self.normalises = (graph.scale, graph.shift)
        if graph.has_constant_shapes and not is_fixed:
            self.fixed_size = None if runs_at_any_size(self, card) else (card.input.size,) * 2

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32; (N, K, H, W) where the card names several outputs."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        fed = batch[:, None] if self._has_views else batch
        try:
            answer = self._local.request.infer({self._name: fed, **self._given})
        except RuntimeError as exc:
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        raw = [answer[output] for output in self._outputs]
        planes = stacked(raw, batch, self._model) if self._has_views or len(raw) > 1 else raw[0]
        return np.array(single_map(planes, batch, self._model), np.float32)  # the request reuses its memory


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
        return OpenVinoSession(compiled, card, _graph.read(weights) if weights else _graph.Graph())


PLUGIN = OpenVino()
