"""Runtimes that run a network, one file each: a file's ``PLUGIN`` opens weights into a :class:`Session`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nearfar.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from nearfar.cards import ModelCard


class Session(Protocol):
    """A loaded network. Threads may call ``run`` at the same time.

    ``fixed_size``: the only (width, height) in pixels it takes, or None. ``batch_limit``: the largest number
    of pictures in one run, or None.
    """

    fixed_size: tuple[int, int] | None
    batch_limit: int | None

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32; EngineError where the network fails."""


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


PRECISIONS = ("float32", "bfloat16", "int8")
DEVICES = ("cpu", "cuda", "mps")


def single_map(
    raw: npt.NDArray[np.float32], batch: npt.NDArray[np.float32], model: str
) -> npt.NDArray[np.float32]:
    """(N, H, W) from what a runtime gave for (N, 3, H, W); a channel axis of 1 is dropped.

    Raises:
        EngineError: it is no map a picture.
    """
    if raw.ndim == 4 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim != 3 or raw.shape[0] != batch.shape[0]:
        raise EngineError(f"The network '{model}' gave {raw.shape} for {batch.shape}.")
    return raw
