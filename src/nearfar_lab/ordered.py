"""Training views of photos with ordered points: crop, mirror, colours; the points go along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar_lab.augment import Random, Strength, crop_box, photometric
from nearfar_lab.datasets import order_set
from nearfar_lab.errors import HeldOutError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar_lab.datasets.frames import Pixels
    from nearfar_lab.datasets.order_photos import OrderedPhoto

TRIES = 5
HIGHER_COUNTS = 2.5
"""A pair whose nearer point stands higher counts so much more: "the lower, the nearer" gets it wrong."""


@dataclass(frozen=True)
class OrderedView:
    """A photo's part as training takes it.

    changed, clean: uint8 (H, W, 3), with and without other colours. pairs: int64 (P, 4), row and column of
    the nearer and of the farther point. weight: float32 P, of sum 1.
    """

    changed: Pixels
    clean: Pixels
    pairs: NDArray[np.int64]
    weight: NDArray[np.float32]


class OrderedSet:
    """All training photos with ordered points, in memory; shares: how often each set is drawn."""

    def __init__(self, shares: dict[str, float], root: Path) -> None:
        self._photos: list[OrderedPhoto] = []
        chances: list[float] = []
        for name, share in shares.items():
            source = order_set(name)
            if source.is_held_out or source.name.endswith("_validation"):
                raise HeldOutError(f"{name}: kept back for evaluation.", "Take it out of the shares.")
            items = source.items(root)
            self._photos += [item.read() for item in items]
            chances += [share / len(items)] * len(items)
        self._chances = np.cumsum(chances)

    def __len__(self) -> int:
        return len(self._photos)

    def photo(self, at: int) -> OrderedPhoto:
        """One photo by its number."""
        return self._photos[at]

    def all(self) -> list[OrderedPhoto]:
        """All photos, in the order of their numbers."""
        return list(self._photos)

    def draw_many(self, rng: Random, count: int) -> NDArray[np.int64]:
        """The numbers of photos by chance."""
        at = np.searchsorted(self._chances, rng.random(count) * self._chances[-1], side="right")
        return np.asarray(np.minimum(at, len(self._photos) - 1), np.int64)

    def draw(self, rng: Random) -> OrderedPhoto:
        """One photo by chance."""
        return self._photos[int(self.draw_many(rng, 1)[0])]


def ordered_view(rng: Random, photo: OrderedPhoto, size: tuple[int, int], strength: Strength) -> OrderedView:
    """A random part of a photo at `size` (height, width) in which at least one pair is left."""
    height, width = photo.rgb.shape[:2]
    box = (0, 0, height, width)
    for _ in range(TRIES):
        tried = crop_box(rng, height, width, size[1] / size[0], strength)
        if len(_inside(photo.pairs, tried, (height, width))):
            box = tried
            break
    pairs = _inside(photo.pairs, box, (height, width))
    top, left, part_h, part_w = box
    smooth = cv2.INTER_AREA if min(part_h / size[0], part_w / size[1]) > 1.2 else cv2.INTER_LINEAR
    part = photo.rgb[top : top + part_h, left : left + part_w]
    clean = np.asarray(cv2.resize(part, size[::-1], interpolation=smooth), np.uint8)
    if rng.random() < 0.5:
        clean = np.ascontiguousarray(clean[:, ::-1])
        pairs[:, 0::2] = 1 - pairs[:, 0::2]
    places = np.minimum((pairs[:, [1, 0, 3, 2]] * (size * 2)).astype(np.int64), np.array(size * 2) - 1)
    return OrderedView(photometric(rng, clean, strength), clean, places, pair_weights(pairs))


def pair_weights(pairs: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each of a photo's pairs ((P, 4), fractions) counts: 1 together."""
    weight = np.where(pairs[:, 1] < pairs[:, 3], HIGHER_COUNTS, 1.0)
    return np.asarray(weight / weight.sum(), np.float32)


def _inside(
    pairs: NDArray[np.float32], box: tuple[int, int, int, int], size: tuple[int, int]
) -> NDArray[np.float32]:
    """The pairs with both points inside a part (top, left, height, width), as fractions of that part."""
    top, left, part_h, part_w = box
    corner, extent = (np.array(pair * 2, np.float32) for pair in ((left, top), (part_w, part_h)))
    whole = np.array((size[1], size[0]) * 2, np.float32)
    moved = np.asarray((pairs * whole - corner) / extent, np.float32)
    return moved[((moved > 0) & (moved < 1)).all(axis=1)]
