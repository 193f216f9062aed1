"""DenseNet-161 (arXiv 1608.06993) as an encoder, with torchvision's key names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

GROWTH = 48
BLOCKS = (6, 12, 36, 24)
CHANNELS = (96, 96, 192, 384, 2208)
"""Channels of the features at 1/2, 1/4, 1/8, 1/16 and 1/32."""


class DenseLayer(nn.Module):
    """Norm, ReLU, 1×1, norm, ReLU, 3×3: ``GROWTH`` new channels behind the given ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * GROWTH)
        self.conv2 = nn.Conv2d(4 * GROWTH, GROWTH, 3, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C + 48, H, W)."""
        inner = self.conv1(torch.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(torch.relu(self.norm2(inner)))], 1)


class Transition(nn.Module):
    """Norm, ReLU, 1×1 to half the channels, average of 2×2."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.pool = nn.AvgPool2d(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C/2, H/2, W/2)."""
        out: Tensor = self.pool(self.conv(torch.relu(self.norm(x))))
        return out


def _block(channels: int, layers: int) -> nn.Sequential:
    block = nn.Sequential()
    for number in range(layers):
        block.add_module(f"denselayer{number + 1}", DenseLayer(channels + GROWTH * number))
    return block


class DenseNet161(nn.Module):
    """Four dense blocks with transitions between them."""

    denseblock1: nn.Module
    denseblock2: nn.Module
    denseblock3: nn.Module
    denseblock4: nn.Module
    transition1: nn.Module
    transition2: nn.Module
    transition3: nn.Module

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 96, 7, 2, 3, bias=False)
        self.norm0 = nn.BatchNorm2d(96)
        self.pool0 = nn.MaxPool2d(3, 2, 1)
        channels = 96
        for number, layers in enumerate(BLOCKS, start=1):
            self.add_module(f"denseblock{number}", _block(channels, layers))
            channels += GROWTH * layers
            if number < len(BLOCKS):
                self.add_module(f"transition{number}", Transition(channels))
                channels //= 2
        self.norm5 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at 1/2, 1/4, 1/8, 1/16 and 1/32; the last is normalised, without its ReLU."""
        at_2 = torch.relu(self.norm0(self.conv0(x)))
        at_4 = self.pool0(at_2)
        at_8 = self.transition1(self.denseblock1(at_4))
        at_16 = self.transition2(self.denseblock2(at_8))
        at_32 = self.denseblock4(self.transition3(self.denseblock3(at_16)))
        return [at_2, at_4, at_8, at_16, self.norm5(at_32)]
