"""EfficientNet-Lite (arXiv 1905.11946, without squeeze-and-excitation and swish) with a depth decoder.

The encoder may start from weights that were trained on ImageNet: it then knows what stands in a photo.
Padding is TensorFlow's ``SAME`` (a stride of 2 pads more on the right and below), as such weights expect.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from nearfar.errors import ParameterError, did_you_mean
from nearfar_lab.net import ConvBN, Decoder, position_channels

BN_EPS = 1e-3
MEAN, STD = 127 / 255, 128 / 255
"""The published weights take (bytes - 127) / 128."""
STEM = 32
POSITION = (2, 4)
"""Levels (0 is stride 2) whose laterals also take the position of every pixel: strides 8 and 32."""


@dataclass(frozen=True)
class EncoderRow:
    """A row of the paper's table 1: blocks, kernel, stride of the first, channels out, inner expansion."""

    blocks: int
    kernel: int
    stride: int
    channels: int
    expansion: int = 6


ROWS = (
    EncoderRow(1, 3, 1, 16, expansion=1),
    EncoderRow(2, 3, 2, 24),
    EncoderRow(2, 5, 2, 40),
    EncoderRow(3, 3, 2, 80),
    EncoderRow(3, 5, 1, 112),
    EncoderRow(4, 5, 2, 192),
    EncoderRow(1, 3, 1, 320),
)
LEVELS = (0, 1, 2, 4, 6)
"""After these rows the strides 2, 4, 8, 16 and 32 leave the encoder."""
BORDERS: tuple[Literal["zeros", "replicate"], ...] = ("zeros", "replicate")
SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
"""Width and depth, as the published family states them."""


@dataclass(frozen=True)
class LiteOptions:
    """Which encoder, and the decoder's widths at strides 2 to 32 with the number of its blocks.

    decoder_blocks: residual blocks at strides 16, 8, 4 and 2.
    border: what the head sees beyond the picture, `zeros` or its rim again (`replicate`).
    """

    encoder: str = "lite0"
    widths: tuple[int, int, int, int, int] = (16, 32, 64, 112, 192)
    decoder_blocks: tuple[int, int, int, int] = (1, 2, 1, 0)
    attention_blocks: int = 2
    heads: int = 6
    border: Literal["zeros", "replicate"] = "zeros"

    def __post_init__(self) -> None:
        if self.border not in BORDERS:
            raise ParameterError(f"There is no border '{self.border}'.", did_you_mean(self.border, BORDERS))
        if self.encoder not in SCALES:
            raise ParameterError(f"There is no encoder '{self.encoder}'.", did_you_mean(self.encoder, SCALES))
        if self.widths[-1] % self.heads:
            raise ParameterError(
                f"A width of {self.widths[-1]} at stride 32 is not a multiple of {self.heads} heads.",
                "Give another width or number of heads.",
            )

    def as_dict(self) -> dict[str, object]:
        """A plain dictionary that JSON and a checkpoint can carry."""
        return asdict(self)


def scaled_rows(encoder: str) -> tuple[EncoderRow, ...]:
    """The rows of an encoder: channels to multiples of 8, blocks rounded up but in the first and last row."""
    width, depth = SCALES[encoder]
    last = len(ROWS) - 1
    return tuple(
        EncoderRow(
            row.blocks if place in {0, last} else math.ceil(row.blocks * depth),
            row.kernel,
            row.stride,
            _rounded(row.channels * width),
            row.expansion,
        )
        for place, row in enumerate(ROWS)
    )


def _rounded(channels: float) -> int:
    """To the nearest multiple of 8, never more than a tenth below."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow does: the odd row and column at the end."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, 0, groups=groups, bias=False)
        before = (kernel - stride) // 2
        self.pads = (before, kernel - stride - before)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) (multiples of the stride) to (N, C', H/stride, W/stride)."""
        before, after = self.pads
        return super().forward(functional.pad(x, (before, after, before, after)))


