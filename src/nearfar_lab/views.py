"""Training views of many frames at once, on any device: crop, zoom, mirror, turn, and the camera's accidents.

The batched counterpart of `augment`: what is random is drawn with numpy, what is computed is in torch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nearfar_lab.augment import MIDDLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nearfar_lab.augment import Random, Strength
    from nearfar_lab.pool import Pool

_BLUR_RADIUS = 3
_JPEG_BLOCK = 8
_LUMA = (0.299, 0.587, 0.114)


def crop_boxes(
    rng: Random, sizes: NDArray[np.int64], aspect: float, strength: Strength
) -> NDArray[np.float64]:
    """(N, 4) (top, left, height, width), random parts of frames of (N, 2) sizes, about `aspect` wide."""
    height, width = sizes[:, 0].astype(float), sizes[:, 1].astype(float)
    count = len(sizes)
    wanted = aspect * np.exp(rng.uniform(-1, 1, count) * np.log(strength.aspect))
    is_full = rng.random(count) < strength.full_frame
    area = np.where(is_full, 1.0, rng.uniform(strength.least_area, 1.0, count))
    is_wide = width / height > wanted
    full_h = np.where(is_wide, height, width / wanted)
    full_w = np.where(is_wide, height * wanted, width)
    is_whole = is_full & (np.maximum(width / full_w, height / full_h) < strength.aspect)
    part_h = np.where(is_whole, height, full_h * np.sqrt(area))
    part_w = np.where(is_whole, width, full_w * np.sqrt(area))
    place = rng.random(count)
    if strength.central:
        is_central = rng.random(count) < strength.central
        place = np.where(is_central, rng.beta(MIDDLE, MIDDLE, count), place)
    top = place * (height - part_h)
    left = rng.random(count) * (width - part_w)
    return np.stack([top, left, part_h, part_w], axis=1)


def placements(
    rng: Random, sizes: NDArray[np.int64], size: tuple[int, int], strength: Strength
) -> NDArray[np.float32]:
    """(N, 2, 3): from a view's (x, y, 1), both -1..1, to (x, y) in pixels of its frame."""
    height, width = size
    boxes = crop_boxes(rng, sizes, width / height, strength)
    count = len(boxes)
    is_turned = rng.random(count) < strength.turn
    angle = np.where(is_turned, np.deg2rad(rng.uniform(-1, 1, count) * strength.turn_deg), 0.0)
    mirror = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    half_h, half_w = boxes[:, 2] / 2, boxes[:, 3] / 2
    ratio = np.maximum(half_h, half_w) / np.minimum(half_h, half_w)
    zoom = 1 / (np.cos(angle) + np.abs(np.sin(angle)) * ratio)  # so that no corner leaves the part
    cosine, sine = np.cos(angle) * zoom, np.sin(angle) * zoom
    matrix = np.empty((count, 2, 3), np.float32)
    matrix[:, 0] = np.stack([mirror * cosine * half_w, -sine * half_h, boxes[:, 1] + half_w], axis=1)
    matrix[:, 1] = np.stack([mirror * sine * half_w, cosine * half_h, boxes[:, 0] + half_h], axis=1)
    return matrix


