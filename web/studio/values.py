"""What the library makes of small pictures: the values that the studio's own steps are tested against.

python web/studio/values.py     writes web/tests/studio.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from nearfar.models.embedded import PLUGIN
from nearfar.ops.exposure import exposure_faults
from nearfar.ops.outlines import sharpen
from nearfar.ops.resize import enlarge, shrink

FILE = Path(__file__).parents[1] / "tests" / "studio.json"
PHOTO = (41, 29)
"""Width and height of the picture that is made smaller."""
GOALS = ((32, 24), (12, 20), (8, 7), (4, 3), (41, 29), (60, 40))
SIZES = ((1280, 853), (640, 480), (480, 640), (4000, 1000), (1000, 9000), (64, 64), (3024, 4032), (1, 5000))


def picture(width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8 with slopes, an edge and noise."""
    noise = np.random.default_rng(7).integers(0, 60, (height, width, 3))
    slope = np.arange(width)[None, :, None] * 2 + np.arange(height)[:, None, None] * 3
    edge = np.where(np.arange(width) > width // 2, 70, 0)[None, :, None]
    return (noise + slope % 130 + edge).astype(np.uint8)


def steps() -> tuple[np.ndarray, np.ndarray]:
    """(24, 32) float32 values with a soft step and a slope, and the brightness of a sharp one."""
    down, across = np.mgrid[:24, :32].astype(np.float32)
    values = 1 / (1 + np.exp(-(across - 15.5) / 1.5)) * 3 + down * np.float32(0.05) - 2
    grey = np.where(across > 16, 0.8, 0.2) + np.sin(down + across) * 0.02
    return values.astype(np.float32), grey.astype(np.float32)


def values() -> dict[str, Any]:
    """All of them, as the file has them."""
    photo = picture(*PHOTO)
    depth, grey = steps()
    rule = PLUGIN[0].input
    return {
        "photo": _listed(photo),
        "shrunk": [{"width": w, "height": h, "pixels": _listed(shrink(photo, w, h))} for w, h in GOALS],
        "halved": _listed(shrink(np.tile(photo, (2, 2, 1)), 5, 7)),
        "depth": _listed(depth),
        "grey": _listed(grey),
        "sharpened": [_listed(sharpen(depth, grey, passes)) for passes in (1, 2)],
        "enlarged": _listed(enlarge(depth, 45, 30)),
        "sizes": [
            [*size, asked, *rule.with_size(asked).network_size(*size)]
            for size in SIZES
            for asked in (256, 384)
        ],
        "exposure": {
            name: exposure_faults(np.clip(photo * share + shift, 0, 255).astype(np.uint8))
            for name, share, shift in (
                ("usual", 1, 0),
                ("dark", 0.05, 0),
                ("bright", 0.2, 245),
                ("flat", 0.01, 90),
            )
        },
    }


def _listed(values: np.ndarray) -> list[float]:
    """Row by row; seven digits of fractions."""
    flat = values.ravel().tolist()
    return flat if values.dtype == np.uint8 else [float(f"{value:.6g}") for value in flat]


def text() -> str:
    """The file's content."""
    return json.dumps(values(), separators=(",", ":")) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
