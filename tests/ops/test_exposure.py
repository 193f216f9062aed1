"""Enough light and detail, or not."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.ops.exposure import exposure_faults
from nearfar.ops.resize import shrink
from nearfar.types import Photo

if TYPE_CHECKING:
    from collections.abc import Callable


def test_night_with_lamps_is_no_fault() -> None:
    """Some light in the dark is enough to see where things are."""
    night = np.zeros((100, 100, 3), np.uint8)
    night[:15, :15] = 220
    assert exposure_faults(night) == ()


def test_one_bright_speck_is_not_enough() -> None:
    """A hot pixel does not make a black photo good."""
    dark = np.zeros((100, 100, 3), np.uint8)
    dark[3, 3] = 255
    assert "dark" in exposure_faults(dark)


def test_noise_alone_is_flat() -> None:
    """Noise of a level or two is no detail."""
    noise = 100 + np.random.default_rng(10).integers(-1, 2, (50, 50, 3))
    assert exposure_faults(noise.astype(np.uint8)) == ("flat",)


STEPS = {
    "as it is": (lambda level: level, 0, 0.02),
    "a quarter": (lambda level: level / 4, 0, 0.05),
    "twice": (lambda level: level * 2, 0, 0.12),
    "low contrast": (lambda level: level / 10 + 115, 0, 0.05),
    "a fourteenth": (lambda level: level / 14, 0.98, 1),
    "a thirtieth": (lambda level: level / 30, 0.98, 1),
    "washed out": (lambda level: level * 4 + 200, 0.95, 1),
}
"""What is done to a photo, and the least and largest share of photos that then get a warning."""


def photos_with_order(shared: Path, count: int) -> list[tuple[np.ndarray, list[list[float]]]]:
    """Colours of photos that networks never trained on, and their ranked points."""
    found = []
    for folder in ("photos_scenes", "photos_various"):
        order = json.loads((shared / "data" / folder / "order.json").read_text(encoding="utf-8"))
        names = sorted(name for name in order if Path(name).stem.endswith("3"))[: count // 2]
        for name in names:
            path = shared / "data" / folder / Path(name).with_suffix(".jpg").name
            found.append((nearfar.read(path).pixels, order[name]))
    return found


@pytest.mark.parametrize("step", STEPS)
def test_warning_comes_where_nothing_is_left_to_see(shared: Path, step: str) -> None:
    """Photos nearly black or washed out get a warning, whole ones and those of low contrast none."""
    change, least, most = STEPS[step]
    small = [shrink(pixels, 256, 192).astype(np.float32) for pixels, _ in photos_with_order(shared, 40)]
    told = [bool(exposure_faults(np.clip(np.rint(change(one)), 0, 255).astype(np.uint8))) for one in small]
    assert least <= np.mean(told) <= most


@pytest.mark.slow
def test_warning_comes_where_order_is_lost(shared: Path) -> None:
    """With a warning the embedded network orders points worse; without one as well as on the whole photo."""
    model = nearfar.load("embedded")
    photos = photos_with_order(shared, 60)

    def accuracy(change: Callable[[np.ndarray], np.ndarray]) -> float:
        right = []
        for pixels, points in photos:
            changed = np.clip(np.rint(change(pixels.astype(np.float32))), 0, 255).astype(np.uint8)
            values = model.estimate(Photo(changed)).values
            height, width = values.shape
            known = [(values[int(y * height), int(x * width)], rank) for x, y, rank in points]
            pairs = [(a, b) for a, b in combinations(known, 2) if a[1] != b[1]]
            right += [(a[0] > b[0]) == (a[1] < b[1]) for a, b in pairs]
        return float(np.mean(right))

    whole = accuracy(STEPS["as it is"][0])
    assert whole - accuracy(STEPS["a fourteenth"][0]) > 0.03
    assert whole - accuracy(STEPS["washed out"][0]) > 0.06
    assert whole - accuracy(STEPS["low contrast"][0]) < 0.03
