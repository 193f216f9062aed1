"""Make3D: near depth (C1) and all depth (C2), scaled by medians (Liu et al. 2014; Godard et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import DEPTH, INVERSE, Given, Protocol, Rules, Track

if TYPE_CHECKING:
    from nearfar.evaluation.samples import EvalSet

FIGURES = ("abs_rel", "sq_rel", "rmse", "rmse_log", "log10")
BELOW_M = {"c1": 70.0, "c2": np.inf}
"""C1 judges what is nearer than 70 m, C2 whatever the laser measured."""
CAPS_M = {"c1": 70.0, "c2": 81.91}
"""Found depth is put at most so far; the laser ends at 81.91 m."""
_SHIFTED = {Kind.AFFINE_DEPTH, Kind.RELATIVE_INVERSE}
LEAST_M = 1e-3


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:  # noqa: ARG001 - one shape
    """The middle of a photo cut two to one, and the 21 rows of the grid that belong to it."""
    is_inverse = kind is Kind.RELATIVE_INVERSE
    alignment = given.align or ("scale-shift" if kind in _SHIFTED else "median")
    tracks = tuple(
        Track(
            name,
            (kind,),
            INVERSE if is_inverse else DEPTH,
            alignment,
            FIGURES,
            (0.0, given.cap_m or BELOW_M[name]),
            crop=given.crop or "none",
            floor=1 / (given.cap_m or cap_m) if is_inverse else 0.0,
            clamp_m=(LEAST_M, given.cap_m or cap_m),
        )
        for name, cap_m in CAPS_M.items()
    )
    return Rules(tracks, given.cut or "two-to-one")


PROTOCOLS = Protocol(
    "make3d",
    "Make3D, C1 and C2",
    "Liu et al. 2014 (C1, C2); Godard et al. 2017 (crop, medians)",
    "depth",
    "c1.abs_rel",
    _rules,
    ("make3d",),
)
