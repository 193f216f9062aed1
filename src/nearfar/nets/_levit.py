"""LeViT (arXiv 2104.01136) as an encoder: convolutions to 1/16, then attention on grids that halve twice.

Every layer is followed by a batch norm, and a learned bias for each distance stands in for positions. Keys
are those of checkpoints that MiDaS 3.1 publishes (timm 0.6), the classifier's and the last blocks' too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

Layer = TypeVar("Layer", bound=nn.Module)
CHANNELS = (384, 512, 768)
TAPS = (3, 11, 21)
"""The blocks whose answers the decoder takes, one in each stage."""
_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """A square of ``side`` positions; queries stand at every ``stride``-th of them."""

    side: int
    stride: int = 1

    @property
    def queries(self) -> int:
        """Positions on a side that ask."""
        return -(-self.side // self.stride)

    def distances(self) -> Tensor:
        """(queries², side²) int64: which bias belongs to a pair, by its distance in rows and columns."""
        keys = torch.cartesian_prod(torch.arange(self.side), torch.arange(self.side))
        asking = torch.arange(0, self.side, self.stride)
        apart = (torch.cartesian_prod(asking, asking)[:, None] - keys[None]).abs()
        return apart[..., 0] * self.side + apart[..., 1]


@dataclass(frozen=True, slots=True)
class Heads:
    """Attention heads: how many, the length of their keys, and of their values."""

    count: int
    key: int
    value: int


class ConvNorm(nn.Sequential):
    """3×3 to half the size, then a norm."""

    def __init__(self, channels: int, outer: int) -> None:
        super().__init__()
        self.c = nn.Conv2d(channels, outer, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(outer)

    def fused(self) -> nn.Conv2d:
        """One convolution that computes the same."""
        scale, shift = _affine(self.bn)
        done = nn.Conv2d(self.c.in_channels, self.c.out_channels, 3, 2, 1, device="meta")
        return _with(done, self.c.weight * scale[:, None, None, None], shift)


class TransposeNorm(nn.Sequential):
    """3×3 to twice the size, then a norm."""

    def __init__(self, channels: int, outer: int) -> None:
        super().__init__()
        self.c = nn.ConvTranspose2d(channels, outer, 3, 2, 1, output_padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outer)

    def fused(self) -> nn.ConvTranspose2d:
        """One layer that computes the same."""
        scale, shift = _affine(self.bn)
        sizes = self.c.in_channels, self.c.out_channels
        done = nn.ConvTranspose2d(*sizes, 3, 2, 1, output_padding=1, device="meta")
        return _with(done, self.c.weight * scale[None, :, None, None], shift)


class LinearNorm(nn.Sequential):
    """A linear layer, then a norm over all positions."""

    def __init__(self, channels: int, outer: int) -> None:
        super().__init__()
        self.c = nn.Linear(channels, outer, bias=False)
        self.bn = nn.BatchNorm1d(outer)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C) to (N, L, C')."""
        out: Tensor = self.bn(self.c(x).transpose(1, 2)).transpose(1, 2)
        return out

    def fused(self) -> nn.Linear:
        """One linear layer that computes the same."""
        scale, shift = _affine(self.bn)
        done = nn.Linear(self.c.in_features, self.c.out_features, device="meta")
        return _with(done, self.c.weight * scale[:, None], shift)


