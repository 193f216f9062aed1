"""DPT with LeViT (MiDaS 3.1, arXiv 2307.14460): relative inverse depth, near is large, fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from nearfar.nets import _levit
from nearfar.nets.midas import ResidualUnit

if TYPE_CHECKING:
    from torch import Tensor

SIZE = 224
_FEATURES = 256


class Fusion(nn.Module):
    """The path from below joined with the encoder's features, at a size that is told."""

    def __init__(self) -> None:
        super().__init__()
        self.out_conv = nn.Conv2d(_FEATURES, _FEATURES, 1)
        self.resConfUnit1 = ResidualUnit(_FEATURES, is_rectified_skip=False)
        self.resConfUnit2 = ResidualUnit(_FEATURES, is_rectified_skip=False)

    def forward(self, path: Tensor, features: Tensor | None, side: int) -> Tensor:
        """(N, C, H, W) to (N, C, side, side)."""
        joined = path if features is None else path + self.resConfUnit1(features)
        joined = self.resConfUnit2(joined)
        out: Tensor = self.out_conv(_enlarged(joined, side))
        return out


class Scratch(nn.Module):
    """The decoder: what was not pretrained. It has three levels where other DPTs have four."""

    layer1_rn: nn.Module
    layer2_rn: nn.Module
    layer3_rn: nn.Module
    refinenet1: nn.Module
    refinenet2: nn.Module
    refinenet3: nn.Module

    def __init__(self) -> None:
        super().__init__()
        for level, channels in enumerate(_levit.CHANNELS, start=1):
            reduce = nn.Conv2d(channels, _FEATURES, 3, 1, 1, bias=False)
            self.add_module(f"layer{level}_rn", reduce)
            self.add_module(f"refinenet{level}", Fusion())
        half, quarter = _FEATURES // 2, _FEATURES // 4
        self.stem_transpose = nn.Sequential(
            _levit.TransposeNorm(_FEATURES, half),
            nn.Hardswish(),
            _levit.TransposeNorm(half, quarter),
            nn.Hardswish(),
        )
        self.output_conv = nn.Sequential(
            nn.Conv2d(quarter, quarter // 2, 3, 1, 1),
            nn.Identity(),  # here the size doubles
            nn.Conv2d(quarter // 2, 8, 3, 1, 1),
            nn.ReLU(),
            nn.Conv2d(8, 1, 1),
            nn.ReLU(),
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """(N, 1, 224, 224) inverse depth from the encoder's features at 14, 7 and 4 a side."""
        at_14, at_7, at_4 = features
        path = self.refinenet3(self.layer3_rn(at_4), None, 7)
        path = self.refinenet2(path, self.layer2_rn(at_7), 14)
        path = self.refinenet1(path, self.layer1_rn(at_14), 28)
        path = self.output_conv[0](self.stem_transpose(path))
        out: Tensor = self.output_conv[2:](_enlarged(path, SIZE))
        return out


class DptLevit(nn.Module):
    """LeViT-384 (``pretrained.model``) under a decoder (``scratch``): 51 M parameters."""

    fixed_size = (SIZE, SIZE)

    def __init__(self) -> None:
        super().__init__()
        self.pretrained = nn.ModuleDict({"model": _levit.Levit()})
        self.scratch = Scratch()

    def forward(self, x: Tensor) -> Tensor:
        """(N, 224, 224) relative inverse depth, at least 0, from (N, 3, 224, 224)."""
        out: Tensor = self.scratch(self.pretrained["model"](x))
        return out[:, 0]

    def fuse(self) -> None:
        """Make it faster and smaller once its weights are there; answers stay the same up to rounding."""
        _levit.fuse(self)


def _enlarged(x: Tensor, side: int) -> Tensor:
    return functional.interpolate(x, (side, side), mode="bilinear", align_corners=True)


NETWORKS = {"dpt_224": DptLevit}