def points_in_views(places: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where points of frames ((P, 2), x and y in pixels) lie in views: (P, 2), 0..1 inside.

    places: (P, 2, 3), the placement of each point's view.
    """
    from_corner = points - places[:, :, 2]
    turned = np.linalg.solve(places[:, :, :2].astype(np.float64), from_corner[:, :, None])[:, :, 0]
    return np.asarray((turned + 1) / 2, np.float32)


def _grid(matrix: Tensor, size: tuple[int, int], sizes: Tensor, canvas: int) -> Tensor:
    """(N, H, W, 2) places for `grid_sample`, kept inside each frame."""
    height, width = size
    y = (torch.arange(height, device=matrix.device) + 0.5) * (2 / height) - 1
    x = (torch.arange(width, device=matrix.device) + 0.5) * (2 / width) - 1
    plane = torch.stack([*torch.meshgrid(x, y, indexing="xy"), torch.ones(size, device=matrix.device)])
    place = (matrix @ plane.flatten(1)).view(-1, 2, height, width)
    most = sizes.flip(1).view(-1, 2, 1, 1) - 0.5
    place = torch.minimum(place.clamp(min=0.5), most)
    return (place * (2 / canvas) - 1).permute(0, 2, 3, 1)


def geometric(
    rng: Random, pool: Pool, index: NDArray[np.int64], size: tuple[int, int], strength: Strength
) -> tuple[Tensor, Tensor]:
    """Random parts of frames at `size`: colour (float 0..1, (N, 3, H, W)) smoothed, depth by nearest."""
    return placed(pool, index, placements(rng, pool.sizes[index], size, strength), size)


def placed(
    pool: Pool, index: NDArray[np.int64], places: NDArray[np.float32], size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Given parts of frames (see :func:`placements`) at `size`, as :func:`geometric` gives them."""
    sizes = pool.sizes[index]
    matrix = torch.from_numpy(places).to(pool.device, non_blocking=True)
    limits = torch.from_numpy(sizes.astype(np.float32)).to(pool.device, non_blocking=True)
    rgb, inverse = pool.take(index)
    fine = _grid(matrix, (2 * size[0], 2 * size[1]), limits, pool.canvas)
    pictures = rgb.permute(0, 3, 1, 2).float() / 255
    colour = functional.avg_pool2d(functional.grid_sample(pictures, fine, align_corners=False), 2)
    coarse = _grid(matrix, size, limits, pool.canvas)
    depth = functional.grid_sample(inverse[:, None].float(), coarse, mode="nearest", align_corners=False)
    return colour, depth[:, 0]


def photometric(rng: Random, noise: torch.Generator, rgb: Tensor, strength: Strength) -> Tensor:
    """Other light, colour, lens and file for the same pictures ((N, 3, H, W), 0..1)."""
    count, device = len(rgb), rgb.device

    def put(values: NDArray[np.floating], *shape: int) -> Tensor:
        values = np.ascontiguousarray(values, np.float32)
        return torch.from_numpy(values).to(device, non_blocking=True).view(-1, *shape)

    rgb = (put(_colour_matrices(rng, count, strength), 3, 3) @ rgb.flatten(2)).view_as(rgb).clamp(0, 1)
    gamma, contrast = np.exp(rng.uniform(-0.5, 0.5, count)), np.exp(rng.uniform(-0.35, 0.35, count))
    rgb = rgb.clamp(min=1e-4) ** put(gamma, 1, 1, 1)
    rgb = (rgb - 0.5) * put(contrast, 1, 1, 1) + 0.5 + put(rng.uniform(-0.12, 0.12, count), 1, 1, 1)
    rgb = rgb.clamp(0, 1)
    chosen = np.flatnonzero(rng.random(count) < strength.blur)
    if len(chosen):
        at = torch.from_numpy(chosen).to(device, non_blocking=True)
        rgb[at] = blurred(rgb[at], put(rng.uniform(0.3, 1.2, len(chosen)), 1))
    level = np.where(rng.random(count) < strength.noise, rng.uniform(1, 12, count) / 255, 0.0)
    rgb = rgb + put(level, 1, 1, 1) * torch.randn(rgb.shape, generator=noise, device=device)
    chosen = np.flatnonzero(rng.random(count) < strength.jpeg)
    if len(chosen):
        at = torch.from_numpy(chosen).to(device, non_blocking=True)
        rgb[at] = compressed(rgb[at], put(rng.uniform(0.02, 0.16, len(chosen)), 1, 1, 1, 1))
    return rgb.clamp(0, 1)


def _colour_matrices(rng: Random, count: int, strength: Strength) -> NDArray[np.float64]:
    """(N, 3, 3): saturation, a little mixing of channels, white balance; grey now and then."""
    is_grey = rng.random(count) < strength.grey
    saturation = np.where(is_grey, 0.0, rng.uniform(0.5, 1.5, count))[:, None, None]
    luma = np.broadcast_to(_LUMA, (3, 3))
    matrix = saturation * np.eye(3) + (1 - saturation) * luma
    matrix = matrix + saturation * 0.06 * rng.standard_normal((count, 3, 3))
    return np.asarray(matrix * np.exp(0.1 * rng.standard_normal((count, 3, 1))))


def blurred(rgb: Tensor, sigma: Tensor) -> Tensor:
    """Each picture under a Gaussian of its own sigma in pixels (N, 1)."""
    count, channels, height, width = rgb.shape
    reach = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1, device=rgb.device)
    kernel = torch.exp(-0.5 * (reach / sigma) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    flat = functional.pad(rgb.reshape(1, count * channels, height, width), [_BLUR_RADIUS] * 4, mode="reflect")
    across = functional.conv2d(flat, kernel[:, None, None, :], groups=count * channels)
    down = functional.conv2d(across, kernel[:, None, :, None], groups=count * channels)
    return down.view_as(rgb)


def _cosines(device: torch.device) -> Tensor:
    """The orthonormal cosine transform of 8 numbers, 8 x 8."""
    place = torch.arange(_JPEG_BLOCK, device=device, dtype=torch.float32)
    table = torch.cos(torch.pi / _JPEG_BLOCK * (place[None] + 0.5) * place[:, None])
    table[0] *= 0.5**0.5
    return table * math.sqrt(2 / _JPEG_BLOCK)


def compressed(rgb: Tensor, coarseness: Tensor) -> Tensor:
    """The pictures with the cosine terms of 8 x 8 blocks rounded, as JPEG does; high frequencies coarser.

    coarseness: (N, 1, 1, 1, 1), the step of the lowest frequency on the scale 0..8 of such terms.
    """
    count, channels, height, width = rgb.shape
    table = _cosines(rgb.device)
    blocks = rgb.view(count, channels, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(count, channels, -1, 8, 8)
    place = torch.arange(_JPEG_BLOCK, device=rgb.device, dtype=torch.float32)
    step = coarseness * (1 + 0.5 * (place[:, None] + place[None]))
    terms = table @ blocks @ table.T
    rounded = table.T @ ((terms / step).round() * step) @ table
    rounded = rounded.view(count, channels, height // 8, width // 8, 8, 8).permute(0, 1, 2, 4, 3, 5)
    return rounded.reshape(count, channels, height, width)
