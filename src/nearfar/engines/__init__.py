"""Runtimes that run a network, one file each: a file's ``PLUGIN`` opens weights into a :class:`Session`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from nearfar.cards import ModelCard


class Session(Protocol):
    """A loaded network. Threads may call ``run`` at the same time."""

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """N×h×w float32 from N×3×h×w float32; EngineError where the network fails."""


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
    """How to run. ``threads``: of one run, at least 1."""

    threads: int = 1
