"""Small scenes that move, with the depth a wavering network would give."""

from __future__ import annotations

import cv2
import numpy as np


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8 of spots with clear outlines, of another size and place for another seed."""
    random = np.random.default_rng(abs(seed))
    spots = cv2.GaussianBlur(random.uniform(0, 1, (height, width)).astype(np.float32), (0, 0), 4 + 2 * seed)
    grey = np.clip(130 + 60 * (spots - 0.5) / spots.std(), 60, 200).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def scene(number: int, *, step: int = 0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(rgb (96, 128, 3), depth (96, 128)) of frame ``number`` of a view that slides by ``step`` pixels."""
    left = 200 + step * number
    wide = texture(96, 600, seed)
    ramp = np.linspace(0, 1, 96, dtype=np.float32)[:, None] + np.zeros((1, 600), np.float32)
    ramp[30:70, 240:270] += 0.5
    part = slice(left, left + 128)
    return np.ascontiguousarray(wide[:, part]), np.ascontiguousarray(ramp[:, part])


def wavering(depth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The depth in another scale and shift, with noise."""
    scale, shift = random.uniform(0.85, 1.2), random.uniform(-0.2, 0.2)
    noise = cv2.GaussianBlur(random.normal(0, 0.1, depth.shape).astype(np.float32), (0, 0), 2)
    return np.asarray(scale * depth + shift + noise, np.float32)
