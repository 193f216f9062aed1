"""A map against measured depth, pixel by pixel, by the rules of a protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.evaluation.alignment import ALIGNMENTS
from nearfar.evaluation.boundary import boundary_f1
from nearfar.evaluation.crops import crop, kb_crop
from nearfar.evaluation.figures import depth_figures
from nearfar.evaluation.grids import nearest_known, strided
from nearfar.evaluation.predictions import Kind, Prediction
from nearfar.evaluation.rules import INVERSE

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.evaluation.rules import Rules, Track
    from nearfar.evaluation.samples import Sample
    from nearfar.types.arrays import Mask, Pixels

    Floats = npt.NDArray[np.float64]

LEAST_PIXELS = 10
"""A picture with fewer known pixels is left out, and said to be."""
_SAME_SHAPE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One picture: figures by name, known pixels, and the aligned depth of the first track for maps.

    ``alignments``: scale and shift by track. ``found_m``: (h, w), also where it does not count; ``true_m``:
    (h, w), NaN where it does not count.
    """

    figures: dict[str, float]
    pixels: int
    without: int = 0
    alignments: dict[str, list[float]] = field(default_factory=dict)
    found_m: Floats | None = None
    true_m: Floats | None = None


class TooFewError(ParameterError):
    """A picture has too few known pixels to be judged."""


def cut_photo(rgb: Pixels, cut: str) -> Pixels:
    """The part of a photo that the network sees."""
    rows, columns = _cut(cut, *rgb.shape[:2])
    return np.ascontiguousarray(rgb[rows, columns])


