"""Networks in torch that no library has, one family a file, and the way to those that a library has.

A file's ``NETWORKS`` names its variants: ``build("midas/small")`` is ``NETWORKS["small"]()`` of ``midas.py``.
A file with a function ``load`` makes networks from their files alone. Those of ``NETWORKS`` are written from
the papers, conform to published state-dict keys and outputs, and are the only place besides the torch engine
where torch is imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from nearfar.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from torch import nn


def build(name: str) -> nn.Module:
    """An untrained network in evaluation mode, such as ``midas/small``: (N, 3, H, W) to (N, H, W).

    Raises:
        UnknownNameError: there is no such family or variant.
    """
    module, variant = _home(name)
    variants = getattr(module, "NETWORKS", {})
    if variant not in variants:
        raise UnknownNameError(f"There is no network '{name}'.", did_you_mean(variant, variants))
    network: nn.Module = variants[variant]().eval()
    return network


def load(name: str, path: Path) -> nn.Module:
    """A network with the weights of a checkpoint, in evaluation mode.

    Raises:
        UnknownNameError: there is no such network.
        WeightsError: the file is damaged, holds code, or is not a checkpoint of that network.
        MissingExtraError: a library that the network needs is not installed.
    """
    module, variant = _home(name)
    if hasattr(module, "load"):
        network: nn.Module = module.load(variant, path)
        return network
    import torch

    from nearfar.nets._checkpoint import load_into, read_state

    state = read_state(path)
    with torch.device("meta"):  # no time is spent on random weights
        network = build(name)
    load_into(network, state, name)
    return ready(network)


def ready(network: nn.Module) -> nn.Module:
    """A network whose weights are in place, for use alone: norms go into the layers before them."""
    network.eval()
    getattr(network, "fuse", _keep)()
    return network


def _keep() -> None:
    """Most networks stay as they are."""


def _home(name: str) -> tuple[ModuleType, str]:
    """The file of a network and its variant's name."""
    family, _, variant = name.partition("/")
    files = {info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")}
    if family not in files:
        raise UnknownNameError(f"There is no network family '{family}'.", did_you_mean(family, files))
    return importlib.import_module(f"{__name__}.{family}"), variant
