"""Endless training batches from data sets and scene shards in given shares."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from nearfar_lab.augment import Random, Strength, geometric, photometric
from nearfar_lab.datasets import data_set
from nearfar_lab.datasets.frames import FloatMap, Frame, Pixels
from nearfar_lab.errors import HeldOutError
from nearfar_lab.losses.normalise import normalise_with_zero
from nearfar_lab.losses.order import empty_pairs
from nearfar_lab.ordered import OrderedSet, OrderedView, ordered_view
from nearfar_lab.recipes.recipe import SCENES
from nearfar_lab.shards import VALIDATION_PER_SHARD, Shard, find_shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RESCAN_S = 120.0
LEAST_VALID = 60
_BATCHES_BETWEEN_LOOKS = 20


@dataclass(frozen=True)
class Plan:
    """What the batches are made of. sizes: (height, width, batch, weight) rows."""

    shares: dict[str, float]
    sizes: tuple[tuple[int, int, int, float], ...]
    seed: int
    data_root: Path
    scenes_root: Path
    scene_weights: dict[str, float] = field(default_factory=dict)
    strength: Strength = field(default_factory=Strength)
    order_shares: dict[str, float] = field(default_factory=dict)
    order_part: float = 0.5


@dataclass(frozen=True)
class Batch:
    """image: uint8 (N + K) x (H, W, 3): N pictures with depth, then K with ranked points alone.

    target: float32 (N, H, W), normalised inverse depth, NaN unknown.

    has_edges: bool N, false where depth is sparse and its gradients mean nothing.
    zero: float32 N, where inverse depth zero lies on the target's scale; NaN where the set does not know.
    clean: the same views before light, noise and lens were changed: what a teacher looks at.
    real_count: the first so many are views of real photos; the others are of scenes, whose depth is exact.
    pairs, pair_weight: of the K pictures, as :func:`nearfar_lab.losses.order.order_loss` takes them.
    """

    image: Tensor
    target: Tensor
    has_edges: Tensor
    zero: Tensor
    clean: Tensor
    real_count: int
    pairs: Tensor = field(default_factory=lambda: empty_pairs()[0])
    pair_weight: Tensor = field(default_factory=lambda: empty_pairs()[1])

    def pin_memory(self) -> Batch:
        """The same batch in memory a GPU can copy from."""
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(
            change(self.image),
            change(self.target),
            change(self.has_edges),
            change(self.zero),
            change(self.clean),
            self.real_count,
            change(self.pairs),
            change(self.pair_weight),
        )


class LoadedSet:
    """All frames of one data set in memory, drawn evenly over its groups."""

    def __init__(self, name: str, root: Path) -> None:
        source = data_set(name)
        if source.is_held_out:
            raise HeldOutError(f"{name}: held out for evaluation.", "Take it out of the shares.")
        self.has_edges, self.has_zero = source.has_edges, source.has_zero
        self.groups: dict[str, list[Frame]] = {}
        for item in source.items(root):
            self.groups.setdefault(item.group, []).append(_compact(item.read()))
        self._names = list(self.groups)
        # Between "by frame" and "by place": the square root of each group's size.
        sizes = np.sqrt([len(self.groups[n]) for n in self._names])
        self._weights = np.cumsum(sizes / sizes.sum())

    def draw(self, rng: Random) -> Frame:
        """One frame by chance."""
        index = min(int(np.searchsorted(self._weights, rng.random())), len(self._names) - 1)
        group = self.groups[self._names[index]]
        return group[int(rng.integers(len(group)))]


def _compact(frame: Frame) -> Frame:
    """The frame at no more than 400 px: enough for training, kind to memory."""
    height, width = frame.inverse_depth.shape
    factor = 400 / max(height, width)
    if factor >= 1:
        return frame
    size = (round(width * factor), round(height * factor))
    rgb = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    inverse = cv2.resize(frame.inverse_depth, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Frame(frame.name, rgb, inverse.astype(np.float32))


class SceneSet:
    """The scene shards of a folder, looked for again every two minutes."""

    has_edges = has_zero = True

    def __init__(self, root: Path, weights: dict[str, float]) -> None:
        self._root = root
        self._weights = weights
        self._looked_at = -RESCAN_S
        self.shards: list[Shard] = []
        self._places: list[tuple[int, int]] = []
        self._chances = np.zeros(0)
        self.look()

    def look(self) -> None:
        """Take in shards that have appeared since the last look."""
        if time.monotonic() - self._looked_at < RESCAN_S:
            return
        self._looked_at = time.monotonic()
        self.shards = find_shards(self._root)
        self._places = [
            (number, index)
            for number, shard in enumerate(self.shards)
            for index in range(VALIDATION_PER_SHARD, len(shard))
        ]
        chances = [self._weights.get(self.shards[n].kinds[i], 1.0) for n, i in self._places]
        self._chances = np.cumsum(chances)

    def __len__(self) -> int:
        return len(self._places)

    def draw(self, rng: Random) -> Frame:
        """One picture by chance."""
        at = int(np.searchsorted(self._chances, rng.random() * self._chances[-1], side="right"))
        number, index = self._places[min(at, len(self._places) - 1)]
        return self.shards[number].frame(index)


class Mixture(IterableDataset[Batch]):
    """Endless batches after a plan; the same plan gives the same batches (while shards stay)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.plan.seed)
        sets: dict[str, LoadedSet | SceneSet] = {
            name: LoadedSet(name, self.plan.data_root) for name in self.plan.shares if name != SCENES
        }
        scenes = SceneSet(self.plan.scenes_root, self.plan.scene_weights)
        ordered = OrderedSet(self.plan.order_shares, self.plan.data_root)
        weights = np.array([row[3] for row in self.plan.sizes])
        while True:
            for _ in range(_BATCHES_BETWEEN_LOOKS):
                available = dict(sets)
                if len(scenes) and SCENES in self.plan.shares:
                    available[SCENES] = scenes
                row = self.plan.sizes[int(rng.choice(len(weights), p=weights / weights.sum()))]
                yield self._batch(rng, available, ordered, row)
            scenes.look()

    def _batch(
        self,
        rng: Random,
        sets: dict[str, LoadedSet | SceneSet],
        ordered: OrderedSet,
        row: tuple[int, int, int, float],
    ) -> Batch:
        height, width, count, _ = row
        names = list(sets)
        shares = np.array([self.plan.shares[n] for n in names])
        drawn = sorted(
            rng.choice(names, size=count, p=shares / shares.sum()), key=lambda name: name == SCENES
        )
        views = [self._view(rng, sets[str(name)], (height, width)) for name in drawn]
        wanted = round(count * self.plan.order_part) if len(ordered) else 0
        ranked = [
            ordered_view(rng, ordered.draw(rng), (height, width), self.plan.strength) for _ in range(wanted)
        ]
        pairs, pair_weight = joined_pairs(ranked)
        return Batch(
            torch.from_numpy(np.stack([*(v[0] for v in views), *(v.changed for v in ranked)])),
            torch.from_numpy(np.stack([v[1] for v in views])),
            torch.tensor([v[2] for v in views]),
            torch.tensor([v[3] for v in views], dtype=torch.float32),
            torch.from_numpy(np.stack([*(v[4] for v in views), *(v.clean for v in ranked)])),
            sum(str(name) != SCENES for name in drawn),
            pairs,
            pair_weight,
        )

    def _view(
        self, rng: Random, source: LoadedSet | SceneSet, size: tuple[int, int]
    ) -> tuple[Pixels, FloatMap, bool, float, Pixels]:
        """One augmented frame with enough known pixels, and its colours before they were changed."""
        while True:
            frame = source.draw(rng)
            rgb, inverse = geometric(
                rng,
                frame.rgb,
                frame.inverse_depth,
                size,
                self.plan.strength,
                is_sparse=not source.has_edges,
            )
            if np.isfinite(inverse).sum() >= LEAST_VALID:
                changed = photometric(rng, rgb, self.plan.strength)
                target, zero = normalise_with_zero(inverse)
                return changed, target, source.has_edges, zero if source.has_zero else np.nan, rgb


def joined_pairs(views: list[OrderedView]) -> tuple[Tensor, Tensor]:
    """The pairs of several views with the number of their view before them, (P, 5), and their weights."""
    if not views:
        return empty_pairs()
    rows = [
        np.concatenate((np.full((len(view.pairs), 1), number), view.pairs), axis=1)
        for number, view in enumerate(views)
    ]
    weight = np.concatenate([view.weight for view in views])
    return torch.from_numpy(np.concatenate(rows).astype(np.int64)), torch.from_numpy(weight)
