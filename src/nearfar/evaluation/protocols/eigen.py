"""Eigen et al.: depth in metres on KITTI and NYU, with the crops of Garg and of Eigen (as BTS evaluates)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import DEPTH, INVERSE, Given, Protocol, Rules, Track

if TYPE_CHECKING:
    from nearfar.evaluation.samples import EvalSet

LEAST_M = 1e-3
FIGURES = (
    "abs_rel",
    "sq_rel",
    "rmse",
    "rmse_log",
    "log10",
    "silog",
    "delta1",
    "delta2",
    "delta3",
)
USUAL = {
    Kind.METRIC: "none",
    Kind.SCALE: "median",
    Kind.AFFINE_DEPTH: "scale-shift",
    Kind.RELATIVE_INVERSE: "scale-shift",
}
"""How a prediction is aligned where nothing is said: metres not at all, others as little as they need."""


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:
    """Depth between 1 mm and the cap, inside the set's crop; found depth is put between them, too."""
    cap_m = given.cap_m or chosen.cap_m
    is_inverse = kind is Kind.RELATIVE_INVERSE
    is_drive = chosen.name in {"kitti", "kitti-raw"}
    track = Track(
        "",
        (kind,),
        INVERSE if is_inverse else DEPTH,
        given.align or USUAL[kind],
        FIGURES,
        (LEAST_M, cap_m),
        crop=given.crop or chosen.crop,
        floor=1 / cap_m if is_inverse else 0.0,
        clamp_m=(LEAST_M, cap_m),
    )
    return Rules((track,), given.cut or ("kb-photo" if is_drive else "none"))


PROTOCOLS = Protocol(
    "eigen",
    "Eigen et al., metric depth",
    "arXiv 1406.2283; crops of Garg et al. 2016 and Eigen et al. 2014; evaluation of BTS",
    "depth",
    "abs_rel",
    _rules,
    ("kitti", "kitti-raw", "nyu", "nyu-png", "nyu-filled"),
)
