"""The raw output of a network to a depth map of the photo's own size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.errors import NonFiniteOutputError
from nearfar.ops.resize import enlarge, middle
from nearfar.pipeline import planes
from nearfar.types import Camera, DepthMap, PhotoWarning, Provenance

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.types import Undo
    from nearfar.types.arrays import Mask


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Depth at a network's own size, and what is known of the whole photo.

    ``depth``: (h, w) float32 in the kind's own unit. ``valid``: (h, w) bool, or None where all is.
    """

    depth: npt.NDArray[np.float32]
    valid: Mask | None = None
    camera: Camera | None = None
    warnings: tuple[PhotoWarning, ...] = ()

    def enlarged(self, size: tuple[int, int], *, is_fast: bool = False) -> Plane:
        """The same at (width, height)."""
        large = enlarge(self.depth, *size, is_fast=is_fast)
        valid = None if self.valid is None else _enlarged(self.valid, size)
        return Plane(np.ascontiguousarray(large, np.float32), valid, self.camera, self.warnings)


def plane_of(raw: npt.NDArray[np.float32], undo: Undo, card: ModelCard, input_width: int) -> Plane:
    """What :func:`finish` gives, before it is enlarged to the photo's size.

    Raises:
        NonFiniteOutputError: there is a NaN or an infinity among the values.
    """
    check_finite(raw, card)
    seen = planes.read(_without_bars(raw, undo), card, undo)
    scale, warnings = _focal_scale(undo, card, input_width * undo.inset[0])
    depth = without_border(seen.depth * np.float32(scale), undo)
    valid = None if seen.valid is None else without_border(seen.valid.astype(np.float32), undo) >= 0.5
    camera = undo.camera or _camera_of(seen, undo)
    return Plane(np.ascontiguousarray(depth, np.float32), valid, camera, undo.warnings + warnings)


def finish(
    raw: npt.NDArray[np.float32],
    undo: Undo,
    card: ModelCard,
    provenance: Provenance,
    *,
    is_fast: bool = False,
) -> DepthMap:
    """The depth map of a photo from the (H, W) or (K, H, W) values its network gave.

    ``is_fast``: they are enlarged to the photo's size by linear instead of cubic interpolation.

    Raises:
        NonFiniteOutputError: there is a NaN or an infinity among them.
    """
    check_finite(raw, card)
    seen = planes.read(_without_bars(raw, undo), card, undo)
    scale, warnings = _focal_scale(undo, card, provenance.input_size[0] * undo.inset[0])
    x, y = undo.border
    size = undo.width + 2 * x, undo.height + 2 * y
    inside = slice(y, y + undo.height), slice(x, x + undo.width)
    large = enlarge(seen.depth * np.float32(scale), *size, is_fast=is_fast)
    values = np.ascontiguousarray(large[inside], np.float32)
    valid = None if seen.valid is None else _enlarged(seen.valid, size)[inside].copy()
    camera = undo.camera or _camera_of(seen, undo)
    return DepthMap(values, card.kind, valid, camera, provenance, undo.warnings + warnings)


def depth_of(raw: npt.NDArray[np.float32], undo: Undo, card: ModelCard) -> npt.NDArray[np.float32]:
    """(H, W) of depth alone, of the photo alone, from all that a network gave."""
    return planes.read(_without_bars(raw, undo), card, undo).depth


def _without_bars(raw: npt.NDArray[np.float32], undo: Undo) -> npt.NDArray[np.float32]:
    """What the network gave for the photo alone."""
    sides = raw.shape[-2:]
    sizes = [max(1, round(side * share)) for side, share in zip(sides, reversed(undo.inset), strict=True)]
    starts = [(side - size) // 2 for side, size in zip(sides, sizes, strict=True)]
    rows, columns = (slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
    return raw[..., rows, columns]


def _enlarged(valid: Mask, size: tuple[int, int]) -> Mask:
    found: Mask = cv2.resize(valid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return found


def _camera_of(seen: planes.Seen, undo: Undo) -> Camera | None:
    """The camera that the network found, where it finds one and the photo tells none."""
    if seen.focal is None:
        return None
    focal_px = seen.focal * (undo.width + 2 * undo.border[0])
    return Camera(focal_px, focal_px, undo.width / 2, undo.height / 2, "network")


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


def _focal_scale(undo: Undo, card: ModelCard, input_width: float) -> tuple[float, tuple[PhotoWarning, ...]]:
    """What depth is multiplied by where it depends on the focal length of the camera."""
    if card.reference_focal_px is None:
        return 1.0, ()
    if undo.camera is None:
        text = f"The photo does not say its focal length: metres of '{card.name}' may be off by a factor."
        return 1.0, (PhotoWarning("focal_unknown", text),)
    seen_width = undo.width + 2 * undo.border[0]
    return undo.camera.fx_px * input_width / seen_width / card.reference_focal_px, ()
