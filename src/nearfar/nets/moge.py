"""MoGe-2 by its authors' package (``dlr-moge``): points, mask and metres, as its ONNX files give them.

Source: moge/model/v2.py of the package; what it solves behind the network is solved here in
:mod:`nearfar.ops.point_map`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from nearfar.errors import WeightsError
from nearfar.nets._authors import fill, package
from nearfar.nets._checkpoint import read_file

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

INSTALL = "pip install scipy && pip install --no-deps dlr-moge dlr-utils3d"
TOKENS = 1800  # as the authors' page on ONNX; more are finer and slower


class Moge(nn.Module):
    """The package's network."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """(N, 5, H, W) from (N, 3, H, W) in 0…1: x, y, z up to a shift, mask, and the metres of a unit."""
        answer = self.inner(x, num_tokens=TOKENS)
        mask = answer["mask"][:, None]
        metres = answer["metric_scale"].reshape(-1, 1, 1, 1).expand_as(mask)
        return torch.cat([answer["points"].permute(0, 3, 1, 2), mask, metres], dim=1)


def load(_: str, path: Path) -> nn.Module:
    """The network of a ``model.pt`` as the hub has it: its configuration is within.

    Raises:
        MissingExtraError: the package is not installed.
        WeightsError: the file is damaged, holds code, or is of another network.
    """
    held = read_file(path)
    config = held.get("model_config") if isinstance(held, Mapping) else None
    if not isinstance(held, Mapping) or not isinstance(config, Mapping) or "model" not in held:
        raise WeightsError(
            f"{path.name} is no checkpoint of MoGe-2: it lacks model_config.", "Is it of another model?"
        )
    with package("dlr-moge", INSTALL):
        from moge.model.v2 import MoGeModel

        network = Moge(MoGeModel(**config))
    fill(network, {f"inner.{key}": value for key, value in held["model"].items()}, "MoGe-2")
    return network.eval()
