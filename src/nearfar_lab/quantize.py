"""The int8 file of an exported network: calibrated on pictures, refused where it measures worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from nearfar.zoo.convert import write_int8
from nearfar_lab.datasets import order_set
from nearfar_lab.errors import ExportError
from nearfar_lab.shards import VALIDATION_PER_SHARD, find_shards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar_lab.recipes import Recipe
    from nearfar_lab.settings import LabSettings

Row = TypeVar("Row")

PICTURES, PHOTOS = 64, 40
FEWEST_SCENES = 260
"""So many rendered scenes have a quarter of the pictures among those that training leaves alone."""
CALIBRATION = "Percentile"
"""The runtime's name of the way: the rarest of values do not stretch the range of a map."""
FIRST_FLOAT = 3
"""So many convolutions, the first of the network, stay float32: what they lose, nothing later finds again."""
LARGEST_LOSS = 0.01
"""Of a figure's float32 value: an int8 file that measures worse by more is not kept."""
LARGE_IS_GOOD = ("order", "pairs")
GATED = ("beyond", "abs_rel", "order", "pairs")


@dataclass(frozen=True)
class Loss:
    """One figure of one set: what float32 reaches and what int8 does."""

    data: str
    figure: str
    float32: float
    int8: float

    @property
    def share(self) -> float:
        """How much worse int8 is, as a share of float32's figure; below zero where it is better."""
        sign = -1 if self.figure in LARGE_IS_GOOD else 1
        return sign * (self.int8 - self.float32) / self.float32


def calibration(settings: LabSettings, recipe: Recipe) -> list[NDArray[np.float32]]:
    """Prepared inputs (1, 3, H, W): scenes, and as many ranked photos where the recipe learns from such.

    H and W are those of a 4:3 photo at the network's own size.

    Raises:
        ExportError: there are too few pictures.
    """
    scenes = _of_scenes(settings.scenes)
    items = [item for name in recipe.order_shares for item in order_set(name).items(settings.data)]
    chosen = items[:: max(1, len(items) // PHOTOS)][:PHOTOS]
    pictures = [*(item.read().rgb for item in chosen), *scenes[:: 2 if chosen else 1]]
    return [_prepared(rgb, recipe) for rgb in spread(pictures, recipe.int8_pictures)]


def spread(rows: list[Row], count: int) -> list[Row]:
    """So many of the rows, evenly from the first on; all of them where that is fewer or count is 0."""
    if not 0 < count < len(rows):
        return rows
    return [rows[place * len(rows) // count] for place in range(count)]


def _of_scenes(scenes: Path) -> list[NDArray[np.uint8]]:
    """Colours from landscape shards: pictures that training leaves alone."""
    shards = [shard for shard in find_shards(scenes) if shard.rgb.shape[2] > shard.rgb.shape[1]]
    frames = [s.frame(i) for s in shards for i in range(min(VALIDATION_PER_SHARD, len(s)))]
    if len(frames) < PICTURES // 4:
        raise ExportError(
            f"{scenes}: int8 is calibrated on {PICTURES // 4} rendered scenes at least, not {len(frames)}.",
            "Render some first: nearfar-lab rebuild.",
        )
    chosen = frames[:: max(1, len(frames) // PICTURES)][:PICTURES]
    return [frame.rgb for frame in chosen]


def _prepared(rgb: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.float32]:
    size = (recipe.input_size, recipe.input_size * 3 // 4)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    scaled = (small - np.array(recipe.mean, np.float32)) / np.array(recipe.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)


def make_int8(source: Path, target: Path, pictures: Sequence[NDArray[np.float32]]) -> None:
    """Write the int8 file of an ONNX file: unsigned activations, symmetric signed weights by channel."""
    part = target.with_name(f"{target.name}.part")
    try:
        write_int8(source, part, pictures, CALIBRATION, FIRST_FLOAT)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"prepared-{part.name}").unlink(missing_ok=True)


def losses(float32: Mapping[str, Mapping[str, float]], int8: Mapping[str, Mapping[str, float]]) -> list[Loss]:
    """Every gated figure of every set, float32 beside int8: figures by set and name."""
    return [
        Loss(data, f, float32[data][f], int8[data][f])
        for data in float32
        for f in GATED
        if f in float32[data]
    ]


def check(found: Sequence[Loss]) -> None:
    """Raise ExportError where int8 measures worse than float32 by more than one in a hundred."""
    worst = max(found, key=lambda loss: loss.share)
    if worst.share > LARGEST_LOSS:
        raise ExportError(
            f"int8 loses {worst.share:.1%} of {worst.figure} on {worst.data} "
            f"({worst.float32:.4f} to {worst.int8:.4f}); at most {LARGEST_LOSS:.0%} was expected.",
            "Calibrate on more scenes, or ship the float32 file alone.",
        )
