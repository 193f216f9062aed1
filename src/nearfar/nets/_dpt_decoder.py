"""The decoder of MiDaS 3.1 for encoders of four levels, at any size (arXiv 2103.13413, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from nearfar.nets.midas import ResidualUnit

if TYPE_CHECKING:
    from torch import Tensor

FEATURES = 256


class Fusion(nn.Module):
    """The path from below joined with the encoder's features, at a size that is told."""

    def __init__(self) -> None:
        super().__init__()
        self.out_conv = nn.Conv2d(FEATURES, FEATURES, 1)
        self.resConfUnit1 = ResidualUnit(FEATURES, is_rectified_skip=False)
        self.resConfUnit2 = ResidualUnit(FEATURES, is_rectified_skip=False)

    def forward(self, path: Tensor, features: Tensor | None, size: tuple[int, int]) -> Tensor:
        """(N, C, H, W) to (N, C, rows, columns)."""
        joined = path if features is None else path + self.resConfUnit1(features)
        joined = self.resConfUnit2(joined)
        out: Tensor = self.out_conv(enlarged(joined, size))
        return out


class Decoder(nn.Module):
    """Inverse depth at half the size of the picture's finest features times four: at the picture's own.

    ``channels``: of the encoder's features, from the finest to the coarsest.
    """

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        for level, count in enumerate(channels, start=1):
            self.add_module(f"layer{level}_rn", nn.Conv2d(count, FEATURES, 3, 1, 1, bias=False))
        for level in range(1, 5):
            self.add_module(f"refinenet{level}", Fusion())
        half = FEATURES // 2
        self.output_conv = nn.Sequential(
            nn.Conv2d(FEATURES, half, 3, 1, 1),
            nn.Identity(),  # here the size doubles
            nn.Conv2d(half, 32, 3, 1, 1),
            nn.ReLU(),
            nn.Conv2d(32, 1, 1),
            nn.ReLU(),
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """(N, 4H, 4W) inverse depth, at least 0, from features at (H, W) and three times half of it."""
        thin = [getattr(self, f"layer{level}_rn")(one) for level, one in enumerate(features, start=1)]
        path = self.get_submodule("refinenet4")(thin[3], None, _size(thin[2]))
        path = self.get_submodule("refinenet3")(path, thin[2], _size(thin[1]))
        path = self.get_submodule("refinenet2")(path, thin[1], _size(thin[0]))
        rows, columns = _size(thin[0])
        path = self.get_submodule("refinenet1")(path, thin[0], (2 * rows, 2 * columns))
        path = enlarged(self.output_conv[0](path), (4 * rows, 4 * columns))
        out: Tensor = self.output_conv[2:](path)
        return out[:, 0]


def enlarged(x: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, H, W) to (N, C, rows, columns), corner pixels on corner pixels."""
    return functional.interpolate(x, size, mode="bilinear", align_corners=True)


def _size(x: Tensor) -> tuple[int, int]:
    return x.shape[2], x.shape[3]
