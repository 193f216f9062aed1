"""Photos as textures: square crops of training photos, never of held-out ones."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nearfar_lab.errors import DataMissingError

HELD_OUT = ("nyu_v2/test", "kitti_tiny", "middlebury_motorcycle", "photos")
TRAINING = ("nyu_v2/train", "rgbd_mix")


def training_photos(data: Path) -> list[Path]:
    """Photos of the training sets under a data folder, in a fixed order; empty where there are none."""
    found = [p for part in TRAINING for p in sorted((data / part).rglob("*.jpg"))]
    return [p for p in found if not any(f"/{name}/" in p.as_posix() for name in HELD_OUT)]


def load(data: Path, count: int = 256, size: int = 96, seed: int = 0) -> NDArray[np.float32]:
    """Crops (count, size, size, 3) linear 0…1 of training photos; (0, size, size, 3) without any."""
    paths = training_photos(data)
    rng = np.random.default_rng(seed)
    out = np.zeros((count if paths else 0, size, size, 3), np.float32)
    for k in range(len(out)):
        image = cv2.imread(str(paths[int(rng.integers(len(paths)))]), cv2.IMREAD_COLOR)
        if image is None:
            raise DataMissingError(
                f"A training photo under {data} cannot be read.", "Fetch the data set again."
            )
        side = int(rng.uniform(0.3, 1.0) * min(image.shape[:2]))
        y, x = int(rng.integers(image.shape[0] - side + 1)), int(rng.integers(image.shape[1] - side + 1))
        crop = cv2.resize(image[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA)[
            ..., ::-1
        ]
        out[k] = (crop.astype(np.float32) / 255.0) ** 2.2
    return out
