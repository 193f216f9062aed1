"""The raw output of a network to a depth map of the photo's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import NonFiniteOutputError
from nearfar.ops.resize import enlarge, middle
from nearfar.types import DepthMap, PhotoWarning, Provenance

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.types import Undo


def finish(
    raw: npt.NDArray[np.float32],
    undo: Undo,
    card: ModelCard,
    provenance: Provenance,
    *,
    is_fast: bool = False,
) -> DepthMap:
    """The depth map of a photo from the (H, W) values its network gave.

    ``is_fast``: they are enlarged to the photo's size by linear instead of cubic interpolation.

    Raises:
        NonFiniteOutputError: there is a NaN or an infinity among them.
    """
    check_finite(raw, card)
    scale, warnings = _focal_scale(undo, card, provenance.input_size[0])
    x, y = undo.border
    seen = enlarge(raw * np.float32(scale), undo.width + 2 * x, undo.height + 2 * y, is_fast=is_fast)
    values = np.ascontiguousarray(seen[y : y + undo.height, x : x + undo.width], np.float32)
    return DepthMap(values, card.kind, None, undo.camera, provenance, undo.warnings + warnings)


def without_border(raw: npt.NDArray[np.float32], undo: Undo) -> npt.NDArray[np.float32]:
    """The part of a network's (H, W) answer that shows the photo, without the mirrored border around it."""
    x, y = undo.border
    if (x, y) == (0, 0):
        return raw
    return middle(raw, (undo.width / (undo.width + 2 * x), undo.height / (undo.height + 2 * y)))


def check_finite(raw: npt.NDArray[np.float32], card: ModelCard) -> None:
    """Raise NonFiniteOutputError where there is a NaN or an infinity in a network's answer."""
    if not np.isfinite(raw).all():
        raise NonFiniteOutputError(
            f"The network '{card.name}' answered with NaN or infinity.",
            "Run it in float32; if it still does, its weights are damaged: verify them.",
        )


def _focal_scale(undo: Undo, card: ModelCard, input_width: int) -> tuple[float, tuple[PhotoWarning, ...]]:
    """What depth is multiplied by where it depends on the focal length of the camera."""
    if card.reference_focal_px is None:
        return 1.0, ()
    if undo.camera is None:
        text = f"The photo does not say its focal length: metres of '{card.name}' may be off by a factor."
        return 1.0, (PhotoWarning("focal_unknown", text),)
    seen_width = undo.width + 2 * undo.border[0]
    return undo.camera.fx_px * input_width / seen_width / card.reference_focal_px, ()
