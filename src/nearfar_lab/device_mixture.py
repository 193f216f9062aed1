"""Endless training batches made on the device that trains: frames lie there, views are computed there."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from nearfar_lab.datasets import data_set
from nearfar_lab.datasets.frames import Frame
from nearfar_lab.errors import HeldOutError
from nearfar_lab.losses.normalise import normalise_targets
from nearfar_lab.losses.order import empty_pairs
from nearfar_lab.mixture import LEAST_VALID, Batch, Plan
from nearfar_lab.ordered import OrderedSet, pair_weights
from nearfar_lab.pool import Pool, Traits
from nearfar_lab.recipes.recipe import SCENES
from nearfar_lab.shards import VALIDATION_PER_SHARD, find_shards
from nearfar_lab.views import geometric, photometric, placed, placements, points_in_views

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar_lab.augment import Strength
    from nearfar_lab.datasets.frames import Item
    from nearfar_lab.datasets.order_photos import OrderedPhoto

logger = logging.getLogger(__name__)

CANVAS = 512
MOST_SCENES = 16_000
LOOK_S = 8.0
READERS = 8


class RealFrames:
    """All frames of the real sets on the device, each with the chance to be drawn."""

    def __init__(self, shares: dict[str, float], root: Path, device: torch.device) -> None:
        sets = [(data_set(name), share) for name, share in shares.items() if name != SCENES]
        held_out = [source.name for source, _ in sets if source.is_held_out]
        if held_out:
            raise HeldOutError(
                f"{', '.join(held_out)}: held out for evaluation.", "Take it out of the shares."
            )
        listed = [(source, share, source.items(root)) for source, share in sets]
        self.pool = Pool(max(1, sum(len(items) for *_, items in listed)), CANVAS, device)
        chances: list[NDArray[np.float64]] = []
        with ThreadPoolExecutor(READERS) as readers:
            for source, share, items in listed:
                self.pool.add(readers.map(_read, items), Traits(source.has_edges, source.has_zero))
                chances.append(share * _chances(items))
        joined = np.concatenate(chances) if chances else np.zeros(0)
        self.share = float(joined.sum())
        self._cumulative = np.cumsum(joined)

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Indices of frames by chance."""
        return _drawn(rng, self._cumulative, count)


