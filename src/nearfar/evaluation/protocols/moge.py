"""MoGe: one map judged in up to four ways, robustly aligned, and its boundaries (arXiv 2410.19115)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import DEPTH, INVERSE, Given, Protocol, Rules, Track

if TYPE_CHECKING:
    from nearfar.evaluation.samples import EvalSet

FIGURES = ("abs_rel", "delta1")
SIDE = 64
"""Pixels a side that the robust alignments see."""
GUARD_M = 1e-6
RADII = (1, 2, 3)


def _tracks(chosen: EvalSet, given: Given) -> tuple[Track, ...]:
    """Metric depth, up to scale, up to scale and shift, and inverse depth up to scale and shift."""
    valid_m = (0.0, given.cap_m or np.inf)
    crop = given.crop or "none"

    def in_depth(name: str, kinds: tuple[Kind, ...], alignment: str) -> Track:
        return Track(
            name,
            kinds,
            DEPTH,
            alignment,
            FIGURES,
            valid_m,
            crop=crop,
            weights="1/depth",
            samples=SIDE,
            sampling="nearest known" if alignment != "none" else "all",
            guard_m=GUARD_M,
        )

    scaled = (Kind.METRIC, Kind.SCALE)
    inverse = Track(
        "affine_disparity",
        (*scaled, Kind.RELATIVE_INVERSE),
        INVERSE,
        "scale-shift",
        FIGURES,
        valid_m,
        crop=crop,
        floor="farthest",
        guard_m=GUARD_M,
    )
    metric = (in_depth("metric", (Kind.METRIC,), "none"),) if chosen.is_metric else ()
    return (
        *metric,
        in_depth("scale", scaled, "robust-scale"),
        in_depth("affine_depth", (*scaled, Kind.AFFINE_DEPTH), "robust"),
        inverse,
    )


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:  # noqa: ARG001 - one shape
    """Each track judges the kinds that know enough for it; boundaries are of the first that could."""
    radii = RADII if chosen.has_sharp_edges or given.sharp else ()
    return Rules(_tracks(chosen, given), given.cut or "none", radii)


PROTOCOLS = Protocol(
    "moge",
    "MoGe: metric, scale, affine depth, affine disparity, boundary",
    "arXiv 2410.19115 and 2507.02546; its evaluation scripts",
    "depth",
    "affine_disparity.abs_rel",
    _rules,
    ("nyu", "kitti", "eth3d", "ibims", "sintel", "ddad", "diode", "hammer"),
    takes=("crop", "cut", "cap_m", "sharp"),
)
