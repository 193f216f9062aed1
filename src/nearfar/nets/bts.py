"""BTS (arXiv 1907.10326): metric depth through planes that guide each upsampling step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nearfar.nets import _densenet, _resnet

if TYPE_CHECKING:
    from torch import Tensor

_SIZE = 512
_BN_EPS = 1.1e-5
REFERENCE_FOCAL_PX = 715.0873
"""The focal length for which networks trained on KITTI answer in metres; others scale in proportion."""


@dataclass(frozen=True, slots=True)
class Maps:
    """Depth in metres (N, 1, H, W), and on the way: the plane maps of 0 and more, the last reduction."""

    depth: Tensor
    depth_8x8_scaled: Tensor
    depth_2x2_scaled: Tensor
    reduc1x1: Tensor


def _conv(channels: int, outer: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, outer, 3, 1, 1, bias=False), nn.ELU())


class UpConv(nn.Module):
    """Twice the size (nearest), 3×3, ELU."""

    def __init__(self, channels: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, outer, 3, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', 2H, 2W)."""
        return functional.elu(self.conv(functional.interpolate(x, scale_factor=2, mode="nearest")))


class Atrous(nn.Module):
    """ReLU, 1×1, norm, ReLU, 3×3 with gaps; all but the first are normalised before."""

    def __init__(self, channels: int, outer: int, dilation: int, *, has_first_norm: bool = True) -> None:
        super().__init__()
        self.atrous_conv = nn.Sequential()
        if has_first_norm:
            self.atrous_conv.add_module("first_bn", nn.BatchNorm2d(channels, eps=_BN_EPS))
        sequence = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, 2 * outer, 1, bias=False),
            nn.BatchNorm2d(2 * outer),
            nn.ReLU(),
            nn.Conv2d(2 * outer, outer, 3, 1, dilation, dilation, bias=False),
        )
        self.atrous_conv.add_module("aconv_sequence", sequence)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outer, H, W)."""
        out: Tensor = self.atrous_conv(x)
        return out


class Reduction(nn.Module):
    """1×1 convolutions that halve the channels down to 8, then to one map or to the parameters of planes."""

    def __init__(self, channels: int, outer: int, *, is_final: bool = False) -> None:
        super().__init__()
        self.reduc = nn.Sequential()
        while outer >= 8:
            step = nn.Sequential(nn.Conv2d(channels, outer, 1, bias=False), nn.ELU())
            self.reduc.add_module(f"inter_{channels}_{outer}", step)
            channels, outer = outer, outer // 2
        if is_final:
            last = nn.Sequential(nn.Conv2d(channels, 1, 1, bias=False), nn.Sigmoid())
            self.reduc.add_module("final", last)
        else:
            self.reduc.add_module("plane_params", nn.Conv2d(channels, 3, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), or (N, 3, H, W)."""
        out: Tensor = self.reduc(x)
        return out


def plane_depth(parameters: Tensor, ratio: int) -> Tensor:
    """(N, 1, ratio · H, ratio · W) depth of (H, W) planes, as a share of the maximum (equations 1 and 2).

    ``parameters``: (N, 3, H, W); through a sigmoid they are the polar angle (up to 60°), the azimuth and the
    distance of a plane, which covers ratio×ratio pixels.
    """
    polar, azimuth, distance = torch.chunk(torch.sigmoid(parameters), 3, 1)
    polar, azimuth = polar * (math.pi / 3), azimuth * (2 * math.pi)
    normal = torch.cat([polar.sin() * azimuth.cos(), polar.sin() * azimuth.sin(), polar.cos()], 1)
    plane = torch.cat([functional.normalize(normal, dim=1), distance], 1)
    plane = functional.interpolate(plane, scale_factor=ratio, mode="nearest")
    n1, n2, n3, n4 = torch.chunk(plane, 4, 1)
    steps = (torch.arange(ratio, dtype=plane.dtype, device=plane.device) - (ratio - 1) / 2) / ratio
    height, width = parameters.shape[2:]
    u = steps.repeat(width).view(1, 1, 1, -1)
    v = steps.repeat(height).view(1, 1, -1, 1)
    depth: Tensor = n4 / (n1 * u + n2 * v + n3)
    return depth