class _Attention(nn.Module):
    """What both kinds of attention share: biases by distance, and the way to the answer."""

    attention_bias_idxs: Tensor

    def __init__(self, heads: Heads, grid: Grid, outer: int) -> None:
        super().__init__()
        self._heads, self._grid = heads, grid
        self.proj = nn.Sequential(nn.Hardswish(), LinearNorm(heads.count * heads.value, outer))
        self.attention_biases = nn.Parameter(torch.zeros(heads.count, grid.side**2))
        # Published files carry this table; it follows from the grid and is never read.
        self.register_buffer("attention_bias_idxs", torch.zeros(grid.queries**2, grid.side**2).long())
        self._bias: Tensor | None = None

    def fuse(self) -> None:
        """Look the biases up once for all pictures."""
        self._bias = self._looked_up().detach()

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(N, Q, C') from (N, Q, heads, key), (N, L, heads, key) and (N, L, heads, value)."""
        bias = self._looked_up() if self._bias is None else self._bias
        scores = query.transpose(1, 2) @ key.permute(0, 2, 3, 1) * self._heads.key**-0.5 + bias
        seen = scores.softmax(dim=-1) @ value.transpose(1, 2)
        out: Tensor = self.proj(seen.transpose(1, 2).flatten(2))
        return out

    def _looked_up(self) -> Tensor:
        return self.attention_biases[:, self._grid.distances().to(self.attention_biases.device)]


class Attention(_Attention):
    """Every position asks every position."""

    def __init__(self, channels: int, heads: Heads, grid: Grid) -> None:
        super().__init__(heads, grid, channels)
        self.qkv = LinearNorm(channels, heads.count * (2 * heads.key + heads.value))

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C), kept."""
        heads = self._heads
        parts = self.qkv(x).unflatten(2, (heads.count, -1)).split([heads.key, heads.key, heads.value], dim=3)
        return self.attend(*parts)


class Subsample(_Attention):
    """Every second position of every second row asks every position: the grid is halved."""

    def __init__(self, channels: int, outer: int, heads: Heads, side: int) -> None:
        super().__init__(heads, Grid(side, 2), outer)
        self.kv = LinearNorm(channels, heads.count * (heads.key + heads.value))
        self.q = nn.Sequential(nn.Identity(), LinearNorm(channels, heads.count * heads.key))

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C) to (N, Q, C')."""
        heads, grid = self._heads, self._grid
        key, value = self.kv(x).unflatten(2, (heads.count, -1)).split([heads.key, heads.value], dim=3)
        asking = x.reshape(x.shape[0], grid.side, grid.side, -1)[:, :: grid.stride, :: grid.stride].flatten(
            1, 2
        )
        return self.attend(self.q(asking).unflatten(2, (heads.count, -1)), key, value)


class Residual(nn.Module):
    """A layer whose answer is added to its input."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.m = inner

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C), kept."""
        out: Tensor = x + self.m(x)
        return out


class NormLinear(nn.Sequential):
    """A classifier: its weights are published, depth does not use it."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(channels)
        self.l = nn.Linear(channels, classes)


class Levit(nn.Module):
    """LeViT-384 for pictures of 224×224: 28 blocks on grids of 14, 7 and 4."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = CHANNELS
        sizes = (3, first // 8, first // 4, first // 2, first)
        layers: list[nn.Module] = []
        for channels, outer in pairwise(sizes):
            layers += [ConvNorm(channels, outer), nn.Hardswish()]
        self.patch_embed = nn.Sequential(*layers[:-1])
        self.blocks = nn.Sequential(
            *_stage(first, 6, 14),
            *_step(first, second, 14),
            *_stage(second, 9, 7),
            *_step(second, third, 7),
            *_stage(third, 12, 4),
        )
        self.head: nn.Module = NormLinear(third, _CLASSES)
        self.head_dist: nn.Module = NormLinear(third, _CLASSES)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 384, 14, 14), (N, 512, 7, 7) and (N, 768, 4, 4) from (N, 3, 224, 224)."""
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        found = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in TAPS:
                side = round(x.shape[1] ** 0.5)
                found.append(x.transpose(1, 2).reshape(x.shape[0], -1, side, side))
            if number == TAPS[-1]:
                break
        return found

    def fuse(self) -> None:
        """Let go of what depth does not use."""
        self.blocks = nn.Sequential(*list(self.blocks)[: TAPS[-1] + 1])
        self.head, self.head_dist = nn.Identity(), nn.Identity()


def fuse(network: nn.Module) -> None:
    """Draw each norm into the layer before it; values stay the same up to rounding."""
    for module in list(network.modules()):
        if isinstance(module, (Levit, _Attention)):
            module.fuse()
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, (ConvNorm, TransposeNorm, LinearNorm)):
                module.add_module(name, child.fused())


def _stage(channels: int, count: int, side: int) -> list[nn.Module]:
    """Four times attention and a small perceptron."""
    blocks: list[nn.Module] = []
    for _ in range(4):
        blocks += [Residual(Attention(channels, Heads(count, 32, 64), Grid(side))), _perceptron(channels)]
    return blocks


def _step(channels: int, outer: int, side: int) -> list[nn.Module]:
    """To the next stage."""
    return [Subsample(channels, outer, Heads(channels // 32, 32, 128), side), _perceptron(outer)]


def _perceptron(channels: int) -> Residual:
    inner = LinearNorm(channels, 2 * channels), nn.Hardswish(), LinearNorm(2 * channels, channels)
    return Residual(nn.Sequential(*inner))


def _affine(norm: nn.modules.batchnorm._BatchNorm) -> tuple[Tensor, Tensor]:
    """What a norm multiplies by and adds, by channel."""
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    return scale, norm.bias - mean * scale


def _with(layer: Layer, weight: Tensor, bias: Tensor) -> Layer:
    layer.load_state_dict({"weight": weight.detach(), "bias": bias.detach()}, assign=True)
    return layer
