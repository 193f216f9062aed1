"""DA-2K: of pairs of points, how often is the nearer one told (arXiv 2406.09414, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.evaluation.rules import Given, Protocol, Rules

if TYPE_CHECKING:
    from nearfar.evaluation.predictions import Kind
    from nearfar.evaluation.samples import EvalSet


def _rules(chosen: EvalSet, kind: Kind, given: Given) -> Rules:  # noqa: ARG001 - one shape
    """No alignment: the map at the photo's size is read at both points; equal values are half right."""
    return Rules((), mean="right pairs of all photos by all pairs")


PROTOCOLS = Protocol(
    "da2k",
    "DA-2K, pairs of points",
    "arXiv 2406.09414, section 6",
    "pairs",
    "accuracy",
    _rules,
    ("da2k",),
    takes=(),
)
