"""PyTorch (extra ``torch``): checkpoints as they are published, on CUDA, MPS or the processor."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.engines import single_map
from nearfar.engines._recordings import Recordings, cuda_graph
from nearfar.errors import EngineError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions


class TorchSession:
    """One network in PyTorch."""

    batch_limit = None

    def __init__(self, network: Any, model: str, device: str, narrow: str = "") -> None:
        self._network = network
        self.fixed_size: tuple[int, int] | None = getattr(network, "fixed_size", None)
        self._model = model
        self._device = device
        self._narrow = narrow
        self._one_at_a_time = threading.Lock() if device == "cuda" else nullcontext()
        self.compute = Recordings(self._forward, cuda_graph) if device == "cuda" else self._forward
        """(N, H, W) on the device from what :meth:`given` made; on a GPU valid until the next call."""

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32."""
        import torch

        try:
            with torch.inference_mode():
                picture = self.given(batch)
                with self._one_at_a_time:  # a recording has one place for its input, and one for its answer
                    raw = self._taken(self.compute(picture))
        except (RuntimeError, ValueError) as exc:  # out of memory among them
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        return np.asarray(single_map(raw, batch, self._model), np.float32)

    def run_prompted(
        self, batch: npt.NDArray[np.float32], prompt: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """(N, H, W) metres from pictures and (N, 1, h, w) float32 metres; errors as of :meth:`run`."""
        import torch

        try:
            with torch.inference_mode(), self._one_at_a_time:
                coarse = torch.from_numpy(prompt).to(self._device)
                raw = self._taken(self._forward(self.given(batch), coarse))
        except (RuntimeError, ValueError) as exc:
            raise EngineError(f"The network '{self._model}' failed: {exc}.") from exc
        return np.asarray(single_map(raw, batch, self._model), np.float32)

    def given(self, batch: npt.NDArray[np.float32]) -> Any:
        """The batch on its device, channels last; to a GPU it goes from memory that does not move."""
        import torch

        picture = torch.from_numpy(batch)
        if self._device == "cuda":
            picture = picture.pin_memory()
        return picture.to(self._device, memory_format=torch.channels_last, non_blocking=True)

    def _taken(self, answer: Any) -> npt.NDArray[np.float32]:
        """The answer in the processor's memory: from a GPU it comes into memory that does not move."""
        import torch

        if self._device != "cuda":
            return np.asarray(answer.cpu().numpy(), np.float32)
        here = answer.to("cpu", non_blocking=True)
        torch.cuda.current_stream().synchronize()
        return np.asarray(here.numpy(), np.float32)

    def _forward(self, *given: Any) -> Any:
        """(N, H, W) float32 on the device."""
        import torch

        if not self._narrow:
            return self._network(*given).float()
        kind = getattr(torch, self._narrow)
        with torch.autocast(self._device, kind, cache_enabled=False):  # casts belong into a recording
            return self._network(*given).float()


class Torch:
    """Opens checkpoints."""

    name = "torch"

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> TorchSession:
        """Load a network; its weights lie channels-last, which convolutions are fastest with."""
        torch = import_torch()
        if options.precision == "int8":
            raise EngineError("The engine torch does not run int8.", "Choose --engine onnxruntime.")
        if options.device not in devices():
            raise EngineError(
                f"There is no '{options.device}' on this machine.", f"There is: {', '.join(devices())}."
            )
        if weights is None or not card.network:
            raise EngineError(f"'{card.name}' is no network that torch runs.", "Choose --engine onnxruntime.")
        from nearfar import nets

        torch.set_num_threads(options.threads)
        return session(nets.load(card.network, weights), card.name, options)


def session(network: Any, model: str, options: EngineOptions) -> TorchSession:
    """A session of a network that is in memory; ``network`` is changed and moved."""
    import torch

    narrow = narrow_type(options, torch.cuda)
    if options.device == "cuda":
        torch.backends.cudnn.benchmark = True  # the fastest kernels for a size are looked for once
    network = network.to(options.device, memory_format=torch.channels_last).requires_grad_(False)
    if narrow:
        _narrow_weights(network, getattr(torch, narrow))
    return TorchSession(network, model, options.device, narrow)


def _narrow_weights(network: Any, kind: Any) -> None:
    """Round once the weights that autocast would round in every run; all else stays as it is."""
    from torch import nn

    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.to(kind)


def narrow_type(options: EngineOptions, cuda: Any) -> str:
    """Name of the 16-bit type to compute in, or an empty text: GPUs before 2020 have float16 only."""
    if options.precision != "bfloat16":
        return ""
    is_old = options.device == "cuda" and not cuda.is_bf16_supported(including_emulation=False)
    return "float16" if is_old else "bfloat16"


def import_torch() -> Any:
    """PyTorch.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import torch
    except ImportError as exc:
        raise MissingExtraError(
            "This needs PyTorch, which is not installed.", "Install it: pip install 'nearfar[torch]'"
        ) from exc
    return torch


def devices() -> tuple[str, ...]:
    """What this machine can run networks on, the fastest first."""
    torch = import_torch()
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.insert(0, "mps")
    if torch.cuda.is_available():
        found.insert(0, "cuda")
    return tuple(found)


PLUGIN = Torch()
