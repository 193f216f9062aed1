"""The camera behind a point map that is right up to a shift along the optical axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

_SIDE = 64  # points a side that are enough for two numbers
_FEWEST = 8
_STEPS = 50
_DAMPING = 1e-3


def solve(
    points: npt.NDArray[np.float32], sure: npt.NDArray[np.bool_], focal: float | None = None
) -> tuple[float, float]:
    """Focal length in widths of the picture, and the shift: what is added to z.

    Args:
        points: (3, H, W), x, y and z of what each pixel sees; the camera looks along z at the middle.
        sure: (H, W), the pixels that count.
        focal: the focal length where it is known; it is given back.

    The two make focal · (x, y) / (z + shift) fit the places of the pixels best (least squares, by
    Levenberg and Marquardt). Source: MoGe, arXiv 2410.19115, section 3. Too few points: (1, 0).
    """
    xy, z, uv = _sampled(points, sure)
    if len(z) < _FEWEST:
        return focal or 1.0, 0.0
    shift, damping = max(0.0, 1e-3 - float(z.min())), _DAMPING
    found = focal or _best_focal(xy, z + shift, uv)
    error = _error(found, xy, z + shift, uv)
    for _ in range(_STEPS):
        by_focal, by_shift = _step(found, xy, z + shift, uv, damping, is_focal_free=focal is None)
        new_focal, new_shift = found + by_focal, shift + by_shift
        if new_focal > 0 and float(z.min()) + new_shift > 0:
            new_error = _error(new_focal, xy, z + new_shift, uv)
            if new_error <= error:
                is_done = error - new_error <= 1e-12 * error
                found, shift, error, damping = new_focal, new_shift, new_error, damping / 10
                if is_done:
                    break
                continue
        damping *= 10
    return found, shift


def _sampled(points: npt.NDArray[np.float32], sure: npt.NDArray[np.bool_]) -> tuple[Values, Values, Values]:
    """(P, 2) of x and y, n of z, and (P, 2) of the pixels' places from the middle, in widths."""
    height, width = sure.shape
    rows = np.unique(np.linspace(0, height - 1, min(_SIDE, height)).astype(int))
    columns = np.unique(np.linspace(0, width - 1, min(_SIDE, width)).astype(int))
    u, v = np.meshgrid((columns + 0.5 - width / 2) / width, (rows + 0.5 - height / 2) / width)
    taken = points[:, rows][:, :, columns].astype(np.float64)
    kept = sure[rows][:, columns] & np.isfinite(taken).all(axis=0)
    return taken[:2, kept].T, taken[2, kept], np.stack([u[kept], v[kept]], axis=1)


def _best_focal(xy: Values, z: Values, uv: Values) -> float:
    seen = xy / z[:, None]
    return max(1e-3, float((seen * uv).sum() / max(float(np.square(seen).sum()), 1e-12)))


def _error(focal: float, xy: Values, z: Values, uv: Values) -> float:
    return float(np.square(focal * xy / z[:, None] - uv).sum())


def _step(
    focal: float, xy: Values, z: Values, uv: Values, damping: float, *, is_focal_free: bool
) -> tuple[float, float]:
    """One damped step of both, or of the shift alone."""
    seen = xy / z[:, None]
    rest = (focal * seen - uv).ravel()
    slopes = np.stack([seen.ravel(), (-focal * seen / z[:, None]).ravel()], axis=1)
    if not is_focal_free:
        slopes = slopes[:, 1:]
    normal = slopes.T @ slopes
    normal += np.diag(damping * np.diag(normal) + 1e-15)
    change = np.linalg.solve(normal, -slopes.T @ rest)
    return (float(change[0]), float(change[1])) if is_focal_free else (0.0, float(change[0]))
