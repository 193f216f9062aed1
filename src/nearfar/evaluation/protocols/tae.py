"""TAE: does depth agree from frame to frame once the camera's motion is undone (Video Depth Anything)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import INVERSE, Given, Protocol, Rules, Track

if TYPE_CHECKING:
    from nearfar.evaluation.samples import EvalSet

LEAST = 1e-3
"""Of relative values, of aligned inverse depth and of depth."""


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:  # noqa: ARG001 - one shape
    """One scale and shift for a whole clip, by least squares in inverse depth."""
    cap_m = given.cap_m or chosen.cap_m
    track = Track(
        "",
        (Kind.RELATIVE_INVERSE, Kind.METRIC, Kind.SCALE),
        INVERSE,
        given.align or "scale-shift",
        ("tae",),
        (LEAST, cap_m),
        crop=given.crop or ("scannet" if chosen.name == "scannet" else "none"),
        clamp_m=(LEAST, cap_m),
        floor=LEAST,
    )
    return Rules((track,), "none", mean="each clip's figure, then the mean over clips")


PROTOCOLS = Protocol(
    "tae",
    "Temporal alignment error, video",
    "arXiv 2501.12375, section 4.1; its evaluation script",
    "clips",
    "tae",
    _rules,
    ("scannet", "sintel", "tum", "hammer"),
    takes=("align", "crop", "cap_m"),
)
