"""DA-2K: photos with pairs of points of which people told the nearer one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError
from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish
from nearfar.evaluation.sets._files import chosen, found, read_json, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def pairs_of(rows: list[dict[str, Any]], height: int, width: int) -> npt.NDArray[np.float64]:
    """(P, 4): x, y of the nearer and the farther point as fractions; points are [row, column] in pixels."""
    found_pairs = []
    for row in rows:
        points = {key: np.asarray(row[key], np.float64) for key in ("point1", "point2")}
        nearer = points[row["closer_point"]]
        farther = points["point2" if row["closer_point"] == "point1" else "point1"]
        found_pairs.append([*(nearer[::-1] + 0.5), *(farther[::-1] + 0.5)])
    pixels = np.array(found_pairs, np.float64).reshape(-1, 4)
    return np.asarray(pixels / [width, height, width, height], np.float64)


def _read(picture: Path, rows: list[dict[str, Any]], name: str) -> Sample:
    rgb = read_rgb(picture)
    try:
        pairs = pairs_of(rows, *rgb.shape[:2])
    except (KeyError, TypeError, ValueError) as exc:
        raise BrokenImageError(f"The pairs of {name} are damaged: {exc}.", "Fetch the set again.") from exc
    return Sample(name, rgb, pairs=pairs)


def _items(wish: Wish) -> list[Item]:
    (path, *_) = found(wish.folder.rglob("annotations.json"), wish.folder, "annotations.json")
    items = []
    for picture, rows in sorted(read_json(path).items()):
        name = picture.rpartition(".")[0]
        scene = name.split("/")[-2] if "/" in name else ""
        items.append(Item(name, scene, partial(_read, path.parent / picture, rows, name)))
    return chosen(items, wish.listed)


SETS = EvalSet(
    "da2k",
    "DA-2K, relative depth by people",
    "https://huggingface.co/datasets/depth-anything/DA-2K",
    "Apache-2.0; cite Yang et al. 2024 (Depth Anything V2)",
    "annotations.json: {path: [{point1: [row, column], point2: …, closer_point: point1}]}, and the photos",
    _items,
    {"all": 0},
    has_pairs=True,
)