def _layer(convolution: nn.Conv2d, *, has_clip: bool = True) -> ConvBN:
    """A convolution, its normalisation, and a ReLU6 unless told otherwise."""
    normalisation = nn.BatchNorm2d(convolution.out_channels, eps=BN_EPS)
    return ConvBN.of(convolution, normalisation, *((nn.ReLU6(inplace=True),) if has_clip else ()))


def _pointwise(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 1, bias=False)


class Inverted(nn.Module):
    """Pointwise up (where the row expands), depthwise, pointwise down; added where shapes agree."""

    def __init__(self, inputs: int, row: EncoderRow, stride: int) -> None:
        super().__init__()
        inner = inputs * row.expansion
        layers: list[nn.Module] = []
        if row.expansion > 1:
            layers.append(_layer(_pointwise(inputs, inner)))
        spread = (
            SameConv2d(inner, inner, row.kernel, stride, inner)
            if stride > 1
            else nn.Conv2d(inner, inner, row.kernel, 1, row.kernel // 2, groups=inner, bias=False)
        )
        layers += [_layer(spread), _layer(_pointwise(inner, row.channels), has_clip=False)]
        self.layers = nn.Sequential(*layers)
        self.is_added = stride == 1 and inputs == row.channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H/stride, W/stride)."""
        found = cast("Tensor", self.layers(x))
        return found + x if self.is_added else found


class LiteEncoder(nn.Module):
    """(N, 3, H, W) to five maps at strides 2, 4, 8, 16 and 32."""

    def __init__(self, encoder: str) -> None:
        super().__init__()
        rows = scaled_rows(encoder)
        self.channels = tuple(rows[level].channels for level in LEVELS)
        self.stem = _layer(SameConv2d(3, STEM, 3, 2))
        inputs = [STEM, *(row.channels for row in rows)]
        self.rows = nn.ModuleList(
            nn.Sequential(
                Inverted(before, row, row.stride),
                *(Inverted(row.channels, row, 1) for _ in range(row.blocks - 1)),
            )
            for before, row in zip(inputs, rows, strict=False)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """The five maps, finest first."""
        x = self.stem(image)
        found = []
        for place, row in enumerate(self.rows):
            x = row(x)
            if place in LEVELS:
                found.append(x)
        return found

    def normalised_layers(self) -> list[ConvBN]:
        """Every convolution with its normalisation, in the order in which a picture meets them."""
        return [module for module in self.modules() if isinstance(module, ConvBN)]


class LiteNet(Decoder):
    """(N, 3, H, W) normalised RGB (H, W multiples of 32) to (N, H, W), near is large."""

    def __init__(self, options: LiteOptions | None = None) -> None:
        super().__init__()
        self.options = options or LiteOptions()
        widths = self.options.widths
        self.encoder = LiteEncoder(self.options.encoder)
        self.lateral = nn.ModuleList(
            ConvBN(inputs + (2 if level in POSITION else 0), width, kernel=1, relu=False)
            for level, (inputs, width) in enumerate(zip(self.encoder.channels, widths, strict=True))
        )
        self.add_decoder(self.options)
        self.head = nn.Conv2d(widths[0], 4, 3, padding=1, padding_mode=self.options.border)

    @property
    def description(self) -> str:
        """What a card says of it."""
        widths = "-".join(str(w) for w in self.options.widths)
        return (
            f"EfficientNet-{self.options.encoder.capitalize()} as the encoder; decoder of widths {widths} at "
            f"strides 2 to 32, {self.options.attention_blocks} block(s) of attention at stride 32, additive "
            "skips, bilinear, 3x3 residual convolutions, sub-pixel head at full size; x and y of every pixel "
            "enter at strides 8 and 32"
        )

    def forward(self, image: Tensor) -> Tensor:
        """Relative inverse depth of every pixel, (N, H, W)."""
        levels = [self._joined(level, x) for level, x in enumerate(self.encoder(image))]
        return self.decode(levels)

    def _joined(self, level: int, x: Tensor) -> Tensor:
        """A map of the encoder in the decoder's width."""
        if level in POSITION:
            x = torch.cat((x, position_channels(x)), dim=1)
        return cast("Tensor", self.lateral[level](x))
