"""Residual encoders: ResNet (arXiv 1512.03385) and ResNeXt (arXiv 1611.05431). Keys are torchvision's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

EXPANSION = 4
WIDTHS = (64, 128, 256, 512)
CHANNELS = (256, 512, 1024, 2048)
"""Channels of the features at 1/4, 1/8, 1/16 and 1/32."""


@dataclass(frozen=True, slots=True)
class ResNetShape:
    """Blocks of the four stages; groups of the 3×3 convolutions and their width at the first stage."""

    blocks: tuple[int, int, int, int]
    groups: int = 1
    width_per_group: int = 64


RESNET50 = ResNetShape((3, 4, 6, 3))
RESNEXT101_32X8D = ResNetShape((3, 4, 23, 3), groups=32, width_per_group=8)


class Bottleneck(nn.Module):
    """1×1, 3×3 (grouped, strided), 1×1, each normalised; the input is added before the last ReLU."""

    def __init__(self, channels: int, width: int, shape: ResNetShape, stride: int) -> None:
        super().__init__()
        inner = width * shape.width_per_group // 64 * shape.groups
        outer = width * EXPANSION
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, groups=shape.groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outer, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outer)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or channels != outer:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 4 · width, H/stride, W/stride)."""
        inner = self.relu(self.bn1(self.conv1(x)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        skip = x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(self.bn3(self.conv3(inner)) + skip)
        return out


def stem() -> list[nn.Module]:
    """The layers before the stages, to 64 channels at 1/4: convolution, norm, ReLU, pooling."""
    return [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]


def stage(shape: ResNetShape, number: int) -> nn.Sequential:
    """One of the four stages, 0 to 3; all but the first halve the size."""
    channels = 64 if number == 0 else CHANNELS[number - 1]
    first = Bottleneck(channels, WIDTHS[number], shape, 1 if number == 0 else 2)
    rest = [Bottleneck(CHANNELS[number], WIDTHS[number], shape, 1) for _ in range(shape.blocks[number] - 1)]
    return nn.Sequential(first, *rest)


class ResNet(nn.Module):
    """The four stages behind their stem. ``has_head`` keeps the unused classifier of published files."""

    def __init__(self, shape: ResNetShape, *, has_head: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu, self.maxpool = stem()
        self.layer1 = stage(shape, 0)
        self.layer2 = stage(shape, 1)
        self.layer3 = stage(shape, 2)
        self.layer4 = stage(shape, 3)
        if has_head:
            self.fc = nn.Linear(CHANNELS[3], 1000)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at 1/2 (64 channels), 1/4, 1/8, 1/16 and 1/32 (``CHANNELS``)."""
        features = [self.relu(self.bn1(self.conv1(x)))]
        inner = self.maxpool(features[0])
        for part in (self.layer1, self.layer2, self.layer3, self.layer4):
            inner = part(inner)
            features.append(inner)
        return features
