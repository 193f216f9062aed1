"""Pixels to points in space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import Camera
    from nearfar.types.arrays import FloatMap

    Places = npt.NDArray[np.intp]


def unproject(
    distance: FloatMap, camera: Camera, rows: Places | None = None, columns: Places | None = None
) -> FloatMap:
    """(h, w, 3) float32 points of the centres of the chosen pixels (all of them where none are chosen).

    Axes as 3D programs have them: x right, y up, z towards the viewer, the camera at the origin; the unit is
    that of ``distance`` ((H, W), along the optical axis; of a panorama, along each ray).
    """
    rows = np.arange(distance.shape[0]) if rows is None else rows
    columns = np.arange(distance.shape[1]) if columns is None else columns
    away = distance[np.ix_(rows, columns)]
    if camera.is_equirectangular:
        return away[..., None] * rays(rows, columns, camera)
    x = ((columns + 0.5 - camera.cx_px) / camera.fx_px).astype(np.float32)
    y = ((rows + 0.5 - camera.cy_px) / camera.fy_px).astype(np.float32)
    return np.stack([away * x[None, :], -away * y[:, None], -away], axis=-1)


def rays(rows: Places, columns: Places, camera: Camera) -> FloatMap:
    """(h, w, 3) unit vectors from the middle of a panorama through the centres of pixels."""
    round_rad = ((columns + 0.5 - camera.cx_px) / camera.fx_px)[None, :]
    up_rad = -((rows + 0.5 - camera.cy_px) / camera.fy_px)[:, None]
    level = np.cos(up_rad)
    x, y, z = np.broadcast_arrays(level * np.sin(round_rad), np.sin(up_rad), -level * np.cos(round_rad))
    return np.stack([x, y, z], axis=-1).astype(np.float32)
