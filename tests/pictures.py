"""Pictures for tests, drawn and written here: ``from pictures import draw, encoded``."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def draw(width: int, height: int) -> np.ndarray:
    """The drawn scene at any size; no two of its turned or mirrored views are alike."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    v, u = y / height, x / width
    sky = np.stack([150 + 60 * u, 180 + 40 * u, 235 - 20 * v], axis=-1)
    ground = np.stack([120 - 60 * v, 110 + 20 * u - 40 * v, 70 + 10 * np.sin(40 * u)], axis=-1)
    scene = np.where((v < 0.4)[..., None], sky, ground)
    scene[(u > 0.2) & (u < 0.3) & (v > 0.25) & (v < 0.9)] = (190, 40, 35)
    scene[(u > 0.6) & (u < 0.9) & (v > 0.55) & (v < 0.75)] = (30, 60, 170)
    return np.clip(np.rint(scene), 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, format: str = "PNG", **how: object) -> bytes:
    """The bytes of a picture file, written by Pillow."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format=format, **how)
    return out.getvalue()
