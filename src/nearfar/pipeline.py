"""Photo to depth map: preprocess, engine, postprocess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.postprocess import finish
from nearfar.preprocess import Prepared, prepare
from nearfar.types import DepthMap, Photo, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.cards import InputSpec, ModelCard
    from nearfar.engines import Session

BATCH_LIMIT = 8
"""Pictures in one network run at most: memory stays bounded, and on a CPU larger batches are not faster."""


@dataclass(frozen=True, slots=True)
class Estimator:
    """A loaded model. Threads may share one."""

    card: ModelCard
    session: Session
    engine: str
    sha256: str = ""
    """Hash of the weights that are loaded."""

    @property
    def input(self) -> InputSpec:
        """How photos are prepared: the card's rule, or the one size that the loaded file takes."""
        fixed = self.session.fixed_size
        return self.card.input if fixed is None else self.card.input.only(*fixed)

    def estimate(self, photo: Photo) -> DepthMap:
        """The depth map of a photo, as large as the photo.

        Raises:
            NonFiniteOutputError: the network answered with NaN or infinity.
            EngineError: the network failed.
        """
        prepared = prepare(photo, self.input)
        return self._finish(self.session.run(prepared.tensor)[0], prepared)

    def estimate_batch(self, photos: Iterable[Photo]) -> list[DepthMap]:
        """The depth maps of many photos, in order; those of equal input size run together.

        The same as one by one within 1e-5 of the range.
        """
        prepared = [prepare(photo, self.input) for photo in photos]
        results: dict[int, DepthMap] = {}
        for places in _buckets(prepared, min(BATCH_LIMIT, self.session.batch_limit or BATCH_LIMIT)):
            raw = self.session.run(np.concatenate([prepared[i].tensor for i in places]))
            results |= {i: self._finish(raw[k], prepared[i]) for k, i in enumerate(places)}
        return [results[i] for i in range(len(prepared))]

    def _finish(self, raw: np.ndarray[tuple[int, int], np.dtype[np.float32]], prepared: Prepared) -> DepthMap:
        provenance = Provenance(self.card.name, self.sha256, prepared.size, self.engine)
        return finish(raw, prepared.undo, self.card, provenance)


def _buckets(prepared: list[Prepared], limit: int) -> Iterable[list[int]]:
    """Places of inputs of equal size, at most ``limit`` together."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for place, item in enumerate(prepared):
        by_size.setdefault(item.size, []).append(place)
    for places in by_size.values():
        for start in range(0, len(places), limit):
            yield places[start : start + limit]
