"""A network without weights, for tests of everything around a network.

Its depth is a ramp (the bottom of the picture is near) plus a little of the picture's own brightness, so
that results depend on the photo, can be foreseen, and take no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.engines import EngineOptions


class FakeSession:
    """Ramp plus brightness."""

    fixed_size = None
    batch_limit = None

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 from (N, 3, H, W) float32."""
        ramp = np.linspace(0, 1, batch.shape[2], dtype=np.float32)[None, :, None]
        return np.asarray(ramp + 0.1 * batch.mean(axis=1), np.float32)


class Fake:
    """Opens nothing."""

    name = "fake"

    def open(self, card: ModelCard, weights: Path | None, options: EngineOptions) -> FakeSession:  # noqa: ARG002
        """A session; weights are not read."""
        return FakeSession()


PLUGIN = Fake()
