"""Marigold: affine-invariant depth, aligned by least squares (arXiv 2312.02145, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import DEPTH, INVERSE, Given, Protocol, Rules, Track

if TYPE_CHECKING:
    from nearfar.evaluation.samples import EvalSet

FIGURES = (
    "abs_rel",
    "sq_rel",
    "rmse",
    "rmse_log",
    "log10",
    "delta1",
    "delta2",
    "delta3",
    "irmse",
    "silog",
)
RANGES_M = {
    "nyu": (1e-3, 10.0),
    "nyu-png": (1e-3, 10.0),
    "nyu-filled": (1e-3, 10.0),
    "scannet": (1e-3, 10.0),
    "kitti": (1e-5, 80.0),
    "kitti-raw": (1e-5, 80.0),
    "eth3d": (1e-5, np.inf),
    "diode": (0.6, 350.0),
}
"""Distances that count, by set."""
CROPS = {"kitti": "eigen", "kitti-raw": "eigen", "nyu": "eigen-nyu", "nyu-png": "eigen-nyu"}
SIDES = {"eth3d": 1024}
"""Longest side of the map that the alignment sees."""
LEAST_INVERSE = 1e-3
LEAST_M = 1e-6


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:
    """Scale and shift by least squares, in inverse depth for predictions of that and else in depth."""
    low, high = RANGES_M.get(chosen.name, (chosen.low_m, chosen.cap_m))
    high = given.cap_m or high
    is_inverse = kind is Kind.RELATIVE_INVERSE
    side = SIDES.get(chosen.name, 0)
    track = Track(
        "",
        (kind,),
        INVERSE if is_inverse else DEPTH,
        given.align or "scale-shift",
        FIGURES,
        (low, high),
        crop=given.crop or CROPS.get(chosen.name, "none"),
        samples=side,
        sampling="every so many" if side else "all",
        clamp_m=(max(low, LEAST_M), high),
        floor=LEAST_INVERSE if is_inverse else 0.0,
        is_positive_only=is_inverse,
    )
    is_drive = chosen.name in {"kitti", "kitti-raw"}
    return Rules((track,), given.cut or ("kb" if is_drive else "none"))


PROTOCOLS = Protocol(
    "marigold",
    "Marigold, affine-invariant",
    "arXiv 2312.02145, section 4; its evaluation scripts",
    "depth",
    "abs_rel",
    _rules,
    ("nyu", "nyu-png", "kitti", "eth3d", "scannet", "diode"),
)
