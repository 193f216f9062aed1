"""What a protocol says: which pixels count, how a map is aligned, and which figures are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.evaluation.alignment import ALIGNMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.evaluation.predictions import Kind
    from nearfar.evaluation.samples import EvalSet

DEPTH, INVERSE = "depth", "inverse depth"
CUTS = ("none", "kb", "kb-photo", "two-to-one")
"""What is cut off a photo before a network sees it; ``kb-photo`` cuts the photo alone, not what is judged."""


@dataclass(frozen=True, slots=True)
class Track:
    """One way in which a map is judged; figures are called ``name.figure`` where it has a name.

    ``kinds``: predictions that it can judge. ``space``: in which they are aligned. ``weights``: ``equal``,
    or ``1/depth``. ``samples``: how many pixels a side the alignment sees at most, chosen as ``sampling``
    says (0: all). ``valid_m``: true depths that count, both ends left out. ``clamp_m``: found depths are put
    between. ``floor``: of aligned inverse depth, 1/m: a number, or ``farthest`` for that of the farthest
    known pixel. ``guard_m``: added to what abs_rel divides by.
    """

    name: str
    kinds: tuple[Kind, ...]
    space: str
    alignment: str
    figures: tuple[str, ...]
    valid_m: tuple[float, float]
    crop: str = "none"
    weights: str = "equal"
    samples: int = 0
    sampling: str = "all"
    clamp_m: tuple[float, float] = (0.0, np.inf)
    floor: float | str = 0.0
    guard_m: float = 0.0
    is_positive_only: bool = False

    def describe(self) -> dict[str, Any]:
        """Every rule as plain values."""
        return {
            "name": self.name,
            "kinds": [kind.value for kind in self.kinds],
            "crop": self.crop,
            "valid_m": [_plain(end) for end in self.valid_m],
            "space": self.space,
            **{f"alignment_{key}": value for key, value in ALIGNMENTS[self.alignment].describe().items()},
            "alignment_weights": self.weights,
            "alignment_pixels": self.sampling,
            "alignment_side": self.samples,
            "alignment_positive_only": self.is_positive_only,
            "inverse_floor": self.floor if isinstance(self.floor, str) else _plain(self.floor),
            "clamp_m": [_plain(end) for end in self.clamp_m],
            "abs_rel_guard_m": self.guard_m,
            "figures": list(self.figures),
        }

    def named(self, figure: str) -> str:
        """A figure's name within the protocol."""
        return f"{self.name}.{figure}" if self.name else figure


@dataclass(frozen=True, slots=True)
class Given:
    """What a user chose in place of a protocol's own rules; empty leaves those."""

    align: str = ""
    crop: str = ""
    cut: str = ""
    cap_m: float = 0.0
    sharp: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """All that a protocol says of a set. ``boundary``: radii in pixels of boundary F1."""

    tracks: tuple[Track, ...]
    cut: str = "none"
    boundary: tuple[int, ...] = ()
    mean: str = "each picture's figure, then the mean over pictures"

    def describe(self) -> dict[str, Any]:
        """Every rule as plain values."""
        return {
            "cut": self.cut,
            "resize": "bilinear to the truth's size, pixel centres at halves",
            "tracks": [track.describe() for track in self.tracks],
            "boundary_radii_px": list(self.boundary),
            "mean": self.mean,
        }


@dataclass(frozen=True, slots=True)
class Protocol:
    """A published way to judge.

    ``judges``: ``depth`` (picture by picture), ``pairs`` or ``clips``. ``rules``: of a set, a kind of
    prediction and what the user chose. ``headline``: the figure by which pictures are ranked. ``takes``: the
    fields of :class:`Given` that the rules heed.
    """

    name: str
    title: str
    source: str
    judges: str
    headline: str
    rules: Callable[[EvalSet, Kind, Given], Rules]
    sets: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("align", "crop", "cut", "cap_m")

    def describe(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "judges": self.judges,
            "headline": self.headline,
            "sets": list(self.sets),
        }


def _plain(number: float) -> float | str:
    """JSON has no infinity."""
    return "infinite" if np.isinf(number) else float(number)
