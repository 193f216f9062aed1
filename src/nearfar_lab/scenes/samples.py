"""The three small pictures that the page offers to try: a room, a street, a portrait."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nearfar_lab.scenes import optics
from nearfar_lab.scenes.pictures import pictured, scene_of
from nearfar_lab.scenes.scene import raw

# Name: world and seed, chosen by eye.
CHOSEN = {"room": ("room", 54), "street": ("street", 1), "portrait": ("person", 67)}
LIMIT_BYTES = 60_000


def write(folder: Path, photos: NDArray[np.float32] | None = None) -> list[Path]:
    """Write NAME.jpg (640×480, at most 60 KB) for each sample; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (world, seed) in CHOSEN.items():
        scene = scene_of(seed, (480, 640), world, photos)
        taken = raw(scene, (480, 640), edge_samples=8)
        how = optics.Develop(contrast=0.25, filmic=0.5, noise=0.002, vignette=0.1, bloom=0.05)
        picture = pictured(scene, taken, how, np.random.default_rng(seed), seed)
        path = folder / f"{name}.jpg"
        path.write_bytes(small_jpeg(picture.rgb))
        paths.append(path)
    return paths


def small_jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """JPEG of the best quality that stays within the limit."""
    for quality in range(92, 30, -4):
        done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(data) <= LIMIT_BYTES:
            break
    return bytes(data.tobytes())
