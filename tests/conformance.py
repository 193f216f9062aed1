"""Reading the conformance vectors: ``from conformance import Vector``."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import torch

INPUT_SEED = 20190701


def conformance_weight(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """The value of one state-dict key, as the vectors' README draws it."""
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if key.endswith("running_var"):
        value = 0.5 + rng.random(shape)
    elif key.endswith("running_mean"):
        value = 0.1 * rng.standard_normal(shape)
    elif len(shape) >= 2:
        value = rng.standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:]))
    elif key.endswith("bias"):
        value = 0.05 * rng.standard_normal(shape)
    else:
        value = 1 + 0.1 * rng.standard_normal(shape)
    return np.asarray(value, np.float32)


@dataclass(frozen=True)
class Vector:
    """One network's vector: ``folder`` is the folder ``conformance/networks``."""

    folder: Path
    name: str

    @cached_property
    def about(self) -> dict[str, Any]:
        """What the vector's JSON says."""
        return json.loads((self.folder / f"{self.name}.json").read_text())

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """State-dict keys and shapes."""
        return {key: tuple(shape) for key, shape in self.about["state_dict"].items()}

    def weights(self) -> dict[str, torch.Tensor]:
        """The state dict."""
        import torch

        return {k: torch.from_numpy(np.array(conformance_weight(k, s))) for k, s in self.shapes.items()}

    def input(self) -> np.ndarray:
        """(1, 3, H, W) float32."""
        rng = np.random.Generator(np.random.PCG64(INPUT_SEED))
        return rng.standard_normal(self.about["input"]).astype(np.float32)

    def output(self, name: str) -> np.ndarray:
        """What the published implementation answered."""
        with np.load(self.folder / f"{self.name}.npz") as data:
            return data[name]


def relative_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a share of the expected range."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / (expected.max() - expected.min()))
