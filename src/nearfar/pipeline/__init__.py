"""Photo to depth map: preprocess, engine, postprocess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nearfar.cards import DepthKind
from nearfar.engines import input_of
from nearfar.errors import ParameterError
from nearfar.ops.outlines import brightness, sharpen
from nearfar.pipeline.postprocess import Plane, check_finite, depth_of, finish, plane_of, without_border
from nearfar.pipeline.preprocess import Prepared, prepare
from nearfar.types import DepthMap, Photo, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.cards import InputSpec, ModelCard
    from nearfar.engines import Session

    Batch = np.ndarray[Any, np.dtype[np.float32]]
    Raw = np.ndarray[Any, np.dtype[np.float32]]

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
    is_fast: bool = False
    """Maps are enlarged to the photo's size by linear interpolation; by cubic interpolation otherwise."""

    @property
    def input(self) -> InputSpec:
        """How photos are prepared: the card's rule, and what the loaded file itself says."""
        return input_of(self.session, self.card.input)

    def estimate(self, photo: Photo) -> DepthMap:
        """The depth map of a photo, as large as the photo.

        Raises:
            NonFiniteOutputError: the network answered with NaN or infinity.
            EngineError: the network failed.
        """
        prepared = self._prepared(photo)
        return self.finish(self.run(prepared), prepared)

    def estimate_batch(self, photos: Iterable[Photo]) -> list[DepthMap]:
        """The depth maps of many photos, in order; those of equal input size run together.

        The same as one by one within 1e-5 of the range.
        """
        prepared = [self._prepared(photo) for photo in photos]
        results: dict[int, DepthMap] = {}
        for places in _buckets(prepared, min(BATCH_LIMIT, self.session.batch_limit or BATCH_LIMIT)):
            prompt = prepared[places[0]].prompt  # who brings one runs alone
            raw = self._answers(np.concatenate([prepared[i].tensor for i in places]), prompt)
            results |= {i: self.finish(raw[k], prepared[i]) for k, i in enumerate(places)}
        return [results[i] for i in range(len(prepared))]

    def answer(self, photo: Photo) -> Raw:
        """The network's own answer for a photo, (H, W) float32 at the network's size and in its own space.

        Padding is cut off and, where the card says so, the mirrored pass is in the mean: it covers the photo
        and nothing else. Depth that depends on the focal length is not yet scaled by it.

        Raises:
            NonFiniteOutputError: the network answered with NaN or infinity.
            EngineError: the network failed.
        """
        prepared = self._prepared(photo)
        raw = self.run(prepared)
        check_finite(raw, self.card)
        return cast("Raw", without_border(depth_of(raw, prepared.undo, self.card), prepared.undo))

    def plane(self, photo: Photo) -> tuple[Plane, Provenance]:
        """Depth at the network's own size, in the kind's own unit, and where it comes from: what videos take.

        Raises:
            NonFiniteOutputError: the network answered with NaN or infinity.
            EngineError: the network failed.
        """
        prepared = self._prepared(photo)
        provenance = Provenance(self.card.name, self.sha256, prepared.size, self.engine, 0)
        return plane_of(self.run(prepared), prepared.undo, self.card, prepared.size[0]), provenance

    def run(self, prepared: Prepared) -> Raw:
        """What the network answers for one prepared picture: (H, W) or (K, H, W) float32 in its own space.

        Raises:
            EngineError: the network failed.
        """
        raw: Raw = self._answers(prepared.tensor, prepared.prompt)[0]
        return raw

    def _prepared(self, photo: Photo) -> Prepared:
        """The network's input for a photo.

        Raises:
            ParameterError: the photo brings coarse depth, and this network takes none as it runs here.
        """
        if photo.prompt is not None and not self.card.takes_prompt:
            raise ParameterError(
                f"'{self.card.name}' takes no prompt.",
                "Choose a model that does, such as prompt-depth-anything-small.",
                "prompt",
            )
        if photo.prompt is not None and not hasattr(self.session, "run_prompted"):
            raise ParameterError(
                f"'{self.card.name}' takes a prompt in torch alone.", "Choose --engine torch.", "prompt"
            )
        return prepare(photo, self.input)

    def _answers(self, batch: Batch, prompt: Batch | None = None) -> Batch:
        """(N, H, W); where the card says so, the mean with the mirrored ones, sharpened."""
        if prompt is not None:
            session: Any = self.session
            return np.asarray(session.run_prompted(batch, prompt), np.float32)
        raw: Batch = self.session.run(batch)
        if self.card.input.flip:
            mirrored = self.session.run(np.ascontiguousarray(batch[..., ::-1]))
            raw = np.asarray((raw + mirrored[..., ::-1]) / 2, np.float32)
        return self._outlined(raw, batch) if self.card.outlines else raw

    def _outlined(self, raw: Batch, batch: Batch) -> Batch:
        """The same maps with steep outlines, as the card says."""
        rule = self.input
        greys = (brightness(picture, rule.mean, rule.std) for picture in batch)
        return np.stack([sharpen(m, g, self.card.outlines) for m, g in zip(raw, greys, strict=True)])

    def finish(self, raw: Raw, prepared: Prepared, tiles: int = 0) -> DepthMap:
        """The depth map of a photo from what the network answered; ``tiles``: of how many that was joined.

        Raises:
            NonFiniteOutputError: there is a NaN or an infinity among the answers.
        """
        provenance = Provenance(self.card.name, self.sha256, prepared.size, self.engine, tiles)
        card = self.card if prepared.prompt is None else replace(self.card, kind=DepthKind.METRIC)
        return finish(raw, prepared.undo, card, provenance, is_fast=self.is_fast)


def _buckets(prepared: list[Prepared], limit: int) -> Iterable[list[int]]:
    """Places of inputs of equal size, at most ``limit`` together."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for place, item in enumerate(prepared):
        if item.prompt is None:
            by_size.setdefault(item.size, []).append(place)
        else:
            yield [place]
    for places in by_size.values():
        for start in range(0, len(places), limit):
            yield places[start : start + limit]
