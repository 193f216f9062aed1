"""Pairs of points whose order one sees: does the map say the same?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


ASKED = "asked"
COUNTED = ("right", "asked_higher", "right_higher")


@dataclass(frozen=True)
class PairCounts:
    """Pairs asked and told right; equal values are half right.

    higher: of those whose nearer point stands higher in the picture.
    """

    asked: int = 0
    right: float = 0.0
    asked_higher: int = 0
    right_higher: float = 0.0

    def __add__(self, other: PairCounts) -> PairCounts:
        return PairCounts(
            self.asked + other.asked,
            self.right + other.right,
            self.asked_higher + other.asked_higher,
            self.right_higher + other.right_higher,
        )

    def as_row(self) -> dict[str, float]:
        """The counts by name."""
        return {ASKED: float(self.asked), **{name: float(getattr(self, name)) for name in COUNTED}}

    @property
    def share(self) -> float:
        """Share of all pairs told right, NaN without any."""
        return self.right / self.asked if self.asked else float("nan")

    @property
    def share_higher(self) -> float:
        """The same of pairs whose nearer point stands higher."""
        return self.right_higher / self.asked_higher if self.asked_higher else float("nan")


def count_pairs(nearness: NDArray[np.floating], pairs: NDArray[np.floating]) -> PairCounts:
    """How many pairs a map ((H, W), large is near) tells right.

    pairs: (P, 4), (x, y) of the nearer and of the farther point, fractions of width and height. The map is
    read between its pixels by linear interpolation, as it would be at the photo's size.
    """
    near, far = (_read(nearness, pairs[:, at : at + 2]) for at in (0, 2))
    right = np.where(near == far, 0.5, near > far)
    is_higher = pairs[:, 1] < pairs[:, 3]
    return PairCounts(len(pairs), float(right.sum()), int(is_higher.sum()), float(right[is_higher].sum()))


def _read(nearness: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """The map's values at points (fractions), pixel centres at half numbers, edges repeated."""
    height, width = nearness.shape
    x = (points[:, 0] * width - 0.5).astype(np.float32)[:, None]
    y = (points[:, 1] * height - 0.5).astype(np.float32)[:, None]
    values = cv2.remap(
        np.asarray(nearness, np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(values, np.float32)[:, 0]


def pooled(rows: list[dict[str, float]]) -> dict[str, float]:
    """Shares told right over the pairs of all photos: `pairs`, and `pairs_higher` of the harder ones."""
    counts = {name: sum(row[name] for row in rows) for name in (ASKED, *COUNTED)}
    higher = counts["asked_higher"]
    return {
        "pairs": counts["right"] / counts[ASKED],
        "pairs_higher": counts["right_higher"] / higher if higher else float("nan"),
    }
