"""How sure a mean is: intervals by drawing pictures again, for one model and for two on the same pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_BAND = 1 << 22  # numbers drawn at once


@dataclass(frozen=True, slots=True)
class Drawing:
    """How pictures are drawn again: ``unit`` is ``pictures`` or ``clips`` (pictures of one clip together)."""

    resamples: int = 1000
    seed: int = 0
    level: float = 0.95
    unit: str = "pictures"

    def __post_init__(self) -> None:
        if self.resamples < 1 or not 0 < self.level < 1 or self.unit not in {"pictures", "clips"}:
            raise ParameterError(f"{self} is no way to draw.", "resamples from 1, level in 0…1.")

    def describe(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval in which it lies with the drawing's level of confidence."""

    mean: float
    low: float
    high: float
    count: int


def interval(parts: Floats, wholes: Floats, groups: Sequence[str], drawing: Drawing) -> Interval:
    """The sum of parts by the sum of wholes, and the percentiles of it when pictures are drawn again.

    A mean over pictures has wholes of 1; a share of all pairs has the pairs of each picture. A picture with
    a whole of 0 does not count.
    """
    part, whole = _grouped(parts, wholes, groups, drawing)
    count = int(np.count_nonzero(wholes))
    if not count:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    drawn = np.concatenate([_ratio(part[picks], whole[picks]) for picks in _picks(len(part), drawing)])
    low, high = _percentiles(drawn, drawing)
    return Interval(float(parts.sum() / wholes.sum()), low, high, count)


@dataclass(frozen=True, slots=True)
class Difference:
    """The second mean less the first; ``p``: how often a difference so far from 0 would come of none."""

    difference: float
    low: float
    high: float
    p: float


def paired(
    first: tuple[Floats, Floats], second: tuple[Floats, Floats], groups: Sequence[str], drawing: Drawing
) -> Difference:
    """The difference of two models on the same pictures, drawn again together.

    Each of ``first`` and ``second``: parts and wholes as of :func:`interval`. ``p`` is two-sided: twice the
    smaller share of drawings on one side of 0, at least 2 / (resamples + 1).
    """
    a = _grouped(*first, groups, drawing)
    b = _grouped(*second, groups, drawing)
    drawn = np.concatenate(
        [
            _ratio(b[0][picks], b[1][picks]) - _ratio(a[0][picks], a[1][picks])
            for picks in _picks(len(a[0]), drawing)
        ]
    )
    low, high = _percentiles(drawn, drawing)
    tail = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    p = min(1.0, 2 * (int(tail) + 1) / (drawing.resamples + 1))
    found = second[0].sum() / second[1].sum() - first[0].sum() / first[1].sum()
    return Difference(float(found), low, high, p)


def _grouped(parts: Floats, wholes: Floats, groups: Sequence[str], drawing: Drawing) -> tuple[Floats, Floats]:
    """Parts and wholes of what is drawn: pictures, or all pictures of a clip together."""
    if drawing.unit == "pictures":
        return parts, wholes
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    count = int(places.max(initial=-1)) + 1
    part, whole = (np.bincount(places, each, count).astype(np.float64) for each in (parts, wholes))
    return part, whole


def _picks(count: int, drawing: Drawing) -> Iterator[npt.NDArray[np.intp]]:
    """(n, count) places drawn with replacement, band by band, in all as often as asked."""
    rng = np.random.default_rng(drawing.seed)
    band = max(1, _BAND // max(1, count))
    for start in range(0, drawing.resamples, band):
        yield rng.integers(count, size=(min(band, drawing.resamples - start), count))


def _ratio(parts: Floats, wholes: Floats) -> Floats:
    total = wholes.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(parts.sum(axis=1) / total, np.float64)


def _percentiles(drawn: Floats, drawing: Drawing) -> tuple[float, float]:
    tail = (1 - drawing.level) / 2 * 100
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return float(low), float(high)
