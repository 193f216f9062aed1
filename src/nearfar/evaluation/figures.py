"""Errors of depth against measured depth, over the known pixels of one picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.alignment import align_inverse

if TYPE_CHECKING:
    import numpy.typing as npt

HIGHER_IS_BETTER = ("delta", "accuracy", "boundary", "order")
"""How the names of figures begin, after a dot, of which more is better."""


@dataclass(frozen=True, slots=True)
class DepthFigures:
    """Errors of one picture; shares are 0…1. g = ln z - ln z*, z found and z* true.

    beyond: share with max(z/z*, z*/z) > 1.25. delta1…3: share with max(z/z*, z*/z) < 1.25, 1.25², 1.25³.
    abs_rel: mean |z - z*| / z*. sq_rel: mean (z - z*)² / z* in metres. rmse in metres. rmse_log: root of the
    mean g². log10: mean |lg z - lg z*|. silog: 100 √(mean g² - (mean g)²). irmse: of inverse depth, 1/km.
    """

    beyond: float
    abs_rel: float
    delta1: float
    delta2: float
    delta3: float
    rmse: float
    log10: float
    silog: float
    sq_rel: float
    rmse_log: float
    irmse: float

    def as_row(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def depth_figures(
    found_m: npt.NDArray[np.floating], true_m: npt.NDArray[np.floating], *, guard_m: float = 0.0
) -> DepthFigures:
    """The errors of found depth against true depth, both positive metres, 1-D over known pixels.

    guard_m: added to the true depth that abs_rel divides by, as some protocols do.
    """
    found, true = np.asarray(found_m, np.float64), np.asarray(true_m, np.float64)
    with np.errstate(divide="ignore"):
        ratio = np.maximum(found / true, true / found)
        log = np.log(found) - np.log(true)
        inverse = 1000 / found - 1000 / true
    off = found - true
    with np.errstate(invalid="ignore", over="ignore"):
        variance = np.mean(log**2) - np.mean(log) ** 2
        return DepthFigures(
            beyond=float(np.mean(ratio > 1.25)),
            abs_rel=float(np.mean(np.abs(off) / (true + guard_m))),
            sq_rel=float(np.mean(off**2 / true)),
            delta1=float(np.mean(ratio < 1.25)),
            delta2=float(np.mean(ratio < 1.25**2)),
            delta3=float(np.mean(ratio < 1.25**3)),
            rmse=float(np.sqrt(np.mean(off**2))),
            rmse_log=float(np.sqrt(np.mean(log**2))),
            log10=float(np.mean(np.abs(log)) / np.log(10)),
            silog=float(100 * np.sqrt(np.maximum(variance, 0.0))),
            irmse=float(np.sqrt(np.mean(inverse**2))),
        )


def depth_from_inverse(
    prediction: npt.NDArray[np.floating], inverse_depth: npt.NDArray[np.floating], cap_m: float
) -> npt.NDArray[np.float64]:
    """Depth in metres of a relative inverse depth, aligned by least squares and capped; 1-D arrays.

    The aligned inverse depth is floored at 1/cap_m and then inverted (MiDaS, section 6).
    """
    return 1.0 / np.maximum(align_inverse(prediction, inverse_depth), 1.0 / cap_m)


def is_higher_better(name: str) -> bool:
    """Whether more is better of a figure of that name."""
    return name.rpartition(".")[2].startswith(HIGHER_IS_BETTER)
