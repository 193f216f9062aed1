"""DPT with Next-ViT (MiDaS 3.1, arXiv 2307.14460; Next-ViT: arXiv 2207.05501): relative inverse depth.

Keys are those of the file that MiDaS 3.1 publishes (the Next-ViT authors' own code), the classifier's too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nearfar.nets._dpt_decoder import Decoder
from nearfar.nets._fusion import fold_norms

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = (96, 256, 512, 1024)
"""Of what the decoder takes, from the finest to the coarsest."""
_DEPTHS = (3, 4, 30, 3)
_NARROW = (96, 192, 384, 768)  # of blocks without attention
_POOLS = (8, 4, 2, 1)  # sides of what keys and values are averaged over, by stage
_HEAD = 32
_SHARE = 0.75  # of the channels of a block with attention that attention has
_EVERY = 5  # in the third stage each fifth block attends, in the others the last one


class ConvNormRelu(nn.Module):
    """3×3, norm, ReLU."""

    def __init__(self, channels: int, outer: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, outer, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outer)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        return torch.relu(self.norm(self.conv(x)))


class PatchEmbed(nn.Module):
    """Other channels, and half the size where ``stride`` is 2."""

    def __init__(self, channels: int, outer: int, stride: int = 1) -> None:
        super().__init__()
        is_needed = stride == 2 or channels != outer
        self.avgpool = (
            nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False) if stride == 2 else nn.Identity()
        )
        self.conv = nn.Conv2d(channels, outer, 1, bias=False) if is_needed else nn.Identity()
        self.norm = nn.BatchNorm2d(outer) if is_needed else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        out: Tensor = self.norm(self.conv(self.avgpool(x)))
        return out


class ConvAttention(nn.Module):
    """Convolutions by heads."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.group_conv3x3 = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels // _HEAD, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.act = nn.ReLU()
        self.projection = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), kept."""
        out: Tensor = self.projection(self.act(self.norm(self.group_conv3x3(x))))
        return out


class Perceptron(nn.Module):
    """Two 1×1 convolutions."""

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, ratio * channels, 1)
        self.conv2 = nn.Conv2d(ratio * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), kept."""
        out: Tensor = self.conv2(torch.relu(self.conv1(x)))
        return out


class Attention(nn.Module):
    """Attention of all positions to averages over runs of ``pool`` × ``pool`` of them."""

    def __init__(self, channels: int, pool: int) -> None:
        super().__init__()
        self._run = pool**2
        self.q, self.k, self.v = (nn.Linear(channels, channels) for _ in range(3))
        self.proj = nn.Linear(channels, channels)
        self.norm = nn.BatchNorm1d(channels) if pool > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C), kept."""
        few = x
        if self._run > 1:
            few = self.norm(functional.avg_pool1d(x.transpose(1, 2), self._run)).transpose(1, 2)
        query, key, value = (
            part.unflatten(2, (-1, _HEAD)).transpose(1, 2) for part in (self.q(x), self.k(few), self.v(few))
        )
        shares = (query @ key.transpose(2, 3) * _HEAD**-0.5).softmax(dim=-1)
        out: Tensor = self.proj((shares @ value).transpose(1, 2).flatten(2))
        return out


class ConvBlock(nn.Module):
    """What the paper calls a Next Convolution Block."""

    def __init__(self, channels: int, outer: int, stride: int) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(channels, outer, stride)
        self.mhca = ConvAttention(outer)
        self.norm = nn.BatchNorm2d(outer)
        self.mlp = Perceptron(outer, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        x = self.patch_embed(x)
        x = x + self.mhca(x)
        out: Tensor = x + self.mlp(self.norm(x))
        return out


class AttentionBlock(nn.Module):
    """What the paper calls a Next Transformer Block: attention for most channels, else convolutions."""

    def __init__(self, channels: int, outer: int, stride: int, pool: int) -> None:
        super().__init__()
        attended = int(_SHARE * outer)
        self.patch_embed = PatchEmbed(channels, attended, stride)
        self.norm1 = nn.BatchNorm2d(attended)
        self.e_mhsa = Attention(attended, pool)
        self.projection = PatchEmbed(attended, outer - attended)
        self.mhca = ConvAttention(outer - attended)
        self.norm2 = nn.BatchNorm2d(outer)
        self.mlp = Perceptron(outer, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        x = self.patch_embed(x)
        seen = self.e_mhsa(self.norm1(x).flatten(2).transpose(1, 2))
        x = x + seen.transpose(1, 2).reshape(x.shape)
        other = self.projection(x)
        x = torch.cat([x, other + self.mhca(other)], dim=1)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class NextVit(nn.Module):
    """Next-ViT-L: 40 blocks in four stages, from 1/4 to 1/32 of the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            ConvNormRelu(3, 64, 2), ConvNormRelu(64, 32, 1), ConvNormRelu(32, 64, 1), ConvNormRelu(64, 64, 2)
        )
        self.features = nn.Sequential(*_blocks(64))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, C, rows, columns) of the last block of each stage from (N, 3, H, W)."""
        x, found, ends = self.stem(x), [], _ends()
        for number, block in enumerate(self.features):
            x = block(x)
            if number in ends:
                found.append(x)
        return found


class DptNextVit(nn.Module):
    """Next-ViT-L (``pretrained.model``) under a decoder (``scratch``): 72 M parameters."""

    unread = ("pretrained.model.norm.", "pretrained.model.proj_head.")
    """Parts of published keys that depth does not need: the classifier's."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained = nn.ModuleDict({"model": NextVit()})
        self.scratch = Decoder(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) relative inverse depth, at least 0, from (N, 3, H, W); sides are multiples of 32."""
        out: Tensor = self.scratch(self.pretrained["model"](x))
        return out

    def fuse(self) -> None:
        """Fold norms into the convolutions before them; answers stay the same up to rounding."""
        fold_norms(self.pretrained)


def _blocks(channels: int) -> list[nn.Module]:
    """All stages one after the other."""
    blocks: list[nn.Module] = []
    for number, depth in enumerate(_DEPTHS):
        for place in range(depth):
            stride = 2 if number > 0 and place == 0 else 1
            if _attends(number, place):
                outer = CHANNELS[number]
                blocks.append(AttentionBlock(channels, outer, stride, _POOLS[number]))
            else:
                outer = _NARROW[number]
                blocks.append(ConvBlock(channels, outer, stride))
            channels = outer
    return blocks


def _attends(number: int, place: int) -> bool:
    """Whether a block has attention: none in the first stage."""
    return number > 0 and (place + 1) % (_EVERY if number == 2 else _DEPTHS[number]) == 0


def _ends() -> tuple[int, ...]:
    """The last block of each stage: the taps of MiDaS 3.1."""
    return tuple(sum(_DEPTHS[: number + 1]) - 1 for number in range(len(_DEPTHS)))


NETWORKS = {"large_384": DptNextVit}
