"""A run's curves as a picture, drawn with OpenCV: loss, and share beyond 1.25 on validation frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar_lab.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar_lab.datasets.frames import Pixels

WIDTH, HEIGHT, MARGIN = 900, 300, 50
_CURVES = {
    "loss": (40, 40, 40),
    "nyu_beyond": (200, 60, 40),
    "scenes_beyond": (40, 110, 200),
    "pictures_per_s": (60, 150, 60),
}


@dataclass(frozen=True)
class Curve:
    """One figure over the run: hours and values."""

    name: str
    hours: NDArray[np.float64]
    values: NDArray[np.float64]


def read_curves(log: Path) -> list[Curve]:
    """The curves of a run's log."""
    if not log.is_file():
        raise CheckpointError(f"{log}: there is no log.", "Give the folder of a run.")
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    curves = []
    for name in _CURVES:
        points = [(row["elapsed_s"] / 3600, row[name]) for row in rows if name in row]
        if points:
            hours, values = np.array(points, np.float64).T
            curves.append(Curve(name, hours, values))
    return curves


def draw(curves: list[Curve]) -> Pixels:
    """One panel a curve, stacked, RGB."""
    if not curves:
        raise CheckpointError("The log holds no figures yet.", "Wait for its first line.")
    return np.vstack([_panel(curve) for curve in curves])


def _panel(curve: Curve) -> Pixels:
    panel = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    low, high = float(curve.values.min()), float(curve.values.max())
    span = max(high - low, 1e-9)
    x = MARGIN + (WIDTH - 2 * MARGIN) * curve.hours / max(float(curve.hours.max()), 1e-9)
    y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (curve.values - low) / span
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(panel, [points], isClosed=False, color=_CURVES[curve.name], thickness=2)
    text = f"{curve.name}: {curve.values[0]:.4g} to {curve.values[-1]:.4g}"
    for words, place in (
        (text, (MARGIN, 28)),
        (f"{high:.3g}", (4, MARGIN + 5)),
        (f"{low:.3g}", (4, HEIGHT - MARGIN + 5)),
        (f"{curve.hours.max():.2f} h", (WIDTH - 90, HEIGHT - 15)),
    ):
        cv2.putText(panel, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return panel
