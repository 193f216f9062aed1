"""MiDaS: zero-shot, aligned in inverse depth by least squares (arXiv 1907.01341v3, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import INVERSE, Given, Protocol, Rules, Track

if TYPE_CHECKING:
    from nearfar.evaluation.samples import EvalSet

CAPS_M = {"eth3d": 72.0, "sintel": 72.0}
"""Where the published cap is not the set's own."""
FIGURES = ("beyond", "abs_rel", "delta1", "delta2", "delta3", "rmse", "log10", "silog")


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:  # noqa: ARG001 - one shape
    """All known pixels nearer than the cap; inverse depth is floored at 1/cap."""
    cap_m = given.cap_m or CAPS_M.get(chosen.name, chosen.cap_m)
    track = Track(
        "",
        (Kind.RELATIVE_INVERSE, Kind.METRIC, Kind.SCALE),
        INVERSE,
        given.align or "scale-shift",
        FIGURES,
        (0.0, cap_m),
        crop=given.crop or "none",
        floor=1 / cap_m,
    )
    return Rules((track,), given.cut or "none")


PROTOCOLS = Protocol(
    "midas",
    "MiDaS, zero-shot",
    "arXiv 1907.01341v3, section 6; EVALUATION.md of DPT",
    "depth",
    "beyond",
    _rules,
    ("nyu", "nyu-png", "kitti-selection", "kitti", "eth3d", "sintel", "tum"),
)
