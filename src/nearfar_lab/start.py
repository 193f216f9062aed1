"""A network that goes on from a finished one: its weights, and new blocks that change nothing at first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from nearfar_lab.checkpoint import load_net
from nearfar_lab.convert import fold
from nearfar_lab.errors import CheckpointError
from nearfar_lab.halves import tensors
from nearfar_lab.net import Attention, ConvBN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nearfar_lab.designs import AnyNet
    from nearfar_lab.mixture import Batch

logger = logging.getLogger(__name__)

BATCHES = 12
"""From which the statistics of the normalisations are taken."""


def start_from(net: AnyNet, source: Path, images: Iterator[Tensor]) -> None:
    """Make `net` compute what `source` computes; it may have more attention blocks than the source.

    The source's normalisations are folded into its convolutions (so an exported file serves as well as a
    checkpoint), then given back with the statistics of `images` (normalised, (N, 3, H, W)). A checkpoint of
    the very same network is taken as it is, its own statistics too.

    Args:
        net: the network to fill, in place.
        source: a checkpoint or run folder of this lab, or an ONNX file that it exported.
        images: training pictures, a few batches.

    Raises:
        CheckpointError: the source has other widths or blocks.
    """
    if source.suffix == ".onnx":
        weights = _exported(source)
    else:
        found, _ = load_net(source)
        if found.options == net.options:
            net.load_state_dict(found.state_dict())
            logger.info("starts from %s as it is", source.name)
            return
        weights = fold(found).state_dict()
    _silence(cast("nn.Sequential", net.attention))
    folded = fold(net)
    missing, unknown = folded.load_state_dict(weights, strict=False)
    if unknown or any(not name.startswith("attention.") for name in missing):
        wrong = ", ".join([*unknown, *missing][:4])
        raise CheckpointError(
            f"{source}: not a network of these widths and blocks ({wrong}).",
            "Give --start a network of the recipe that this one goes on from.",
        )
    _unfold(net, folded, images)
    logger.info("starts from %s; new: %s", source.name, ", ".join(missing) or "nothing")


def prepared(batches: Iterator[Batch], mean: Tensor, std: Tensor) -> Iterator[Tensor]:
    """The images of a few batches as a network takes them."""
    for _ in range(BATCHES):
        image = next(batches).image.permute(0, 3, 1, 2).float()
        yield (image - mean.cpu()) / std.cpu()


def _silence(blocks: nn.Sequential) -> None:
    """Let attention blocks add nothing until they have learned what to add."""
    for block in blocks:
        attention = cast("Attention", block)
        for layer in (attention.project, cast("nn.Linear", attention.mlp[2])):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)


def _exported(path: Path) -> dict[str, Tensor]:
    """The folded weights of an exported file by their names in torch."""
    import onnx

    stored = tensors(onnx.load(str(path)).graph)
    return {n: torch.from_numpy(v).float() for n, v in stored.items() if n.endswith((".weight", ".bias"))}


@torch.no_grad()
def _unfold(net: AnyNet, folded: AnyNet, images: Iterator[Tensor]) -> None:
    """Give every convolution its normalisation back, so that the network computes the same.

    Weights return to the spread of a fresh network: their size means nothing before a normalisation, but
    decides how fast they learn.
    """
    layers = {
        name: (module, cast("nn.Conv2d", cast("ConvBN", folded.get_submodule(name))[0]))
        for name, module in net.named_modules()
        if isinstance(module, ConvBN)
    }
    moments = _moments({name: plain for name, (_, plain) in layers.items()}, folded, images)
    for name, (target, plain) in layers.items():
        mean, variance = moments[name]
        convolution, normalisation = cast("nn.Conv2d", target[0]), cast("nn.BatchNorm2d", target[1])
        factor = (convolution.weight.std() / plain.weight.flatten(1).std(dim=1)).clamp(1e-3, 1e3)
        convolution.weight.copy_(plain.weight * factor.view(-1, 1, 1, 1))
        cast("Tensor", normalisation.running_mean).copy_(mean * factor)
        cast("Tensor", normalisation.running_var).copy_(variance * factor**2)
        spread = (variance * factor**2 + normalisation.eps).sqrt() / factor
        normalisation.weight.copy_(spread)
        normalisation.bias.copy_(mean + cast("Tensor", plain.bias))
    rest = {k: v for k, v in folded.state_dict().items() if k.startswith(("attention.", "head."))}
    net.load_state_dict(rest, strict=False)


def _moments(
    layers: dict[str, nn.Conv2d], folded: AnyNet, images: Iterator[Tensor]
) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and variance of each channel of each convolution (its bias left out) over the images."""
    means = {name: torch.zeros(layer.out_channels) for name, layer in layers.items()}
    squares = {name: torch.zeros(layer.out_channels) for name, layer in layers.items()}
    count = 0

    def note(name: str, layer: nn.Conv2d, output: Tensor) -> None:
        values = output - cast("Tensor", layer.bias).view(1, -1, 1, 1)
        means[name] += values.mean(dim=(0, 2, 3))
        squares[name] += values.square().mean(dim=(0, 2, 3))

    hooks = [
        layer.register_forward_hook(lambda _m, _i, out, n=name, l=layer: note(n, l, out))
        for name, layer in layers.items()
    ]
    for image in images:
        folded(image)
        count += 1
    for hook in hooks:
        hook.remove()
    return {n: (s / count, (squares[n] / count - (s / count) ** 2).clamp(min=0)) for n, s in means.items()}
