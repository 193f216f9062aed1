"""A network without weights, for tests of everything around a network.

Its depth is a ramp (the bottom of the picture is near) plus a little of the picture's own brightness, so
that results depend on the photo, can be foreseen, and take no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions


class FakeSession:
    """Ramp plus brightness."""

    fixed_size = None
    batch_limit = None

    def __init__(self, reading: str = "map") -> None:
        """``reading``: the card's, which says how many planes a network gives."""
        self._reading = reading

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32; (N, K, H, W) for a network of K planes."""
        ramp = np.linspace(0, 1, batch.shape[2], dtype=np.float32)[None, :, None]
        depth = np.asarray(ramp + 0.1 * batch.mean(axis=1), np.float32)
        planes = _PLANES.get(self._reading)
        return depth if planes is None else np.stack(planes(depth), axis=1)


def _points(depth: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
    """x, y, z of a camera whose focal length is the picture's width, all of them sure, in metres."""
    _, height, width = depth.shape
    z = 1 + np.abs(depth)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / width * z
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5 - height / 2) / width * z
    return [x.astype(np.float32), y.astype(np.float32), z, np.ones_like(z), np.ones_like(z)]


_PLANES: dict[str, Callable[[npt.NDArray[np.float32]], list[npt.NDArray[np.float32]]]] = {
    "focal": lambda depth: [depth, np.ones_like(depth)],
    "sky": lambda depth: [depth, np.zeros_like(depth)],
    "points": _points,
}
"""The planes of networks that give several (see ``nearfar.pipeline.planes``), by the card's reading."""


class Fake:
    """Opens nothing."""

    name = "fake"

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> FakeSession:  # noqa: ARG002
        """A session; weights are not read."""
        return FakeSession(card.reading)


PLUGIN = Fake()
