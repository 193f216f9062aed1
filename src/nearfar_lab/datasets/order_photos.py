"""Photos with the order of depth as one sees it: points that were ranked by looking, no measured depth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError
from nearfar_lab.datasets.frames import Pixels, folder_of, read_rgb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

VALIDATION_DIGIT = "3"
"""Photos whose number ends in it validate and are never trained on."""
BY_EYE = "points placed by a general vision-language model that looked at each photo"


@dataclass(frozen=True)
class OrderedPhoto:
    """One photo and pairs of points whose order is known.

    rgb: uint8 (H, W, 3). pairs: float32 (P, 4), (x, y) of the nearer and (x, y) of the farther point as
    fractions of width and height, 0..1.
    """

    name: str
    rgb: Pixels
    pairs: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise ParameterError(
                f"{self.name}: uint8 rgb (H, W, 3) was expected, not {self.rgb.dtype} of {self.rgb.shape}.",
                "Read photos with datasets.frames.read_rgb.",
            )
        if self.pairs.ndim != 2 or self.pairs.shape[1] != 4 or not len(self.pairs):
            raise ParameterError(
                f"{self.name}: pairs (P, 4) were expected, at least one, not {self.pairs.shape}.",
                "Rank two points of the photo, or leave it out.",
            )
        if self.pairs.min() < 0 or self.pairs.max() > 1:
            raise ParameterError(
                f"{self.name}: points inside the photo, 0…1, were expected.",
                "Give them as fractions of width and height.",
            )


def pairs_of(points: list[list[float]]) -> NDArray[np.float32]:
    """All pairs of points [x, y, rank] whose ranks differ, the nearer (smaller rank) first: (P, 4)."""
    found = [
        (*near[:2], *far[:2])
        for near, far in (
            (a, b) if a[2] < b[2] else (b, a) for a, b in combinations(points, 2) if a[2] != b[2]
        )
    ]
    return np.array(found, np.float32).reshape(-1, 4)


@cache
def more_points() -> dict[str, dict[str, list[list[float]]]]:
    """Points that were placed for this workshop, by set and photo: a second ranking beside the set's own.

    They stand where "the lower, the nearer" is wrong. Ranks of the two rankings are not compared.
    """
    text = (resources.files("nearfar_lab.datasets") / "points_by_eye.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _is_kept_back(name: str) -> bool:
    return name.rsplit(".", 1)[0].endswith(VALIDATION_DIGIT)


def _read(path: Path, pairs: NDArray[np.float32]) -> OrderedPhoto:
    return OrderedPhoto(path.stem, read_rgb(path), pairs)


@dataclass(frozen=True)
class OrderItem:
    """A photo with pairs, not yet read."""

    name: str
    read: Callable[[], OrderedPhoto]


@dataclass(frozen=True)
class OrderSet:
    """A set of photos with ordered pairs: how to list them, and their terms (open: free for any use)."""

    name: str
    terms: str
    items: Callable[[Path], list[OrderItem]]
    is_held_out: bool = False
    is_open: bool = False


def _ranked(folders: tuple[str, ...], root: Path, *, is_validation: bool) -> list[OrderItem]:
    """Photos of folders with ranked points, those kept back or the others."""
    found = []
    for name in folders:
        folder = folder_of(root, name)
        rows = json.loads((folder / "order.json").read_text(encoding="utf-8"))
        for photo, points in sorted(rows.items()):
            more = [] if is_validation else more_points().get(name, {}).get(photo, [])
            pairs = np.concatenate([pairs_of(points), pairs_of(more)])
            if len(pairs) and _is_kept_back(photo) == is_validation:
                found.append(OrderItem(photo, partial(_read, folder / photo, pairs)))
    return found


def _demo(root: Path) -> list[OrderItem]:
    """The demo photos beside the data, with their pairs."""
    folder = folder_of(root.parent, "photos")
    rows = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
    return [
        OrderItem(name, partial(_read, folder / name, np.array(pairs, np.float32)))
        for name, pairs in sorted(rows.items())
    ]


VARIOUS, SCENES = "photos_various", "photos_scenes"
TERMS = {
    VARIOUS: f"photos found on the web: research use only; {BY_EYE}",
    SCENES: f"COCO 2017 photos: Creative Commons licences of Flickr, annotations CC BY 4.0; {BY_EYE}",
}


def _set(name: str, folders: tuple[str, ...], *, is_validation: bool) -> OrderSet:
    terms = "; ".join(TERMS[folder] for folder in folders)
    return OrderSet(name, terms, partial(_ranked, folders, is_validation=is_validation))


ORDER_SETS = (
    *(_set(folder, (folder,), is_validation=False) for folder in TERMS),
    *(_set(f"{folder}_validation", (folder,), is_validation=True) for folder in TERMS),
    _set("order_photos", (VARIOUS, SCENES), is_validation=True),
    OrderSet(
        "photos_demo", f"example photos of Depth Anything V2: Apache-2.0; {BY_EYE}", _demo, is_held_out=True
    ),
)