class Decoder(nn.Module):
    """From the features at 1/32 up to the full size, each step guided by planes."""

    def __init__(self, features: tuple[int, ...], max_depth_m: float) -> None:
        super().__init__()
        self._max_depth_m = max_depth_m
        at_2, at_4, at_8, at_16, at_32 = features
        n = _SIZE
        self.upconv5 = UpConv(at_32, n)
        self.bn5 = nn.BatchNorm2d(n, eps=_BN_EPS)
        self.conv5 = _conv(n + at_16, n)
        self.upconv4 = UpConv(n, n // 2)
        self.bn4 = nn.BatchNorm2d(n // 2, eps=_BN_EPS)
        self.conv4 = _conv(n // 2 + at_8, n // 2)
        self.bn4_2 = nn.BatchNorm2d(n // 2, eps=_BN_EPS)
        self.daspp_3 = Atrous(n // 2, n // 4, 3, has_first_norm=False)
        self.daspp_6 = Atrous(n // 2 + n // 4 + at_8, n // 4, 6)
        self.daspp_12 = Atrous(n + at_8, n // 4, 12)
        self.daspp_18 = Atrous(n + n // 4 + at_8, n // 4, 18)
        self.daspp_24 = Atrous(n + n // 2 + at_8, n // 4, 24)
        self.daspp_conv = _conv(n + n // 2 + n // 4, n // 4)
        self.reduc8x8 = Reduction(n // 4, n // 4)
        self.upconv3 = UpConv(n // 4, n // 4)
        self.bn3 = nn.BatchNorm2d(n // 4, eps=_BN_EPS)
        self.conv3 = _conv(n // 4 + at_4 + 1, n // 4)
        self.reduc4x4 = Reduction(n // 4, n // 8)
        self.upconv2 = UpConv(n // 4, n // 8)
        self.bn2 = nn.BatchNorm2d(n // 8, eps=_BN_EPS)
        self.conv2 = _conv(n // 8 + at_2 + 1, n // 8)
        self.reduc2x2 = Reduction(n // 8, n // 16)
        self.upconv1 = UpConv(n // 8, n // 16)
        self.reduc1x1 = Reduction(n // 16, n // 32, is_final=True)
        self.conv1 = _conv(n // 16 + 4, n // 16)
        self.get_depth = nn.Sequential(nn.Conv2d(n // 16, 1, 3, 1, 1, bias=False), nn.Sigmoid())

    def forward(self, features: list[Tensor]) -> Maps:
        """Maps at the full size from the encoder's features at 1/2 to 1/32."""
        at_2, at_4, at_8, at_16, at_32 = features
        path = self.conv5(torch.cat([self.bn5(self.upconv5(torch.relu(at_32))), at_16], 1))
        path = self._pyramid(torch.cat([self.bn4(self.upconv4(path)), at_8], 1))
        depth_8 = plane_depth(self.reduc8x8(path), 8)
        hint = functional.interpolate(depth_8, scale_factor=1 / 4, mode="nearest")
        path = self.conv3(torch.cat([self.bn3(self.upconv3(path)), at_4, hint], 1))
        depth_4 = plane_depth(self.reduc4x4(path), 4)
        hint = functional.interpolate(depth_4, scale_factor=1 / 2, mode="nearest")
        path = self.conv2(torch.cat([self.bn2(self.upconv2(path)), at_2, hint], 1))
        depth_2 = plane_depth(self.reduc2x2(path), 2)
        path = self.upconv1(path)
        reduced = self.reduc1x1(path)
        last = self.conv1(torch.cat([path, reduced, depth_2, depth_4, depth_8], 1))
        return Maps(self._max_depth_m * self.get_depth(last), depth_8, depth_2, reduced)

    def _pyramid(self, joined: Tensor) -> Tensor:
        """The dense pyramid of convolutions with ever larger gaps: 128 channels at 1/8."""
        start = self.bn4_2(self.conv4(joined))
        found = [self.daspp_3(start)]
        for part in (self.daspp_6, self.daspp_12, self.daspp_18, self.daspp_24):
            found.append(part(torch.cat([joined, *found], 1)))
        out: Tensor = self.daspp_conv(torch.cat([start, *found], 1))
        return out


class Bts(nn.Module):
    """Encoder and decoder under their published names."""

    def __init__(self, encoder: nn.Module, features: tuple[int, ...], max_depth_m: float) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"base_model": encoder})
        self.decoder = Decoder(features, max_depth_m)

    def maps(self, x: Tensor) -> Maps:
        """All maps of (N, 3, H, W); metres are for ``REFERENCE_FOCAL_PX`` where trained on KITTI."""
        maps: Maps = self.decoder(self.encoder["base_model"](x))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) depth in metres from (N, 3, H, W)."""
        return self.maps(x).depth[:, 0]


def _densenet161(max_depth_m: float) -> Bts:
    return Bts(_densenet.DenseNet161(), _densenet.CHANNELS, max_depth_m)


def nyu_densenet161() -> Bts:
    """Rooms up to 10 m, 47.0 M parameters."""
    return _densenet161(10.0)


def kitti_densenet161() -> Bts:
    """Streets up to 80 m, 47.0 M parameters."""
    return _densenet161(80.0)


def nyu_resnet50() -> Bts:
    """Rooms up to 10 m, 49.5 M parameters."""
    features = (64, *_resnet.CHANNELS)
    return Bts(_resnet.ResNet(_resnet.RESNET50, has_head=True), features, 10.0)


NETWORKS = {
    "nyu_densenet161": nyu_densenet161,
    "kitti_densenet161": kitti_densenet161,
    "nyu_resnet50": nyu_resnet50,
}
