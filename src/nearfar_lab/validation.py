"""Figures on frames kept back from training, to watch a run by (no held-out set is opened)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor

from nearfar.evaluation.alignment import align_inverse
from nearfar.evaluation.pairs import PairCounts, count_pairs
from nearfar_lab.datasets import data_set, order_set
from nearfar_lab.designs import AnyNet, build
from nearfar_lab.errors import DataMissingError
from nearfar_lab.metrics.order import order_accuracy
from nearfar_lab.shards import VALIDATION_PER_SHARD, find_shards

if TYPE_CHECKING:
    from nearfar_lab.datasets.frames import FloatMap, Frame, Pixels
    from nearfar_lab.datasets.order_photos import OrderedPhoto
    from nearfar_lab.recipes import Recipe
    from nearfar_lab.settings import LabSettings

logger = logging.getLogger(__name__)

MOST_SCENES = 64
FARTHEST_M = 80.0


class Validation:
    """NYU frames of the training split's last places, and the first pictures of scene shards."""

    def __init__(self, settings: LabSettings, recipe: Recipe) -> None:
        self._settings, self._recipe = settings, recipe
        self._nyu = _nyu_frames(settings)
        self._ordered = _ordered_photos(settings, recipe)

    def figures(self, weights: dict[str, Tensor], size: tuple[int, int]) -> dict[str, float]:
        """Share of pixels beyond 1.25 and order accuracy, for NYU frames and for scenes.

        size: height and width of the network's input.
        """
        net = build(self._recipe.net).to(next(iter(weights.values())).device)
        net.load_state_dict(weights)
        net.eval()
        found: dict[str, float] = {}
        for name, frames in (("nyu", self._nyu), ("scenes", self._scenes())):
            if frames:
                rows = np.array([self._measure(net, frame, size) for frame in frames])
                found[f"{name}_beyond"] = round(float(rows[:, 0].mean()), 4)
                found[f"{name}_order"] = round(float(rows[:, 1].mean()), 4)
        for name, photos in self._ordered.items():
            counts = sum((self._count(net, photo, size) for photo in photos), PairCounts())
            found[f"{name}_pairs"] = round(counts.share, 4)
            found[f"{name}_higher"] = round(counts.share_higher, 4)
        return found

    def _count(self, net: AnyNet, photo: OrderedPhoto, size: tuple[int, int]) -> PairCounts:
        height, width = photo.rgb.shape[:2]
        is_upright = height > width
        return count_pairs(self._nearness(net, photo.rgb, size[::-1] if is_upright else size), photo.pairs)

    def _scenes(self) -> list[Frame]:
        shards = [s for s in find_shards(self._settings.scenes) if s.rgb.shape[2] > s.rgb.shape[1]]
        frames = [s.frame(i) for s in shards for i in range(min(VALIDATION_PER_SHARD, len(s)))]
        return frames[:: max(1, -(-len(frames) // MOST_SCENES))]

    @torch.no_grad()
    def _nearness(self, net: AnyNet, rgb: Pixels, size: tuple[int, int]) -> FloatMap:
        """What the network says of a picture that is squeezed into `size`, height and width."""
        small = cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
        scaled = (small / 255 - np.array(self._recipe.mean, np.float32)) / np.array(
            self._recipe.std, np.float32
        )
        image = torch.from_numpy(scaled).permute(2, 0, 1)[None].to(next(net.parameters()).device)
        return np.asarray(net(image)[0].cpu().numpy(), np.float32)

    def _measure(self, net: AnyNet, frame: Frame, size: tuple[int, int]) -> tuple[float, float]:
        prediction = self._nearness(net, frame.rgb, size)
        height, width = frame.inverse_depth.shape
        prediction = np.asarray(
            cv2.resize(prediction, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
        )
        known = np.isfinite(frame.inverse_depth) & (frame.inverse_depth > 1 / FARTHEST_M)
        if known.sum() < 100:
            return 0.0, 1.0
        wanted = frame.inverse_depth[known]
        aligned = np.maximum(align_inverse(prediction[known], wanted), 1 / FARTHEST_M)
        ratio = np.maximum(aligned / wanted, wanted / aligned)
        order = order_accuracy(prediction[known], 1 / wanted)
        return float((ratio > 1.25).mean()), order


def _nyu_frames(settings: LabSettings) -> list[Frame]:
    """The frames kept back, or none (and a line in the log) where the data is not there."""
    try:
        return [item.read() for item in data_set("nyu_v2_validation").items(settings.data)]
    except DataMissingError as error:
        logger.warning("validating on scenes alone: %s", error)
        return []


def _ordered_photos(settings: LabSettings, recipe: Recipe) -> dict[str, list[OrderedPhoto]]:
    """Photos with ranked points that are kept back, of the sets that the recipe learns from."""
    found: dict[str, list[OrderedPhoto]] = {}
    for name in recipe.order_shares:
        items = order_set(f"{name}_validation").items(settings.data)
        found[name.removeprefix("photos_")] = [item.read() for item in items]
    return found
