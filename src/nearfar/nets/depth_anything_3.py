"""Depth Anything 3 by its authors' package (``depth-anything-3``), one view at a time, depth alone.

Source: depth_anything_3/model/da3.py of the package, whose backbone and head are run as they are. What it
adds for poses and Gaussians is left out, and so is its guess for the sky, which draws pixels by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from nearfar.nets._authors import fill, package
from nearfar.nets._checkpoint import read_state

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

INSTALL = (
    "pip install addict einops omegaconf antlr4-python3-runtime==4.9.* "
    "&& pip install --no-deps depth-anything-3"
)
_PREFIX = "model."  # the package keeps the network within an object that also reads pictures
_LEFT_OUT = ("gs_head", "gs_adapter")  # of Giant: Gaussians, with libraries of their own


class DepthAnything3(nn.Module):
    """The package's network, from pictures to depth, and to sky where it tells it."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) depth from (N, 3, H, W), or (N, 2, H, W): depth, and how much a pixel is sky."""
        height, width = x.shape[2:]
        features, _ = self.inner.backbone(
            x[:, None], cam_token=None, export_feat_layers=[], ref_view_strategy="first"
        )
        answer = self.inner.head(features, height, width, patch_start_idx=0)
        planes = [answer["depth"][:, 0]]
        if "sky" in answer:
            planes.append(answer["sky"].reshape(planes[0].shape))
        return torch.stack(planes, dim=1) if len(planes) > 1 else planes[0]


def empty(variant: str) -> nn.Module:
    """The network of a configuration of the package, such as ``da3-small``, with weights drawn by it.

    Raises:
        MissingExtraError: the package is not installed.
    """
    with package("depth-anything-3", INSTALL):
        from depth_anything_3.cfg import create_object, load_config
        from depth_anything_3.registry import MODEL_REGISTRY

        config = load_config(MODEL_REGISTRY[variant])
        for part in _LEFT_OUT:
            config.pop(part, None)
        inner = create_object(config)
    return DepthAnything3(inner.eval())


def load(variant: str, path: Path) -> nn.Module:
    """The network with the weights of a ``model.safetensors`` as the hub has it.

    Raises:
        MissingExtraError: the package is not installed.
        WeightsError: the file is damaged, or of another network.
    """
    state = {f"inner.{key.removeprefix(_PREFIX)}": value for key, value in read_state(path).items()}
    network = empty(variant)
    fill(network, state, variant)
    return network.eval()
