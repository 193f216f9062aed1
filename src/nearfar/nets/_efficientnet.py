"""EfficientNet-Lite3 as an encoder: arXiv 1905.11946 scaled by 1.2 × 1.4, without squeeze and swish.

Padding is TensorFlow's ``SAME`` (more on the right and below), as the published weights expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

BN_EPS = 1e-3


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the table: repeats, kernel, stride, channels out, expansion of the inner channels."""

    repeats: int
    kernel: int
    stride: int
    channels: int
    expansion: int = 6


STEM_CHANNELS = 32
STAGES = (
    Stage(1, 3, 1, 24, expansion=1),
    Stage(3, 3, 2, 32),
    Stage(3, 5, 2, 48),
    Stage(5, 3, 2, 96),
    Stage(5, 5, 1, 136),
    Stage(6, 5, 2, 232),
    Stage(1, 3, 1, 384),
)


class SameConv2d(nn.Conv2d):
    """A convolution whose output is ceil(size / stride): padding depends on the size."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', ⌈H/stride⌉, ⌈W/stride⌉)."""
        top, bottom = self._padding(x.shape[2], 0)
        left, right = self._padding(x.shape[3], 1)
        padded = functional.pad(x, (left, right, top, bottom))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _padding(self, size: int, axis: int) -> tuple[int, int]:
        """Rows (or columns) before and after. Sizes are multiples of 32, so stride divides them."""
        total = self.kernel_size[axis] - self.stride[axis]
        if size % self.stride[axis]:
            total = self.kernel_size[axis] - size % self.stride[axis]
        return total // 2, total - total // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BN_EPS)


def _depthwise(channels: int, kernel: int, stride: int) -> SameConv2d:
    return SameConv2d(channels, channels, kernel, stride, groups=channels, bias=False)


class SeparableBlock(nn.Module):
    """Depthwise, then pointwise: the first stage."""

    def __init__(self, channels: int, row: Stage) -> None:
        super().__init__()
        self.conv_dw = _depthwise(channels, row.kernel, row.stride)
        self.bn1 = _norm(channels)
        self.conv_pw = nn.Conv2d(channels, row.channels, 1, bias=False)
        self.bn2 = _norm(row.channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H, W)."""
        inner = functional.relu6(self.bn1(self.conv_dw(x)))
        out: Tensor = self.bn2(self.conv_pw(inner))
        return out


class InvertedBlock(nn.Module):
    """Pointwise up, depthwise, pointwise down; the input is added where shapes agree."""

    def __init__(self, channels: int, row: Stage, stride: int) -> None:
        super().__init__()
        inner = channels * row.expansion
        self.conv_pw = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = _norm(inner)
        self.conv_dw = _depthwise(inner, row.kernel, stride)
        self.bn2 = _norm(inner)
        self.conv_pwl = nn.Conv2d(inner, row.channels, 1, bias=False)
        self.bn3 = _norm(row.channels)
        self._has_skip = stride == 1 and channels == row.channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', ⌈H/stride⌉, ⌈W/stride⌉)."""
        inner = functional.relu6(self.bn1(self.conv_pw(x)))
        inner = functional.relu6(self.bn2(self.conv_dw(inner)))
        out: Tensor = self.bn3(self.conv_pwl(inner))
        return out + x if self._has_skip else out


def stem() -> list[nn.Module]:
    """The layers before the stages, to 32 channels at 1/2."""
    return [SameConv2d(3, STEM_CHANNELS, 3, 2, bias=False), _norm(STEM_CHANNELS), nn.ReLU6()]


def stage(number: int) -> nn.Sequential:
    """One of the seven stages, 0 to 6."""
    row = STAGES[number]
    channels = STAGES[number - 1].channels if number else STEM_CHANNELS
    if row.expansion == 1:
        return nn.Sequential(SeparableBlock(channels, row))
    first = InvertedBlock(channels, row, row.stride)
    return nn.Sequential(first, *(InvertedBlock(row.channels, row, 1) for _ in range(row.repeats - 1)))
