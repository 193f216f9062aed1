"""A network's depth on clips, frame by frame and held steady: the figures, and what is wanted of them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind
from nearfar.registry import named
from nearfar.video.steady import MODES, Steady, SteadyOptions
from nearfar_lab.predictors import Network
from nearfar_lab.remembered import remember
from nearfar_lab.video.clips import CLIPS, frames_of
from nearfar_lab.video.measure import Truth, measure
from nearfar_lab.video.sequences import SEQUENCES, frames_of_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from nearfar.video.steady import SteadyFrame
    from nearfar_lab.predictors import Predictor
    from nearfar_lab.settings import LabSettings
    from nearfar_lab.video.clips import ClipFrame

ALL = "all"
RENDERED = "clips"
_ORDER = ("off", *(mode for mode in MODES if mode != "off"))


@dataclass(frozen=True)
class VideoRow:
    """The figures of one clip in one mode; ``is_static``: nothing in it moves, its light neither."""

    clip: str
    mode: str
    figures: dict[str, float]
    is_static: bool = False


def clip_names(data: str) -> list[str]:
    """The clips that `all`, `clips` (the rendered ones) or names with commas between them mean.

    Raises:
        UnknownNameError: there is no such clip.
    """
    if data in {ALL, RENDERED}:
        return [*CLIPS, *(SEQUENCES if data == ALL else ())]
    names = data.split(",")
    for name in names:
        named("clip", {**CLIPS, **SEQUENCES}, name)
    return names


def evaluate_clips(predictor: Predictor, names: Sequence[str], settings: LabSettings) -> Iterator[VideoRow]:
    """Each clip in each mode; what is rendered and predicted is kept on disk."""
    kind = predictor.estimator.card.kind if isinstance(predictor, Network) else DepthKind.RELATIVE_INVERSE
    kept = remember(predictor, settings.runs / "predictions")
    for name in names:
        frames = _frames(name, settings)
        depths = [of_kind(kept.nearness(frame.rgb), kind) for frame in frames]
        truth = Truth.of(frames)
        for mode in _ORDER:
            found = held(frames, depths, kind, SteadyOptions(mode=mode))
            is_static = all(frame.is_static for frame in frames)
            yield VideoRow(name, mode, measure(truth, found), is_static)


def _frames(name: str, settings: LabSettings) -> list[ClipFrame]:
    if name in SEQUENCES:
        return frames_of_sequence(name, settings.data)
    return list(frames_of(name, settings.scenes / "shots"))


def of_kind(nearness: NDArray[np.float32], kind: DepthKind) -> NDArray[np.float32]:
    """What a network of that kind gave, out of values in which near is large."""
    if kind is DepthKind.RELATIVE_INVERSE:
        return nearness
    return np.asarray(1 / nearness if kind is DepthKind.METRIC else -nearness, np.float32)


def held(
    frames: Sequence[ClipFrame],
    depths: Sequence[NDArray[np.float32]],
    kind: DepthKind,
    options: SteadyOptions,
) -> list[SteadyFrame]:
    """Every frame of a clip, held steady."""
    steady, found = Steady(kind, options), []
    for frame, depth in zip(frames, depths, strict=True):
        found += steady.push(frame.rgb, depth)
    return found + steady.finish()


def summary(rows: Sequence[VideoRow]) -> list[dict[str, object]]:
    """For each mode beside `off`: what of its figures is left, and what is wanted of it.

    tae, flicker: mean over clips as a share of the mean frame by frame (wanted: at most 0.5). delta1: points
    gained (wanted: at least -1). step: the most in clips where nothing moves (wanted: at most 1). recall and
    precision of cuts (wanted: at least 0.95).
    """
    return [_summary([r for r in rows if r.mode == "off"], [r for r in rows if r.mode == mode], mode)
            for mode in _ORDER[1:]]  # fmt: skip


def _summary(before: Sequence[VideoRow], after: Sequence[VideoRow], mode: str) -> dict[str, object]:
    steps = [row.figures["step"] for row in after if row.is_static]
    true, told, right = (_sum(after, name) for name in ("true_cuts", "found_cuts", "right_cuts"))
    return {
        "mode": mode,
        "tae": _share(before, after, "tae"),
        "flicker": _share(before, after, "flicker"),
        "delta1": round(_mean(after, "delta1") - _mean(before, "delta1"), 2),
        "delta1_clip": round(_mean(after, "delta1_clip") - _mean(before, "delta1_clip"), 2),
        "step": max(steps, default=float("nan")),
        "recall": round(right / true, 3) if true else None,
        "precision": round(right / told, 3) if told else None,
    }


def _share(before: Sequence[VideoRow], after: Sequence[VideoRow], name: str) -> float:
    whole = _mean(before, name)
    return round(_mean(after, name) / whole, 3) if whole > 0 else float("nan")


def _mean(rows: Sequence[VideoRow], name: str) -> float:
    values = [row.figures[name] for row in rows if not np.isnan(row.figures[name])]
    return float(np.mean(values)) if values else float("nan")


def _sum(rows: Sequence[VideoRow], name: str) -> float:
    return sum(row.figures[name] for row in rows)


def as_csv(rows: Sequence[VideoRow]) -> str:
    """One line a clip and mode."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(rows[0].figures)
    writer.writerow(["clip", "mode", *names])
    writer.writerows([row.clip, row.mode, *(f"{row.figures[name]:.4f}" for name in names)] for row in rows)
    return text.getvalue()


def as_table(rows: Sequence[VideoRow]) -> str:
    """The same for a page: a line a clip, each figure frame by frame, live and offline."""
    told = {"tae": "TAE, %", "delta1": "δ1, %", "flicker": "flicker, steps", "step": "largest step"}
    lines = ["| Clip | " + " | ".join(told.values()) + " |", "| --- |" + " --- |" * len(told)]
    for clip in dict.fromkeys(row.clip for row in rows):
        by_mode = {row.mode: row.figures for row in rows if row.clip == clip}
        cells = [" / ".join(_cell(by_mode[mode][name]) for mode in _ORDER) for name in told]
        lines.append(f"| `{clip}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.0f}" if value >= 100 else f"{value:.3g}"
