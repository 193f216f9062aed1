"""The raw output of a network to a depth map of the photo's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import NonFiniteOutputError
from nearfar.ops.resize import enlarge
from nearfar.types import DepthMap, Provenance

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.types import Undo


def finish(raw: npt.NDArray[np.float32], undo: Undo, card: ModelCard, provenance: Provenance) -> DepthMap:
    """The depth map of a photo from the h×w values its network gave.

    Raises:
        NonFiniteOutputError: there is a NaN or an infinity among them.
    """
    if not np.isfinite(raw).all():
        raise NonFiniteOutputError(
            f"The network '{card.name}' answered with NaN or infinity.",
            "Run it in float32; if it still does, its weights are damaged: verify them.",
        )
    values = np.asarray(enlarge(raw, undo.width, undo.height), np.float32)
    return DepthMap(values, card.kind, None, undo.camera, provenance, undo.warnings)