def _cut(cut: str, height: int, width: int) -> tuple[slice, slice]:
    if cut in {"kb", "kb-photo"}:
        return kb_crop(height, width)
    if cut == "two-to-one":
        rows = min(height, width // 2)
        top = (height - rows) // 2
        return slice(top, top + rows), slice(0, width)
    return slice(0, height), slice(0, width)


def placed(prediction: Prediction, sample: Sample, cut: str) -> tuple[Prediction, Floats]:
    """A prediction and the truth at one size, what the cut takes away gone from both.

    A map of the cut photo's shape is of the cut photo; any other is of the whole one.
    """
    height, width = sample.rgb.shape[:2]
    true_m = np.asarray(sample.depth_m, np.float64)
    if cut == "none":
        return prediction.resized(*true_m.shape), true_m
    rows, columns = _cut(cut, height, width)
    seen = (rows.stop - rows.start, columns.stop - columns.start)
    is_of_cut = _is_like(prediction.values.shape, seen)
    if cut == "two-to-one":
        part = crop("make3d", *true_m.shape)[0]
        if not is_of_cut:
            whole = prediction.resized(height, width)
            prediction = _part(whole, (rows, columns))
        return prediction.resized(part.stop - part.start, true_m.shape[1]), true_m[part]
    if true_m.shape != (height, width):
        raise ParameterError(
            f"The truth of {sample.name} has another size than its photo.", "Use --cut none."
        )
    part_of = (
        prediction.resized(*seen) if is_of_cut else _part(prediction.resized(height, width), (rows, columns))
    )
    if cut == "kb":
        return part_of, true_m[rows, columns]
    values, valid = np.zeros((height, width), np.float32), np.zeros((height, width), np.bool_)
    values[rows, columns] = part_of.values
    valid[rows, columns] = True if part_of.valid is None else part_of.valid
    return Prediction(values, prediction.kind, valid), true_m


def _is_like(shape: tuple[int, ...], other: tuple[int, int]) -> bool:
    return abs(shape[1] / shape[0] / (other[1] / other[0]) - 1) <= _SAME_SHAPE


def _part(prediction: Prediction, box: tuple[slice, slice]) -> Prediction:
    valid = None if prediction.valid is None else prediction.valid[box]
    return Prediction(np.ascontiguousarray(prediction.values[box]), prediction.kind, valid)


def judge(sample: Sample, prediction: Prediction, rules: Rules) -> Judged:
    """The figures of one picture.

    Raises:
        TooFewError: too few of its pixels are known.
        ParameterError: no track can judge such a prediction.
    """
    if sample.depth_m is None:
        raise ParameterError(f"{sample.name} has no depth.", "Choose a protocol for pairs: --protocol da2k.")
    found, true_m = placed(prediction, sample, rules.cut)
    tracks = [track for track in rules.tracks if prediction.kind in track.kinds]
    if not tracks:
        can = sorted({kind.value for track in rules.tracks for kind in track.kinds})
        raise ParameterError(
            f"This protocol cannot judge {prediction.kind.value}, only {', '.join(can)}.",
            "Choose another protocol, or align in another space.",
            parameter="protocol",
        )
    figures: dict[str, float] = {}
    alignments: dict[str, list[float]] = {}
    done = [_aligned(found, true_m, track) for track in tracks]
    for track, one in zip(tracks, done, strict=True):
        where = one.is_judged
        row = depth_figures(one.depth_m[where], true_m[where], guard_m=track.guard_m).as_row()
        figures |= {track.named(name): row[name] for name in track.figures}
        alignments[track.name or "all"] = list(one.fit)
    first = done[0]
    if rules.boundary:
        figures |= _boundaries(first.depth_m, true_m, first.is_judged, rules.boundary)
    judged_m = np.where(first.is_judged, true_m, np.nan)
    return Judged(figures, int(first.is_judged.sum()), first.without, alignments, first.depth_m, judged_m)


def _boundaries(found_m: Floats, true_m: Floats, is_judged: Mask, radii: tuple[int, ...]) -> dict[str, float]:
    return {
        f"boundary.boundary_f1_radius{radius}": boundary_f1(found_m, true_m, is_judged, radius)
        for radius in radii
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Aligned:
    """Aligned depth in metres, the pixels that count, how many of those known have no prediction, the fit."""

    depth_m: Floats
    is_judged: Mask
    without: int
    fit: tuple[float, float]


def counted(true_m: Floats, track: Track) -> Mask:
    """The pixels of a truth that count: known, between the track's distances, within its crop."""
    low, high = track.valid_m
    with np.errstate(invalid="ignore"):
        is_known = np.isfinite(true_m) & (true_m > low) & (true_m < high)
    inside = np.zeros(true_m.shape, np.bool_)
    inside[crop(track.crop, *true_m.shape)] = True
    return np.asarray(is_known & inside, np.bool_)


def _aligned(found: Prediction, true_m: Floats, track: Track) -> _Aligned:
    is_known = counted(true_m, track)
    is_judged = is_known if found.valid is None else is_known & found.valid
    if int(is_judged.sum()) < LEAST_PIXELS:
        raise TooFewError(f"Only {int(is_judged.sum())} pixels are known.")
    values, truth = in_space(found, true_m, track.space)
    scale, shift = _fit(values, truth, is_judged, track)
    floor = 1 / float(true_m[is_judged].max()) if track.floor == "farthest" else float(track.floor)
    depth_m = to_depth(scale * values + shift, track, floor)
    return _Aligned(depth_m, is_judged, int(is_known.sum() - is_judged.sum()), (scale, shift))


def to_depth(aligned: Floats, track: Track, floor: float) -> Floats:
    """Depth in metres of aligned values, floored and put between the track's ends."""
    if track.space == INVERSE:
        with np.errstate(divide="ignore"):
            aligned = 1 / np.maximum(aligned, floor)
    return np.asarray(np.clip(np.nan_to_num(aligned, nan=track.clamp_m[0], posinf=np.inf), *track.clamp_m))


def in_space(found: Prediction, true_m: Floats, space: str) -> tuple[Floats, Floats]:
    """Prediction and truth in the space in which they are aligned."""
    values = found.values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if space != INVERSE:
            return values, true_m
        is_depth = found.kind is not Kind.RELATIVE_INVERSE
        return (1 / np.maximum(values, 1e-6) if is_depth else values), 1 / true_m


def _fit(values: Floats, truth: Floats, is_judged: Mask, track: Track) -> tuple[float, float]:
    """Scale and shift over the pixels that the alignment sees."""
    is_used = is_judged & (values > 0) if track.is_positive_only else is_judged
    if track.sampling == "nearest known":
        places = nearest_known(is_used, track.samples)
        p, d = values[places], truth[places]
    elif track.sampling == "every so many":
        part = strided(is_used.shape, track.samples)
        p, d = values[part][is_used[part]], truth[part][is_used[part]]
    else:
        p, d = values[is_used], truth[is_used]
    if not len(p):
        raise TooFewError("No pixel is left to align by.")
    weights = 1 / d if track.weights == "1/depth" else np.ones_like(d)
    return ALIGNMENTS[track.alignment].fit(p, d, weights)


def describe_pixels(judged: Judged) -> dict[str, Any]:
    """Counts and alignment of one picture, as plain values."""
    return {
        "pixels": judged.pixels,
        "pixels_without_prediction": judged.without,
        "alignment": {
            name: {"scale": scale, "shift": shift} for name, (scale, shift) in judged.alignments.items()
        },
    }
