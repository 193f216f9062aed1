"""Weights for networks whose published ones are not here: of no use for depth, good for measuring speed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import torch

from nearfar.nets import build

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def write(network: str, path: Path) -> Path:
    """A checkpoint drawn from its keys, the same on every machine: values stay of usual size all the way."""
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in build(network).state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({key: torch.from_numpy(_draw(key, shape)) for key, shape in shapes.items()}, path)
    return path


def _draw(key: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32] | npt.NDArray[np.int64]:
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if key.endswith("running_var"):
        return np.asarray(0.5 + rng.random(shape), np.float32)
    if key.endswith("running_mean"):
        return np.asarray(0.1 * rng.standard_normal(shape), np.float32)
    if len(shape) >= 2:
        return np.asarray(rng.standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:])), np.float32)
    if key.endswith("bias"):
        return np.asarray(0.05 * rng.standard_normal(shape), np.float32)
    return np.asarray(1 + 0.1 * rng.standard_normal(shape), np.float32)
