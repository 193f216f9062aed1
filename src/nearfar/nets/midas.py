"""MiDaS v2.1 (arXiv 1907.01341): relative inverse depth, near is large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nearfar.nets import _efficientnet, _resnet
from nearfar.nets._fusion import fold_norms

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class DecoderShape:
    """Channels of the decoder.

    ``encoder`` and ``inner``: at 1/4, 1/8, 1/16, 1/32. ``outer``: after each fusion, or none where a fusion
    keeps its channels. ``head``: of the two inner convolutions of the output.
    """

    encoder: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]
    outer: tuple[int, int, int, int] | None
    head: tuple[int, int]
    is_rectified_skip: bool


LARGE = DecoderShape(_resnet.CHANNELS, (256,) * 4, None, (128, 32), is_rectified_skip=True)
SMALL = DecoderShape(
    (32, 48, 136, 384), (64, 128, 256, 512), (64, 64, 128, 256), (32, 32), is_rectified_skip=False
)


class ResidualUnit(nn.Module):
    """Two 3×3 convolutions, each behind a ReLU, added to the input.

    The large network was trained with an in-place ReLU, so that its skip carries the rectified input.
    """

    def __init__(self, channels: int, *, is_rectified_skip: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)
        self._is_rectified_skip = is_rectified_skip

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), kept."""
        rectified = torch.relu(x)
        inner: Tensor = self.conv2(torch.relu(self.conv1(rectified)))
        return inner + (rectified if self._is_rectified_skip else x)


class Fusion(nn.Module):
    """The path from below joined with the encoder's features, at twice the size."""

    def __init__(self, channels: int, outer: int | None, *, is_rectified_skip: bool) -> None:
        super().__init__()
        self.out_conv = nn.Identity() if outer is None else nn.Conv2d(channels, outer, 1)
        self.resConfUnit1 = ResidualUnit(channels, is_rectified_skip=is_rectified_skip)
        self.resConfUnit2 = ResidualUnit(channels, is_rectified_skip=is_rectified_skip)

    def forward(self, path: Tensor, features: Tensor | None = None) -> Tensor:
        """(N, C, H, W) to (N, C', 2H, 2W)."""
        joined = path if features is None else path + self.resConfUnit1(features)
        joined = self.resConfUnit2(joined)
        larger = functional.interpolate(joined, scale_factor=2, mode="bilinear", align_corners=True)
        out: Tensor = self.out_conv(larger)
        return out


class Scratch(nn.Module):
    """The decoder: what was not pretrained."""

    layer1_rn: nn.Module
    layer2_rn: nn.Module
    layer3_rn: nn.Module
    layer4_rn: nn.Module
    refinenet1: nn.Module
    refinenet2: nn.Module
    refinenet3: nn.Module
    refinenet4: nn.Module

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        outer = shape.outer or (None,) * 4
        for level in range(4):
            reduce = nn.Conv2d(shape.encoder[level], shape.inner[level], 3, 1, 1, bias=False)
            fusion = Fusion(shape.inner[level], outer[level], is_rectified_skip=shape.is_rectified_skip)
            self.add_module(f"layer{level + 1}_rn", reduce)
            self.add_module(f"refinenet{level + 1}", fusion)
        self.output_conv = _head(outer[0] or shape.inner[0], shape.head)

    def forward(self, features: list[Tensor]) -> Tensor:
        """(N, 1, H, W) inverse depth from the encoder's features at 1/4 to 1/32."""
        at_4, at_8, at_16, at_32 = features
        path = self.refinenet4(self.layer4_rn(at_32))
        path = self.refinenet3(path, self.layer3_rn(at_16))
        path = self.refinenet2(path, self.layer2_rn(at_8))
        path = self.refinenet1(path, self.layer1_rn(at_4))
        out: Tensor = self.output_conv(path)
        return out


def _head(channels: int, inner: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, inner[0], 3, 1, 1),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2d(inner[0], inner[1], 3, 1, 1),
        nn.ReLU(),
        nn.Conv2d(inner[1], 1, 1),
        nn.ReLU(),
    )


class Midas(nn.Module):
    """Four encoder stages (``pretrained``) under a decoder (``scratch``)."""

    def __init__(self, stages: tuple[nn.Sequential, ...], shape: DecoderShape) -> None:
        super().__init__()
        self.pretrained = nn.Module()
        for level, part in enumerate(stages, start=1):
            self.pretrained.add_module(f"layer{level}", part)
        self.scratch = Scratch(shape)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) relative inverse depth, at least 0, from (N, 3, H, W)."""
        features = []
        for part in self.pretrained.children():
            x = part(x)
            features.append(x)
        out: Tensor = self.scratch(features)
        return out[:, 0]

    def fuse(self) -> None:
        """Fold the encoder's norms; the state dict has other keys afterwards."""
        fold_norms(self.pretrained)


def small() -> Midas:
    """EfficientNet-Lite3 under 64 features that double at each level: 21.3 M parameters."""
    stage = _efficientnet.stage
    first = nn.Sequential(*_efficientnet.stem(), stage(0), stage(1))
    rest = (nn.Sequential(stage(2)), nn.Sequential(stage(3), stage(4)), nn.Sequential(stage(5), stage(6)))
    return Midas((first, *rest), SMALL)


def large() -> Midas:
    """ResNeXt-101 32x8d under 256 features: 105.4 M parameters."""
    shape = _resnet.RESNEXT101_32X8D
    first = nn.Sequential(*_resnet.stem(), _resnet.stage(shape, 0))
    return Midas((first, *(_resnet.stage(shape, number) for number in (1, 2, 3))), LARGE)


NETWORKS = {"small": small, "large": large}