def _drawn(rng: np.random.Generator, cumulative: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Indices by chance, from the running sum of their chances."""
    at = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    return np.asarray(np.minimum(at, len(cumulative) - 1), np.int64)


def _read(item: Item) -> Frame:
    return item.read()


def _chances(items: list[Item]) -> NDArray[np.float64]:
    """Of each frame of a set, together 1: a place counts by the square root of its frames."""
    groups = [item.group for item in items]
    names, counts = np.unique(groups, return_counts=True)
    weight = dict(zip(names.tolist(), (1 / np.sqrt(counts)).tolist(), strict=True))
    each = np.array([weight[group] for group in groups])
    return np.asarray(each / each.sum())


class SceneFrames:
    """The rendered scenes of a folder on the device; those that appear later are taken in."""

    def __init__(self, root: Path, weights: dict[str, float], device: torch.device, most: int) -> None:
        self._root, self._weights = root, weights
        self._seen: set[str] = set()
        self._looked_at = -np.inf
        self._cumulative = np.zeros(0)
        self.pool = Pool(most, CANVAS, device)
        self.look()

    def look(self) -> None:
        """Take in what has appeared, no more often than every few seconds."""
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        self._looked_at = time.monotonic()
        chances = [np.diff(self._cumulative, prepend=0.0)]
        for shard in find_shards(self._root):
            if shard.path.name in self._seen:
                continue
            self._seen.add(shard.path.name)
            rows = slice(VALIDATION_PER_SHARD, len(shard))
            taken = self.pool.add_many(shard.rgb[rows], shard.inverse_depth[rows], Traits())
            kinds = shard.kinds[rows][:taken]
            chances.append(np.array([self._weights.get(kind, 1.0) for kind in kinds]))
        self._cumulative = np.cumsum(np.concatenate(chances))

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Indices of scenes by chance."""
        return _drawn(rng, self._cumulative, count)


class RankedFrames:
    """All photos with ranked points on the device, and their pairs beside it."""

    def __init__(self, shares: dict[str, float], root: Path, device: torch.device) -> None:
        self.photos = OrderedSet(shares, root)
        self.pool = Pool(max(1, len(self.photos)), CANVAS, device)
        self.pool.add((_without_depth(photo) for photo in self.photos.all()), Traits(False, False))

    def views(
        self, rng: np.random.Generator, count: int, size: tuple[int, int], strength: Strength
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Parts of photos (float 0..1, (K, 3, H, W)), their pairs (P, 5) and the weights of these, P.

        A part in which no pair is left gives way to the whole photo.
        """
        drawn = self.photos.draw_many(rng, count)
        sizes = self.pool.sizes[drawn]
        places = placements(rng, sizes, size, strength)
        whole = placements(rng, sizes, size, replace(strength, full_frame=1.0, aspect=1e6, turn=0.0))
        rows = []
        for number, at in enumerate(drawn):
            kept = self._pairs(at, places[number], size)
            if not len(kept):
                places[number] = whole[number]
                kept = self._pairs(at, places[number], size)
            rows.append(np.concatenate((np.full((len(kept), 1), number), kept), axis=1))
        pairs = np.concatenate(rows)
        weight = np.concatenate([_higher_first(row[:, 1:]) for row in rows])
        put = partial(torch.Tensor.to, device=self.pool.device, non_blocking=True)
        colour, _ = placed(self.pool, drawn, places, size)
        return colour, put(torch.from_numpy(pairs.astype(np.int64))), put(torch.from_numpy(weight))

    def _pairs(self, at: int, place: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.int64]:
        """Rows and columns of the pairs of a photo that lie inside a view, (P, 4)."""
        height, width = self.pool.sizes[at]
        points = self.photos.photo(at).pairs.reshape(-1, 2) * np.array([width, height], np.float32)
        seen = points_in_views(np.repeat(place[None], len(points), axis=0), points).reshape(-1, 4)
        inside = seen[((seen > 0) & (seen < 1)).all(axis=1)]
        return np.asarray((inside[:, [1, 0, 3, 2]] * (size * 2)).astype(np.int64), np.int64)


def _without_depth(photo: OrderedPhoto) -> Frame:
    return Frame(photo.name, photo.rgb, np.full(photo.rgb.shape[:2], np.nan, np.float32))


def _higher_first(places: NDArray[np.int64]) -> NDArray[np.float32]:
    """The weights of one view's pairs, given as rows and columns."""
    return (
        pair_weights(places[:, [1, 0, 3, 2]].astype(np.float32)) if len(places) else np.zeros(0, np.float32)
    )


class DeviceMixture:
    """Batches after a plan, as `mixture.Mixture` gives them, on the device. Real frames come first."""

    def __init__(self, plan: Plan, device: torch.device) -> None:
        self.plan, self.device = plan, device
        self._real = RealFrames(plan.shares, plan.data_root, device)
        self._scenes = SceneFrames(plan.scenes_root, plan.scene_weights, device, MOST_SCENES)
        self._ranked = RankedFrames(plan.order_shares, plan.data_root, device)
        logger.info("%d real frames, %d scenes on %s", len(self._real.pool), len(self._scenes.pool), device)

    @property
    def scene_count(self) -> int:
        """Scenes there are to draw from."""
        return len(self._scenes.pool)

    def batches(self, plan: Plan) -> Iterator[Batch]:
        """Endless batches of a plan over the same frames."""
        rng = np.random.default_rng(plan.seed)
        noise = torch.Generator(self.device).manual_seed(plan.seed % 2**63)
        weights = np.array([row[3] for row in plan.sizes])
        while True:
            height, width, count, _ = plan.sizes[int(rng.choice(len(weights), p=weights / weights.sum()))]
            yield self._batch(rng, noise, (height, width), count, plan)
            self._scenes.look()

    @torch.no_grad()
    def _batch(
        self, rng: np.random.Generator, noise: torch.Generator, size: tuple[int, int], count: int, plan: Plan
    ) -> Batch:
        share = plan.shares.get(SCENES, 0.0) if len(self._scenes.pool) else 0.0
        scenes = round(count * share / max(share + self._real.share, 1e-9))
        parts = []
        edges, zeros = [], []
        for source, wanted in ((self._real, count - scenes), (self._scenes, scenes)):
            if wanted and len(source.pool):
                index = source.draw(rng, wanted)
                parts.append(geometric(rng, source.pool, index, size, plan.strength))
                edges.append(source.pool.has_edges[index])
                zeros.append(source.pool.has_zero[index])
        wanted = round(count * plan.order_part) if len(self._ranked.photos) else 0
        pairs, weight = empty_pairs()
        if wanted:
            colour, pairs, weight = self._ranked.views(rng, wanted, size, plan.strength)
            ranked = [colour]
        else:
            ranked = []
        clean = torch.cat([*(part[0] for part in parts), *ranked])
        inverse = torch.cat([part[1] for part in parts])
        is_enough = inverse.isfinite().sum(dim=(1, 2), keepdim=True) >= LEAST_VALID
        target, zero = normalise_targets(torch.where(is_enough, inverse, torch.nan))
        has_zero = self._put(np.concatenate(zeros))
        rgb = photometric(rng, noise, clean, plan.strength)
        return Batch(
            _as_bytes(rgb),
            target,
            self._put(np.concatenate(edges)),
            torch.where(has_zero, zero, torch.nan),
            _as_bytes(clean),
            count - scenes if len(self._real.pool) else 0,
            pairs,
            weight,
        )

    def _put(self, flags: NDArray[np.bool_]) -> torch.Tensor:
        return torch.from_numpy(flags).to(self.device, non_blocking=True)


def _as_bytes(rgb: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) 0..1 to uint8 (N, H, W, 3)."""
    return (rgb * 255 + 0.5).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
