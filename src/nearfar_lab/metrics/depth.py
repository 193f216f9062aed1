"""Errors of depth in metres against measured depth, after the MiDaS alignment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.metrics.align import align_inverse

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DepthFigures:
    """Errors of one picture over its known pixels; shares are 0..1.

    beyond: share with max(z/z*, z*/z) > 1.25 (1 - delta1). rmse in metres. silog is
    100 sqrt(mean g^2 - (mean g)^2), g = ln z - ln z*.
    """

    beyond: float
    abs_rel: float
    delta1: float
    delta2: float
    delta3: float
    rmse: float
    log10: float
    silog: float

    def as_row(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def depth_from_inverse(
    prediction: NDArray[np.floating], inverse_depth: NDArray[np.floating], cap_m: float
) -> NDArray[np.float64]:
    """Depth in metres of a relative inverse depth, aligned by least squares and capped; 1-D arrays.

    The aligned inverse depth is floored at 1/cap_m and then inverted (MiDaS, section 6).
    """
    return 1.0 / np.maximum(align_inverse(prediction, inverse_depth), 1.0 / cap_m)


def depth_figures(found_m: NDArray[np.floating], true_m: NDArray[np.floating]) -> DepthFigures:
    """The errors of found depth against true depth, both positive metres, 1-D over known pixels."""
    found, true = np.asarray(found_m, np.float64), np.asarray(true_m, np.float64)
    ratio = np.maximum(found / true, true / found)
    log = np.log(found) - np.log(true)
    return DepthFigures(
        beyond=float(np.mean(ratio > 1.25)),
        abs_rel=float(np.mean(np.abs(found - true) / true)),
        delta1=float(np.mean(ratio <= 1.25)),
        delta2=float(np.mean(ratio <= 1.25**2)),
        delta3=float(np.mean(ratio <= 1.25**3)),
        rmse=float(np.sqrt(np.mean((found - true) ** 2))),
        log10=float(np.mean(np.abs(log)) / np.log(10)),
        silog=float(100 * np.sqrt(max(np.mean(log**2) - np.mean(log) ** 2, 0.0))),
    )
