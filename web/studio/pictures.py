"""What the library's effects make of a small photo: the pictures that the studio's own are tested against.

python web/studio/pictures.py     writes web/tests/effects.json
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from nearfar import Photo
from nearfar.cards import DepthKind
from nearfar.ops.nearness import nearness
from nearfar.ops.refine import refine
from nearfar.options import parse
from nearfar.registry import EFFECTS
from nearfar.types import DepthMap
from nearfar.types.provenance import Provenance

FILE = Path(__file__).parents[1] / "tests" / "effects.json"
WIDTH, HEIGHT = 48, 36
SEEN = (24, 18)
"""(width, height) of the network's input that the map was made from."""
CASES: tuple[tuple[str, dict[str, str]], ...] = (
    ("fog", {}),
    ("fog", {"density": "4", "start": "0.3", "colour": "#804020", "refine": "false"}),
    ("tint", {}),
    ("tint", {"strength": "1", "near": "#ff0000", "far": "#00ff80"}),
    ("depth-slices", {}),
    ("depth-slices", {"count": "7", "equal": "true", "colormap": "viridis"}),
    ("depth-slices", {"count": "4", "show": "1"}),
    ("normals", {}),
    ("normals", {"smooth": "0", "refine": "false", "convention": "directx", "fov": "90"}),
    ("stereo", {}),
    ("stereo", {"separation": "12", "plane": "0", "layout": "cross", "half": "true"}),
    ("anaglyph", {"separation": "6"}),
    ("anaglyph", {"method": "grey"}),
    ("anaglyph", {"method": "colour", "plane": "1"}),
)


def scene() -> tuple[Photo, DepthMap]:
    """A slope with two things before it, one of them in the corner, and its depth with soft edges."""
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    is_disc = (across - 22) ** 2 + (down - 16) ** 2 < 70
    is_bar = (across > 38) & (down > 15)
    noise = np.random.default_rng(3).integers(0, 12, (HEIGHT, WIDTH, 3))
    ground = np.stack([60 + 2 * across, 90 + down * 2, 140 - across], axis=-1)
    colours = np.where(is_disc[..., None], (210, 60, 40), np.where(is_bar[..., None], (30, 200, 90), ground))
    values = 1 + down / HEIGHT + 4 / (1 + np.exp((np.hypot(across - 22, down - 16) - 8.4) / 0.8))
    values += 6 / (1 + np.exp(-(across - 38) / 0.8)) / (1 + np.exp(-(down - 15) / 0.8))
    provenance = Provenance(model="embedded", input_size=SEEN)
    photo = Photo(np.clip(colours + noise, 0, 255).astype(np.uint8))
    return photo, DepthMap(values.astype(np.float32), DepthKind.RELATIVE_INVERSE, provenance=provenance)


def pictures() -> dict[str, Any]:
    """All of them, as the file has them."""
    photo, depth = scene()
    near = nearness(depth)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "seen": SEEN,
        "photo": _packed(photo.pixels),
        "depth": _packed(depth.values),
        "near": _packed(near),
        "refined": _packed(refine(near, photo.pixels, SEEN)),
        "cases": [
            {"name": name, "query": query, "pixels": _packed(_made(name, query, photo, depth))}
            for name, query in CASES
        ],
    }


def _made(name: str, query: dict[str, str], photo: Photo, depth: DepthMap) -> Any:
    effect = EFFECTS.load(name)
    return effect.apply(photo, depth, parse(effect.options, query)).pixels


def _packed(values: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


if __name__ == "__main__":
    FILE.write_text(json.dumps(pictures(), separators=(",", ":")) + "\n", encoding="utf-8")
