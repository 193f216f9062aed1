"""LeReS (arXiv 2012.09365): affine-invariant depth, far is large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nearfar.nets import _resnet

if TYPE_CHECKING:
    from torch import Tensor

_FEATURES = 256
_OFFSET = 0.01  # the published inference shifts each map so that its smallest depth is this


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class Transfer(nn.Module):
    """A 3×3 convolution, rectified, with a residual branch of two more, rectified."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, inner, 3, 1, 1)
        self.conv_branch = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(inner, inner, 3, 1, 1),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, inner, 3, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, inner, H, W). The skip is rectified: the published ReLU is in place."""
        inner = torch.relu(self.conv1(x))
        return torch.relu(inner + self.conv_branch(inner))


class Fusion(nn.Module):
    """Encoder features joined with the path from below, at twice the size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ftb1 = Transfer(channels, _FEATURES)
        self.ftb2 = Transfer(_FEATURES, _FEATURES)

    def forward(self, features: Tensor, path: Tensor) -> Tensor:
        """(N, 256, 2H, 2W)."""
        return _twice(self.ftb2(self.ftb1(features) + path))


class OutputHead(nn.Module):
    """Two 3×3 convolutions to one channel, at twice the size."""

    def __init__(self) -> None:
        super().__init__()
        self.adapt_conv = nn.Sequential(
            nn.Conv2d(_FEATURES, _FEATURES // 2, 3, 1, 1),
            nn.BatchNorm2d(_FEATURES // 2),
            nn.ReLU(),
            nn.Conv2d(_FEATURES // 2, 1, 3, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 2H, 2W)."""
        return _twice(self.adapt_conv(x))


class Decoder(nn.Module):
    """From the features at 1/32 up to the full size."""

    def __init__(self) -> None:
        super().__init__()
        at_4, at_8, at_16, at_32 = _resnet.CHANNELS
        self.conv = Transfer(at_32, 512)
        self.conv1 = nn.Conv2d(512, _FEATURES, 3, 1, 1)
        self.ffm2 = Fusion(at_16)
        self.ffm1 = Fusion(at_8)
        self.ffm0 = Fusion(at_4)
        self.outconv = OutputHead()

    def forward(self, features: list[Tensor]) -> Tensor:
        """(N, 1, H, W) from the encoder's features at 1/4 to 1/32."""
        at_4, at_8, at_16, at_32 = features
        path = _twice(self.conv1(self.conv(at_32)))
        path = self.ffm2(at_16, path)
        path = self.ffm1(at_8, path)
        path = self.ffm0(at_4, path)
        out: Tensor = self.outconv(path)
        return out


class DepthModel(nn.Module):
    """Encoder and decoder under their published names."""

    def __init__(self, shape: _resnet.ResNetShape) -> None:
        super().__init__()
        self.encoder_modules = nn.ModuleDict({"encoder": _resnet.ResNet(shape)})
        self.decoder_modules = Decoder()

    def forward(self, x: Tensor) -> Tensor:
        """The published ``logit``: (N, 1, H, W)."""
        features = self.encoder_modules["encoder"](x)[1:]
        out: Tensor = self.decoder_modules(features)
        return out


class LeReS(nn.Module):
    """The depth network; the published point-cloud networks are not part of it."""

    def __init__(self, shape: _resnet.ResNetShape) -> None:
        super().__init__()
        self.depth_model = DepthModel(shape)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) affine-invariant depth from (N, 3, H, W); each map's smallest value is 0.01."""
        logit: Tensor = self.depth_model(x)[:, 0]
        return logit - logit.amin((1, 2), keepdim=True) + _OFFSET


def resnet50() -> LeReS:
    """52.1 M parameters."""
    return LeReS(_resnet.RESNET50)


def resnext101() -> LeReS:
    """115.4 M parameters."""
    return LeReS(_resnet.RESNEXT101_32X8D)


NETWORKS = {"resnet50": resnet50, "resnext101": resnext101}
