"""Runtimes that run a network, one file each: a file's ``PLUGIN`` opens weights into a :class:`Session`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nearfar.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import InputSpec, ModelCard


class Session(Protocol):
    """A loaded network. Threads may call ``run`` at the same time.

    ``fixed_size``: the only (width, height) in pixels it takes, or None. ``batch_limit``: the largest number
    of pictures in one run, or None. A session may have ``normalises`` besides: scale and shift by colour that
    its file applies to a picture first; and ``run_prompted``, which takes coarse depth beside the pictures.
    """

    fixed_size: tuple[int, int] | None
    batch_limit: int | None

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32; EngineError where the network fails.

        (N, K, H, W) where the card's reading is of k planes: see :mod:`nearfar.pipeline.planes`.
        """


class Engine(Protocol):
    """A runtime."""

    name: str

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> Session:
        """Load a network.

        Raises:
            EngineError: the file is not a network that this runtime and the card agree on.
        """


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to run.

    ``threads``: of one run, at least 1. ``precision``: float32, bfloat16 or int8; what an engine cannot do
    it refuses. ``device``: cpu, cuda or mps. ``cache``: a folder for what the runtime compiles, or None.
    """

    threads: int = 1
    precision: str = "float32"
    device: str = "cpu"
    cache: Path | None = None
    sha256: str = ""
    """Hash of the weights: what is compiled belongs to it."""


_MOST_CHANNELS = 4
PRECISIONS = ("float32", "bfloat16", "int8")
DEVICES = ("cpu", "cuda", "mps")


def input_of(session: Session, spec: InputSpec) -> InputSpec:
    """How pictures are prepared for a loaded file: the card's rule, and what the file itself says."""
    if session.fixed_size is not None:
        spec = spec.only(*session.fixed_size)
    normalises = getattr(session, "normalises", None)
    return spec if normalises is None else spec.after(*normalises)


def runs_at_any_size(session: Session, card: ModelCard) -> bool:
    """Whether a picture that is no square of the card's size gets through, tried with a small one."""
    step = card.input.multiple
    height = -(-card.input.min_size // step) * step
    try:
        session.run(np.zeros((1, 3, height, height + step), np.float32))
    except EngineError:
        return False
    return True


def single_map(
    raw: npt.NDArray[np.float32], batch: npt.NDArray[np.float32], model: str
) -> npt.NDArray[np.float32]:
    """(N, H, W) from what a runtime gave for (N, 3, H, W); a channel axis of one is dropped.

    Raises:
        EngineError: it is no map a picture.
    """
    if raw.ndim == 4 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim not in (3, 4) or raw.shape[0] != batch.shape[0]:
        raise EngineError(f"The network '{model}' gave {raw.shape} for {batch.shape}.")
    return raw


def stacked(
    outputs: Sequence[npt.NDArray[Any]], batch: npt.NDArray[np.float32], model: str
) -> npt.NDArray[np.float32]:
    """(N, K, H, W) of all outputs, one after the other: maps, maps with channels last or first, numbers.

    Raises:
        EngineError: one of them is none of these.
    """
    count = batch.shape[0]
    parts = [_planes(np.asarray(output, np.float32), count, model) for output in outputs]
    height, width = max((part.shape[2:] for part in parts), key=lambda size: size[0] * size[1])
    whole = [np.broadcast_to(part, (count, part.shape[1], height, width)) for part in parts]
    return np.concatenate(whole, axis=1)


def _planes(output: npt.NDArray[np.float32], count: int, model: str) -> npt.NDArray[np.float32]:
    """(N, K, H, W), or (N, 1, 1, 1) of a number a picture."""
    if output.size == count:
        return output.reshape(count, 1, 1, 1)
    if output.ndim == 5 and output.shape[1] == 1:  # one view of several that such networks can take
        output = output[:, 0]
    if output.ndim == 3:
        output = output[:, None]
    if output.ndim == 4 and output.shape[3] <= _MOST_CHANNELS < output.shape[1]:
        output = output.transpose(0, 3, 1, 2)
    if output.ndim != 4 or output.shape[0] != count or output.shape[1] > _MOST_CHANNELS:
        raise EngineError(f"The network '{model}' gave {output.shape}, which is no map a picture.")
    return output
