"""Weights for networks whose published ones are not here: of no use for depth, good for measuring speed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nearfar.errors import MissingExtraError, WeightsError
from nearfar.nets import build, ready
from nearfar.nets._published import HUB

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor, nn

    from nearfar.cards import ModelCard


def write(network: str, path: Path) -> Path:
    """A checkpoint drawn from its keys, the same on every machine: values stay of usual size all the way."""
    with torch.device("meta"):
        empty = build(network)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(drawn(empty), path)
    return path


def ready_network(card: ModelCard) -> nn.Module:
    """The published architecture of a card with drawn weights, in memory, ready to run.

    Raises:
        WeightsError: its architecture is not in :data:`nearfar.nets._published.HUB`.
        MissingExtraError: transformers is not installed.
    """
    network = empty_network(card)
    weights = drawn(network)
    if _has_tables(network):
        network = empty_network(card, "cpu")
    network.load_state_dict(weights, assign=True)
    return ready(network)


def empty_network(card: ModelCard, device: str = "meta") -> nn.Module:
    """The same without weights: on the device meta it answers with shapes alone; errors are the same."""
    if card.network.startswith("transformers/"):
        from nearfar.nets.transformers import wrapped

        return wrapped(_empty_hub_network(card.name, device), card.network.partition("/")[2])
    with torch.device(device):
        return build(card.network)


def write_hub(name: str, folder: Path) -> Path:
    """A folder as the model hub keeps it: the published architecture of a network, with drawn weights.

    Raises:
        WeightsError: its architecture is not in :data:`nearfar.nets._published.HUB`.
        MissingExtraError: transformers is not installed.
    """
    network = _empty_hub_network(name)
    network.load_state_dict(drawn(network), assign=True)
    network.save_pretrained(folder)
    return folder


def _has_tables(network: nn.Module) -> bool:
    """Whether it computes tables of its own when it is made, which no checkpoint holds (Swin v2)."""
    return bool({name for name, _ in network.named_buffers()} - set(network.state_dict()))


def _empty_hub_network(name: str, device: str = "meta") -> Any:
    """A network of the library, by itself on the device meta; errors as in :func:`write_hub`."""
    if name not in HUB:
        raise WeightsError(f"There are no stand-in weights for '{name}'.", f"Run: nearfar models pull {name}")
    try:
        import transformers
    except ImportError as exc:
        raise MissingExtraError(
            "This network needs the library transformers.", "pip install 'nearfar[transformers]'"
        ) from exc
    kind, numbers = HUB[name]
    with torch.device(device):  # on meta no time is spent on weights that are drawn anew
        config = getattr(transformers, kind)(**numbers)
        network = transformers.AutoModelForDepthEstimation.from_config(config)  # type: ignore[no-untyped-call]
    return network.eval()


def drawn(network: nn.Module) -> dict[str, Tensor]:
    """Drawn weights for each key of a network that may be empty (on the device meta)."""
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    return {key: torch.from_numpy(_draw(key, shape)) for key, shape in shapes.items()}


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
