"""Networks in torch that no library has, one family a file, and the way to those that a library has.

A file's ``NETWORKS`` names its variants: ``build("midas/small")`` is ``NETWORKS["small"]()`` of ``midas.py``.
They are written from the papers, conform to published state-dict keys and outputs, and are the only place
besides the torch engine where torch is imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from nearfar.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from torch import nn


def build(name: str) -> nn.Module:
    """An untrained network in evaluation mode, such as ``midas/small``: N×3×h×w to N×h×w.

    Raises:
        UnknownNameError: there is no such family or variant.
    """
    family, _, variant = name.partition("/")
    files = {info.name for info in pkgutil.iter_modules(__path__)}
    if family not in files:
        raise UnknownNameError(f"There is no network family '{family}'.", did_you_mean(family, files))
    variants = importlib.import_module(f"{__name__}.{family}").NETWORKS
    if variant not in variants:
        raise UnknownNameError(f"There is no network '{name}'.", did_you_mean(variant, variants))
    network: nn.Module = variants[variant]().eval()
    return network
