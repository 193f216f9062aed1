"""A training view of a frame: crop, zoom, mirror, small turn, and the camera's accidents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nearfar_lab.datasets.frames import FloatMap, Pixels

Random = np.random.Generator
MIDDLE = 4.0  # both parameters of the beta distribution of rows near the middle
_RNG_NOISE = np.random.default_rng(0)
_NOISE = _RNG_NOISE.standard_normal((512, 512, 3)).astype(np.float32)


@dataclass(frozen=True)
class Strength:
    """How far augmentation goes. Probabilities per view, ranges as stated.

    central: how often a part's rows are drawn near the middle of the frame, as a camera is mostly held.
    """

    full_frame: float = 0.35
    least_area: float = 0.3
    aspect: float = 1.25
    central: float = 0.0
    turn: float = 0.15
    turn_deg: float = 6.0
    grey: float = 0.06
    blur: float = 0.15
    noise: float = 0.3
    jpeg: float = 0.1


def crop_box(
    rng: Random, height: int, width: int, aspect: float, strength: Strength
) -> tuple[int, int, int, int]:
    """Top, left, height, width of a random part that is about `aspect` (width / height) wide."""
    stretch = np.exp(rng.uniform(-1, 1) * np.log(strength.aspect))
    area = 1.0 if rng.random() < strength.full_frame else rng.uniform(strength.least_area, 1.0)
    wanted = aspect * stretch
    full_h, full_w = (height, height * wanted) if width / height > wanted else (width / wanted, width)
    if area == 1.0 and max(width / full_w, height / full_h) < strength.aspect:
        return 0, 0, height, width
    side = np.sqrt(area)
    part_h, part_w = max(8, round(full_h * side)), max(8, round(full_w * side))
    top = int(rng.integers(0, max(height - part_h, 0) + 1))
    if strength.central and rng.random() < strength.central:
        top = round(rng.beta(MIDDLE, MIDDLE) * max(height - part_h, 0))
    left = int(rng.integers(0, max(width - part_w, 0) + 1))
    return top, left, min(part_h, height), min(part_w, width)


def geometric(
    rng: Random,
    rgb: Pixels,
    inverse: FloatMap,
    size: tuple[int, int],
    strength: Strength,
    *,
    is_sparse: bool,
) -> tuple[Pixels, FloatMap]:
    """A part of the frame at `size` (height, width): colour smoothed, depth by nearest neighbour."""
    height, width = size
    top, left, part_h, part_w = crop_box(rng, inverse.shape[0], inverse.shape[1], width / height, strength)
    rgb = rgb[top : top + part_h, left : left + part_w]
    inverse = inverse[top : top + part_h, left : left + part_w]
    factor = min(part_h / height, part_w / width)
    if is_sparse and factor > 1.4:
        # Lidar points would be lost by nearest neighbour: let each fill its neighbours.
        filled = cv2.dilate(np.nan_to_num(inverse, nan=-1.0), np.ones((3, 3), np.uint8))
        inverse = np.where(filled > 0, filled, np.nan).astype(np.float32)
    smooth = cv2.INTER_AREA if factor > 1.2 else cv2.INTER_LINEAR
    rgb = cv2.resize(rgb, (width, height), interpolation=smooth).astype(np.uint8, copy=False)
    small = cv2.resize(inverse, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    inverse = small.astype(np.float32, copy=False)
    if rng.random() < strength.turn:
        rgb, inverse = _turn(rng, rgb, inverse, strength.turn_deg)
    if rng.random() < 0.5:
        rgb, inverse = rgb[:, ::-1], inverse[:, ::-1]
    return np.ascontiguousarray(rgb), np.ascontiguousarray(inverse, dtype=np.float32)


def _turn(rng: Random, rgb: Pixels, inverse: FloatMap, largest_deg: float) -> tuple[Pixels, FloatMap]:
    """Both turned by a small angle, zoomed so that no corner is empty."""
    height, width = inverse.shape
    angle_deg = rng.uniform(-largest_deg, largest_deg)
    angle = abs(np.deg2rad(angle_deg))
    long, short = max(height, width), min(height, width)
    zoom = np.cos(angle) + np.sin(angle) * long / short
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, zoom)
    turned = cv2.warpAffine(
        rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    depth = cv2.warpAffine(
        inverse, matrix, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return turned.astype(np.uint8, copy=False), depth.astype(np.float32, copy=False)


def photometric(rng: Random, rgb: Pixels, strength: Strength) -> Pixels:
    """Other light, colour, lens and file for the same picture."""
    rgb = cv2.transform(rgb, _colour_matrix(rng, strength)).astype(np.uint8, copy=False)
    rgb = cv2.LUT(rgb, _tone_table(rng)).astype(np.uint8, copy=False)
    if rng.random() < strength.blur:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.3, 1.2)).astype(np.uint8, copy=False)
    if rng.random() < strength.noise:
        rgb = _noisy(rng, rgb)
    if rng.random() < strength.jpeg:
        rgb = _through_jpeg(rgb, int(rng.integers(25, 90)))
    return rgb


def _colour_matrix(rng: Random, strength: Strength) -> NDArray[np.float32]:
    """(3, 3): saturation, a little mixing of channels, white balance; grey now and then."""
    saturation = 0.0 if rng.random() < strength.grey else rng.uniform(0.5, 1.5)
    luma = np.broadcast_to([0.299, 0.587, 0.114], (3, 3))
    matrix = saturation * np.eye(3) + (1 - saturation) * luma
    matrix = matrix + saturation * 0.06 * rng.standard_normal((3, 3))
    return (matrix * np.exp(0.1 * rng.standard_normal((3, 1)))).astype(np.float32)


def _tone_table(rng: Random) -> NDArray[np.uint8]:
    """256 values: gamma, contrast about the middle, brightness."""
    values = np.linspace(0, 1, 256) ** np.exp(rng.uniform(-0.5, 0.5))
    values = (values - 0.5) * np.exp(rng.uniform(-0.35, 0.35)) + 0.5 + rng.uniform(-0.12, 0.12)
    return np.asarray(np.clip(values, 0, 1) * 255 + 0.5, np.uint8)


def _through_jpeg(rgb: Pixels, quality: int) -> Pixels:
    """The picture after compression at that quality (0..100)."""
    packed = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def _noisy(rng: Random, rgb: Pixels) -> Pixels:
    """Sensor noise from a prepared field, mirrored and tiled to the picture's size."""
    height, width = rgb.shape[:2]
    rows = (int(rng.integers(512)) + np.arange(height)) % 512
    columns = (int(rng.integers(512)) + np.arange(width)) % 512
    field = _NOISE[rows[:, None], columns[None, :]] * rng.uniform(1, 12)
    return np.clip(rgb + field, 0, 255).astype(np.uint8)
