"""DPT with Swin (MiDaS 3.1, arXiv 2307.14460; Swin: arXiv 2103.14030): relative inverse depth, near is large.

Keys are those of the file that MiDaS 3.1 publishes (timm 0.6); tables that follow from the grid are not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.nn import functional

from nearfar.nets._dpt_decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

_PATCH = 4
_BARRED = -100.0  # what is added to the score of pairs that were apart before the shift


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels of the first stage, blocks and heads of each, a window in tokens, the picture in pixels."""

    channels: int
    depths: tuple[int, int, int, int]
    heads: tuple[int, int, int, int]
    window: int
    size: int


LARGE = Shape(192, (2, 2, 18, 2), (6, 12, 24, 48), 12, 384)


class Attention(nn.Module):
    """Attention within windows, with a learned bias for each distance."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self._heads, self._window = heads, window
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))

    def forward(self, x: Tensor, barred: Tensor | None) -> Tensor:
        """(windows, L, C), kept; ``barred``: (windows of a picture, L, L), added to the scores."""
        query, key, value = self.qkv(x).unflatten(2, (3, self._heads, -1)).permute(2, 0, 3, 1, 4)
        length = x.shape[1]
        places = _distances(self._window).to(x.device)
        bias = self.relative_position_bias_table[places.flatten()].reshape(length, length, -1)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3) + bias.permute(2, 0, 1)
        if barred is not None:
            count = barred.shape[0]
            scores = scores.unflatten(0, (-1, count)) + barred[None, :, None]
            scores = scores.flatten(0, 1)
        out: Tensor = self.proj((scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2))
        return out


class Perceptron(nn.Module):
    """Two linear layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C), kept."""
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """Attention and a perceptron, each behind a norm; windows may be shifted by half."""

    def __init__(self, channels: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self._window, self._shift = window, shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = Attention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Perceptron(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, rows, columns, C), kept."""
        window, shift = self._window, self._shift
        rows, columns = x.shape[1:3]
        moved = torch.roll(self.norm1(x), (-shift, -shift), (1, 2))
        barred = _barred(rows, window, shift).to(x) if shift else None
        grid = rows // window, columns // window
        parts = moved.reshape(-1, grid[0], window, grid[1], window, x.shape[3]).transpose(2, 3)
        seen = self.attn(parts.reshape(-1, window**2, x.shape[3]), barred)
        seen = seen.reshape(-1, *grid, window, window, x.shape[3])
        seen = seen.transpose(2, 3).reshape(x.shape)
        x = x + torch.roll(seen, (shift, shift), (1, 2))
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class Merge(nn.Module):
    """Four neighbours become one token of twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, rows, columns, C) to (N, rows / 2, columns / 2, 2 C)."""
        parts = [x[:, down::2, right::2] for right in (0, 1) for down in (0, 1)]
        out: Tensor = self.reduction(self.norm(torch.cat(parts, dim=3)))
        return out


class Stage(nn.Module):
    """Blocks on one grid, and what merges it for the next stage."""

    def __init__(self, shape: Shape, number: int) -> None:
        super().__init__()
        channels, side = shape.channels * 2**number, shape.size // _PATCH // 2**number
        shift = shape.window // 2 if side > shape.window else 0  # one window sees all: nothing to shift
        self.blocks = nn.ModuleList(
            Block(channels, shape.heads[number], min(side, shape.window), shift * (place % 2))
            for place in range(shape.depths[number])
        )
        self.downsample = Merge(channels) if number + 1 < len(shape.depths) else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, rows, columns, C), kept: what the decoder takes."""
        for block in self.blocks:
            x = block(x)
        return x

    def merged(self, x: Tensor) -> Tensor:
        """What the next stage takes; the last stage has none."""
        out: Tensor = x if self.downsample is None else self.downsample(x)
        return out


class PatchEmbed(nn.Module):
    """Squares of 4×4 pixels as tokens."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, _PATCH, _PATCH)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, rows, columns, C) from (N, 3, H, W)."""
        out: Tensor = self.norm(self.proj(x).permute(0, 2, 3, 1))
        return out


class Swin(nn.Module):
    """Four stages; each grid has half the sides of the one before."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(shape.channels)
        self.layers = nn.ModuleList(Stage(shape, number) for number in range(len(shape.depths)))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, C, rows, columns) of each stage from (N, 3, H, W)."""
        tokens, found = self.patch_embed(x), []
        stages = cast("Iterable[Stage]", self.layers)
        for stage in stages:
            seen = stage(tokens)
            found.append(seen.permute(0, 3, 1, 2))
            tokens = stage.merged(seen)
        return found


class DptSwin(nn.Module):
    """Swin-L (``pretrained.model``) under a decoder (``scratch``)."""

    unread = (".attn_mask", ".relative_position_index", "pretrained.model.norm.", "pretrained.model.head.")
    """Parts of published keys that depth does not need."""

    def __init__(self, shape: Shape = LARGE) -> None:
        super().__init__()
        self.fixed_size = (shape.size, shape.size)
        self.pretrained = nn.ModuleDict({"model": Swin(shape)})
        first = shape.channels
        self.scratch = Decoder((first, 2 * first, 4 * first, 8 * first))

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) relative inverse depth, at least 0, from (N, 3, H, W) of the one size it takes."""
        out: Tensor = self.scratch(self.pretrained["model"](x))
        return out


def _distances(window: int) -> Tensor:
    """(L, L) int64: which bias belongs to a pair of tokens, by how far they are apart in rows and columns."""
    places = torch.cartesian_prod(torch.arange(window), torch.arange(window))
    apart = places[:, None] - places[None] + window - 1
    return apart[..., 0] * (2 * window - 1) + apart[..., 1]


def _barred(side: int, window: int, shift: int) -> Tensor:
    """(windows, L, L): 0 for pairs that lay in one piece of the picture before the shift."""
    piece = torch.zeros(side, dtype=torch.int64)
    piece[side - window : side - shift], piece[side - shift :] = 1, 2
    pieces = 3 * piece[:, None] + piece[None]
    count = side // window
    parts = pieces.reshape(count, window, count, window).transpose(1, 2).reshape(-1, window**2)
    apart: Tensor = (parts[:, None] != parts[..., None]).float() * _BARRED
    return apart


NETWORKS = {"large_384": DptSwin}
