"""The embedded network: a light encoder-decoder for relative inverse depth.

Plain 3x3 residual convolutions (fast in every runtime), a block of attention at 1/32 for the
layout of the whole picture, additive skips, and a sub-pixel head at full resolution. The position
of every pixel is an input of its own: a photo's lower part is nearly always nearer than its upper.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class NetOptions:
    """Widths at strides 2, 4, 8, 16, 32 and the number of blocks of each kind."""

    widths: tuple[int, int, int, int, int] = (16, 32, 64, 128, 192)
    encoder_blocks: tuple[int, int, int, int, int] = (0, 1, 2, 2, 1)
    decoder_blocks: tuple[int, int, int, int] = (1, 2, 1, 1)
    attention_blocks: int = 1
    heads: int = 6

    def as_dict(self) -> dict[str, object]:
        """A plain dictionary that JSON and a checkpoint can carry."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, object]) -> NetOptions:
        """The options that `as_dict` wrote (lists become tuples again)."""
        plain = {k: tuple(v) if isinstance(v, list | tuple) else v for k, v in fields.items()}
        return cls(**plain)  # type: ignore[arg-type]


class ConvBN(nn.Sequential):
    """3x3 (or 1x1) convolution and batch normalisation, with a ReLU unless told otherwise."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, relu: bool = True
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        if relu:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)

    @classmethod
    def of(cls, convolution: nn.Conv2d, normalisation: nn.BatchNorm2d, *after: nn.Module) -> ConvBN:
        """The same from parts of other kinds."""
        made = cls.__new__(cls)
        nn.Sequential.__init__(made, convolution, normalisation, *after)
        return made


class Residual(nn.Module):
    """x + two 3x3 convolutions of x, then a ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvBN(width, width)
        self.second = ConvBN(width, width, relu=False)
        nn.init.zeros_(cast("nn.BatchNorm2d", self.second[1]).weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return functional.relu(x + self.second(self.first(x)))


class Attention(nn.Module):
    """One pre-normalised transformer block over all positions of a small map."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(inplace=True), nn.Linear(2 * width, width)
        )

    def forward(self, tokens: Tensor, count: int) -> Tensor:
        """(N, L) x C, the positions of N = count pictures one after another, to the same shape.

        Rows of one table rather than a table a picture: a runtime then adds the bias inside the product.
        """
        tokens = tokens + self.project(self._mixed(self.query_key_value(self.norm_attention(tokens)), count))
        return cast("Tensor", tokens + self.mlp(self.norm_mlp(tokens)))

    def _mixed(self, joined: Tensor, count: int) -> Tensor:
        """Queries, keys and values side by side, (N · L, 3C), to what each takes from the others."""
        width = joined.shape[1] // 3
        split = joined.reshape(count, -1, 3 * self.heads, width // self.heads).transpose(1, 2)
        query, key, value = split.chunk(3, dim=1)
        if self.training:
            mixed = functional.scaled_dot_product_attention(query, key, value)
        else:  # the same in the fewest steps of a runtime
            likeness = (query @ key.transpose(2, 3)) * (width // self.heads) ** -0.5
            mixed = likeness.softmax(dim=3) @ value
        return mixed.transpose(1, 2).reshape(-1, width)


def position_channels(image: Tensor) -> Tensor:
    """(N, 2, H, W): x and y from the centre, in units of half the longer side (-1..1).

    The same scale on both axes keeps a direction a direction whatever the aspect.
    """
    count, _, height, width = image.shape
    half = max(height, width) / 2
    x = (torch.arange(width, device=image.device, dtype=image.dtype) + 0.5 - width / 2) / half
    y = (torch.arange(height, device=image.device, dtype=image.dtype) + 0.5 - height / 2) / half
    grid_x = x.view(1, 1, 1, width).expand(count, 1, height, width)
    grid_y = y.view(1, 1, height, 1).expand(count, 1, height, width)
    return torch.cat((grid_x, grid_y), dim=1)


def _double(x: Tensor) -> Tensor:
    """Twice the height and width, bilinear."""
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class DecoderOptions(Protocol):
    """What a decoder is made from: see `NetOptions`."""

    @property
    def widths(self) -> tuple[int, int, int, int, int]:
        """Channels at strides 2, 4, 8, 16 and 32."""

    @property
    def decoder_blocks(self) -> tuple[int, int, int, int]:
        """Residual blocks at strides 16, 8, 4 and 2."""

    @property
    def attention_blocks(self) -> int:
        """Blocks of attention at stride 32."""

    @property
    def heads(self) -> int:
        """Heads of each of them."""


class Decoder(nn.Module):
    """The part that all designs share: from maps at strides 2 to 32 to depth at full size."""

    attention: nn.Sequential
    reduce: nn.ModuleList
    refine: nn.ModuleList
    head: nn.Conv2d

    def add_decoder(self, options: DecoderOptions) -> None:
        """Make its layers, after those of the encoder: a seed then gives the weights that it always gave."""
        widths = options.widths
        self.attention = nn.Sequential(
            *(Attention(widths[-1], options.heads) for _ in range(options.attention_blocks))
        )
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.reduce = nn.ModuleList(ConvBN(deep, shallow, kernel=1, relu=False) for deep, shallow in pairs)
        self.refine = nn.ModuleList(
            nn.Sequential(*(Residual(shallow) for _ in range(blocks)))
            for (_, shallow), blocks in zip(pairs, options.decoder_blocks, strict=True)
        )
        self.head = nn.Conv2d(widths[0], 4, 3, padding=1)

    def decode(self, levels: list[Tensor]) -> Tensor:
        """Relative inverse depth (N, H, W) of the five maps, finest first; the list is emptied."""
        x = self._look_around(levels.pop())
        for reduce, refine in zip(self.reduce, self.refine, strict=True):
            x = refine(functional.relu(_double(reduce(x)) + levels.pop()))
        return functional.pixel_shuffle(self.head(x), 2).squeeze(1)

    def _look_around(self, x: Tensor) -> Tensor:
        """Let every position of the deepest map see every other."""
        count, width, rows, columns = x.shape
        tokens = x.permute(0, 2, 3, 1).reshape(-1, width)
        for block in self.attention:
            tokens = block(tokens, count)
        return tokens.reshape(count, rows, columns, width).permute(0, 3, 1, 2)


class EmbeddedNet(Decoder):
    """(N, 3, H, W) normalised RGB (H, W multiples of 32) to (N, H, W), near is large."""

    def __init__(self, options: NetOptions | None = None) -> None:
        super().__init__()
        self.options = options or NetOptions()
        widths = self.options.widths
        inputs = (5, *widths[:-1])
        self.encoder = nn.ModuleList(
            nn.Sequential(ConvBN(i, o, stride=2), *(Residual(o) for _ in range(blocks)))
            for i, o, blocks in zip(inputs, widths, self.options.encoder_blocks, strict=True)
        )
        self.add_decoder(self.options)

    @property
    def description(self) -> str:
        """What a card says of it."""
        widths = "-".join(str(w) for w in self.options.widths)
        return (
            f"Encoder-decoder of plain 3x3 residual convolutions, widths {widths} at strides 2 to 32, "
            f"{self.options.attention_blocks} block(s) of attention at stride 32, additive skips, bilinear "
            "decoder, sub-pixel head at full size; x and y of every pixel are inputs of the first convolution"
        )

    def forward(self, image: Tensor) -> Tensor:
        """Relative inverse depth of every pixel, (N, H, W)."""
        x = torch.cat((image, position_channels(image)), dim=1)
        levels: list[Tensor] = []
        for stage in self.encoder:
            x = stage(x)
            levels.append(x)
        return self.decode(levels)


def parameter_count(net: nn.Module) -> int:
    """Trainable numbers in the network."""
    return sum(p.numel() for p in net.parameters())


@torch.no_grad()
def multiply_adds(net: nn.Module, height: int, width: int) -> int:
    """Multiply-adds of convolutions, linear layers and attention for one picture."""
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += output[0].numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            total += output.numel() * module.in_features
        elif isinstance(module, Attention):
            total += 2 * inputs[0].shape[0] ** 2 * inputs[0].shape[1]

    hooks = [module.register_forward_hook(count) for module in net.modules()]
    was_training = net.training
    net.eval()(torch.zeros(1, 3, height, width))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
