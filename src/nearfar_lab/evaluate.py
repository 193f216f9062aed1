"""The MiDaS zero-shot protocol on a data set, picture by picture.

Alignment per picture by least squares in inverse depth over all known pixels; inverse depth floored at
1 / cap; the prediction resized bilinearly to the annotation's size; every figure is a mean over pictures.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from nearfar.evaluation.alignment import scale_and_shift
from nearfar.evaluation.figures import depth_figures, depth_from_inverse
from nearfar.evaluation.pairs import ASKED, count_pairs, pooled
from nearfar_lab.metrics.boundary import boundary_f1
from nearfar_lab.metrics.order import order_accuracy

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar_lab.datasets.frames import DataSet, Frame
    from nearfar_lab.datasets.order_photos import OrderedPhoto, OrderSet
    from nearfar_lab.predictors import Predictor

LOOKS = "held_out_looks.jsonl"
LEAST_KNOWN = 100
Some = TypeVar("Some")


@dataclass(frozen=True)
class Evaluation:
    """Figures of one predictor on one data set, per picture and as means."""

    data: str
    model: str
    sha256: str
    rows: tuple[tuple[str, dict[str, float]], ...]

    def means(self) -> dict[str, float]:
        """Mean of every figure over pictures (pictures without the figure do not count).

        Of ordered pairs all pairs of all pictures count alike: the shares of their sums.
        """
        names = self.rows[0][1]
        if ASKED in names:
            return pooled([row for _, row in self.rows])
        return {n: float(np.nanmean([row[n] for _, row in self.rows])) for n in names}

    def as_csv(self) -> str:
        """One line a picture, the names of the figures on top."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = list(self.rows[0][1])
        writer.writerow(["picture", *names])
        writer.writerows([name, *(f"{row[n]:.6f}" for n in names)] for name, row in self.rows)
        return text.getvalue()


def measure(
    predictor: Predictor, frame: Frame, cap_m: float, *, has_sharp_edges: bool = False
) -> dict[str, float] | None:
    """The figures of one picture, or None where too little of it is annotated.

    has_sharp_edges: whether the annotation is exact to the pixel, so that boundaries are measured too.
    """
    is_known = np.isfinite(frame.inverse_depth) & (frame.inverse_depth > 1 / cap_m)
    if is_known.sum() < LEAST_KNOWN:
        return None
    height, width = frame.inverse_depth.shape
    nearness = predictor.nearness(frame.rgb)
    large = cv2.resize(nearness, (width, height), interpolation=cv2.INTER_LINEAR)
    found = large[is_known].astype(np.float64)
    inverse = frame.inverse_depth[is_known].astype(np.float64)
    depth_m = depth_from_inverse(found, inverse, cap_m)
    row = {**depth_figures(depth_m, 1 / inverse).as_row(), "order": order_accuracy(found, 1 / inverse)}
    if has_sharp_edges:
        scale, shift = scale_and_shift(found, inverse)
        ours, truth = (
            1 / np.maximum(values.astype(np.float64), 1 / cap_m)
            for values in (scale * large + shift, frame.inverse_depth)
        )
        row["boundary_f1"] = boundary_f1(ours, truth)  # the sky too, where the predictor says it is
    return row


def evaluate(predictor: Predictor, data: DataSet, root: Path, limit: int = 0) -> Evaluation:
    """All figures of a predictor on a data set (on about `limit` pictures spread over it, if given)."""
    items = _spread(data.items(root), limit)
    measured = [
        (
            item.name,
            measure(predictor, item.read(), data.cap_m, has_sharp_edges=data.has_sharp_edges),
        )
        for item in items
    ]
    rows = tuple((name, row) for name, row in measured if row is not None)
    return Evaluation(data.name, predictor.label, predictor.sha256, rows)


def evaluate_pairs(predictor: Predictor, data: OrderSet, root: Path, limit: int = 0) -> Evaluation:
    """How a predictor orders the pairs of a set, photo by photo."""
    rows = tuple(
        (item.name, pair_figures(predictor, item.read())) for item in _spread(data.items(root), limit)
    )
    return Evaluation(data.name, predictor.label, predictor.sha256, rows)


def pair_figures(predictor: Predictor, photo: OrderedPhoto) -> dict[str, float]:
    """Counts of pairs asked and told right on one photo, all and those whose nearer point stands higher."""
    return count_pairs(predictor.nearness(photo.rgb), photo.pairs).as_row()


def _spread(items: list[Some], limit: int) -> list[Some]:
    """About `limit` of the items, spread over all of them; all for 0."""
    return items[:: -(-len(items) // limit)] if limit and len(items) > limit else items


def note_look(folder: Path, evaluation: Evaluation) -> None:
    """Remember that a held-out set was looked at with a network (a ramp teaches nothing)."""
    if not evaluation.sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    row = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": evaluation.data,
        "model": evaluation.model,
        "sha256": evaluation.sha256,
        "pictures": len(evaluation.rows),
    }
    with (folder / LOOKS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def count_looks(folder: Path) -> dict[str, int]:
    """How often each held-out set was looked at."""
    path = folder / LOOKS
    counts: dict[str, int] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            name = json.loads(line)["data"]
            counts[name] = counts.get(name, 0) + 1
    return counts
