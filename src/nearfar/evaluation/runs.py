"""A protocol carried out on a set: every picture judged, everything that was decided written down."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.evaluation import maps
from nearfar.evaluation.bootstrap import Drawing, interval
from nearfar.evaluation.clips import judge_clip
from nearfar.evaluation.curves import Curves
from nearfar.evaluation.dense import Judged, TooFewError, cut_photo, describe_pixels, judge
from nearfar.evaluation.figures import is_higher_better
from nearfar.evaluation.pairs import count_pairs
from nearfar.evaluation.predictions import Kind
from nearfar.evaluation.rules import Given
from nearfar.registry import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nearfar.evaluation.predictions import Prediction, Predictor
    from nearfar.evaluation.rules import Protocol, Rules
    from nearfar.evaluation.samples import EvalSet, Item, Sample, Wish

    Row = dict[str, Any]
    Tell = Callable[[int, int], object]

MOST_GROUPS = 60
"""Clips of which the report tells means of their own."""
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is judged, by what and how.

    ``limit``: about so many pictures, spread over the set (0: all). ``worst``: pictures kept as maps.
    ``is_partial``: whether fewer pictures than published may be listed.
    """

    protocol: Protocol
    chosen: EvalSet
    wish: Wish
    given: Given = Given()
    drawing: Drawing = Drawing()
    limit: int = 0
    worst: int = 20
    is_partial: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """``document``: everything as plain values. ``sheets``: JPEG bytes of the worst, in order."""

    document: dict[str, Any]
    sheets: tuple[bytes, ...]


@dataclass(slots=True, eq=False)
class _Worst:
    """The pictures with the worst figures so far; their maps are drawn only if they are among them."""

    most: int
    is_higher_better: bool
    rows: list[tuple[float, int, str, bytes]] = field(default_factory=list)
    count: Any = field(default_factory=itertools.count)

    def offer(self, value: float, name: str, draw: Callable[[], bytes | None]) -> None:
        badness = -value if self.is_higher_better else value
        if not self.most or math.isnan(value) or (len(self.rows) >= self.most and badness <= self.rows[0][0]):
            return
        sheet = draw()
        if sheet is not None:
            heapq.heappush(self.rows, (badness, -next(self.count), name, sheet))
            if len(self.rows) > self.most:
                heapq.heappop(self.rows)

    def sorted(self) -> list[tuple[float, str, bytes]]:
        sign = -1 if self.is_higher_better else 1
        return [(sign * badness, name, sheet) for badness, _, name, sheet in sorted(self.rows, reverse=True)]


@dataclass(slots=True, eq=False)
class _Run:
    """What comes together while pictures are judged."""

    plan: Plan
    predictor: Predictor
    rules: Rules | None = None
    kind: str = ""
    rows: list[Row] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    curves: Curves = field(default_factory=Curves)
    worst: _Worst = field(default_factory=lambda: _Worst(0, is_higher_better=False))

    def predict(self, sample: Sample) -> Prediction:
        """The map of what the rules leave of the photo; the first one decides on the rules."""
        cut = self.rules.cut if self.rules else self._cut_before_rules()
        found = self.predictor.predict(sample.name, cut_photo(sample.rgb, cut))
        if self.rules is None:
            self.rules = self.plan.protocol.rules(self.plan.chosen, found.kind, self.plan.given)
            self.kind = found.kind.value
        if found.kind.value != self.kind:
            raise ParameterError(
                f"The map of {sample.name} is {found.kind.value}, the ones before it {self.kind}.",
                "Judge one kind at a time, or say which it is: --kind.",
                parameter="kind",
            )
        return found

    def _cut_before_rules(self) -> str:
        """Cuts are the same for every kind."""
        return self.plan.protocol.rules(self.plan.chosen, Kind.METRIC, self.plan.given).cut


def evaluate(plan: Plan, predictor: Predictor, tell: Tell | None = None) -> Result:
    """Judge a predictor by a protocol on a set.

    Args:
        plan: what is judged and how.
        predictor: a network, or a folder of maps.
        tell: told after each picture (or clip) how many are done, of how many.

    Raises:
        ParameterError: the set does not fit the protocol, the list of pictures is not the published one, or
            no picture could be judged.
        InputError, SourceError: a file of the set or of the predictions cannot be read.
    """
    _check(plan)
    items = plan.chosen.listed(plan.wish)
    expected = _check_count(plan, len(items))
    run = _Run(plan, predictor)
    run.worst = _Worst(plan.worst, is_higher_better(plan.protocol.headline))
    _BY[plan.protocol.judges](run, items, tell or _silent)
    if not run.rows:
        reason = f" ({run.skipped[0]['reason']})" if run.skipped else ""
        raise ParameterError(f"No picture could be judged{reason}.", "See nearfar eval sets.")
    return _result(run, len(items), expected)


def _silent(*_: int) -> None:
    return None


def _check(plan: Plan) -> None:
    """ParameterError where a set lacks what a protocol needs, or a choice would change nothing."""
    judges, chosen = plan.protocol.judges, plan.chosen
    if plan.wish.split:
        named(f"split of {chosen.name}", chosen.splits, plan.wish.split)
    unheeded = [
        one.name
        for one in fields(plan.given)
        if getattr(plan.given, one.name) and one.name not in plan.protocol.takes
    ]
    if unheeded:
        name = unheeded[0].removesuffix("_m")
        raise ParameterError(
            f"The protocol '{plan.protocol.name}' has no choice of {name}.", f"Leave --{name} out.", name
        )
    lacks = {
        "pairs": "" if chosen.has_pairs else "pairs",
        "clips": "" if chosen.has_poses else "camera poses",
        "depth": "depth" if chosen.has_pairs else "",
    }[judges]
    if lacks:
        fitting = ", ".join(plan.protocol.sets)
        raise ParameterError(
            f"The set '{chosen.name}' has no {lacks}, which the protocol '{plan.protocol.name}' judges.",
            f"Sets that fit: {fitting}.",
            parameter="set",
        )


def _check_count(plan: Plan, count: int) -> int:
    """How many pictures are published of the split; ParameterError where a list has others."""
    splits = plan.chosen.splits
    split = plan.wish.split or next(iter(splits))
    expected = splits[split]
    if plan.wish.listed and expected and count != expected and not plan.is_partial:
        raise ParameterError(
            f"The list gives {count} pictures, but {expected} are published as '{split}' of "
            f"{plan.chosen.title}.",
            f"Give the published list ({plan.chosen.list_help or 'see the set'}), or say --partial.",
            parameter="split_file",
        )
    return expected


def _spread(items: list[Item], limit: int) -> list[Item]:
    """About ``limit`` of the items, spread over all of them."""
    return items[:: -(-len(items) // limit)] if limit and len(items) > limit else items


def _depths(run: _Run, items: list[Item], tell: Tell) -> None:
    wanted = _spread(items, run.plan.limit)
    headline = run.plan.protocol.headline
    for done, item in enumerate(wanted, 1):
        sample = item.sample()
        try:
            prediction = run.predict(sample)
            assert run.rules is not None  # noqa: S101 - made with the first prediction
            judged = judge(sample, prediction, run.rules)
        except TooFewError as exc:
            run.skipped.append({"image": item.name, "reason": exc.message})
        else:
            _note(run, item, judged)
            if judged.found_m is not None and judged.true_m is not None:
                run.curves.add(judged.found_m, judged.true_m)
            value = _headline(judged.figures, headline)
            run.worst.offer(value, item.name, lambda s=sample, j=judged: _depth_sheet(s, j, run))  # type: ignore[misc]
        tell(done, len(wanted))


def _headline(figures: dict[str, float], name: str) -> float:
    """The protocol's figure, or the first where the kind has no such."""
    return figures.get(name, next(iter(figures.values()), float("nan")))


def _depth_sheet(sample: Sample, judged: Judged, run: _Run) -> bytes | None:
    if judged.found_m is None or judged.true_m is None:
        return None
    is_cut = run.rules is not None and run.rules.cut in {"kb", "two-to-one"}
    rgb = cut_photo(sample.rgb, run.rules.cut) if is_cut and run.rules else sample.rgb
    return maps.depth_strip(rgb, judged.true_m, judged.found_m)


def _note(run: _Run, item: Item, judged: Judged) -> None:
    run.rows.append(
        {"image": item.name, "clip": item.clip, **describe_pixels(judged), "figures": judged.figures}
    )


def _pairs(run: _Run, items: list[Item], tell: Tell) -> None:
    wanted = _spread(items, run.plan.limit)
    for done, item in enumerate(wanted, 1):
        sample = item.sample()
        near = run.predict(sample).resized(*sample.rgb.shape[:2]).near_is_large()
        if sample.pairs is None or not len(sample.pairs):
            run.skipped.append({"image": item.name, "reason": "It has no pairs."})
            continue
        counts = count_pairs(near, sample.pairs)
        figures = {"accuracy": counts.share, "accuracy_nearer_higher": counts.share_higher}
        weights = {"accuracy": counts.asked, "accuracy_nearer_higher": counts.asked_higher}
        run.rows.append({"image": item.name, "clip": item.clip, "figures": figures, "weights": weights})
        run.worst.offer(
            counts.share,
            item.name,
            lambda s=sample, n=near: maps.pairs_strip(s.rgb, n, s.pairs),  # type: ignore[misc]
        )
        tell(done, len(wanted))


def _clips(run: _Run, items: list[Item], tell: Tell) -> None:
    """``limit`` counts clips here: their frames must follow each other."""
    by_clip: dict[str, list[Item]] = {}
    for item in items:
        by_clip.setdefault(item.clip, []).append(item)
    clips = list(by_clip.items())[: run.plan.limit or None]
    for done, (clip, frames) in enumerate(clips, 1):
        shown = _posed(run, clip, frames)
        if len(shown) < 2:
            run.skipped.append({"image": clip, "reason": "It has fewer than two frames with poses."})
        else:
            assert run.rules is not None  # noqa: S101 - made with the first prediction
            judged = judge_clip(shown, run.rules)
            row = {"image": clip, "clip": clip, "frames": len(shown), **describe_pixels(judged)}
            run.rows.append({**row, "figures": judged.figures})
            first = shown[0][0]
            run.worst.offer(
                judged.figures["tae"],
                clip,
                lambda s=first, j=judged: _depth_sheet(s, j, run),  # type: ignore[misc]
            )
        tell(done, len(clips))


def _posed(run: _Run, clip: str, frames: Iterable[Item]) -> list[tuple[Sample, Prediction]]:
    """Frames with a pose and their maps; others are left out and told."""
    shown = []
    for item in frames:
        sample = item.sample()
        if sample.world_from_cam is None:
            run.skipped.append({"image": f"{clip}: {item.name}", "reason": "It has no pose."})
            continue
        shown.append((sample, run.predict(sample)))
    return shown


_BY: dict[str, Callable[[_Run, list[Item], Tell], None]] = {
    "depth": _depths,
    "pairs": _pairs,
    "clips": _clips,
}


def columns(rows: list[Row], name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Parts and wholes of a figure over rows, as :func:`~nearfar.evaluation.bootstrap.interval` takes them.

    A row without the figure has a whole of 0.
    """
    values = np.array([_number(row["figures"].get(name)) for row in rows], np.float64)
    weights = np.array([row.get("weights", {}).get(name, 1.0) for row in rows], np.float64)
    is_there = np.isfinite(values)
    return np.where(is_there, values, 0.0) * weights, np.where(is_there, weights, 0.0)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def names_of(rows: list[Row]) -> list[str]:
    """The figures that any row has, in their order."""
    return list(dict.fromkeys(name for row in rows for name in row["figures"]))


def _figures(run: _Run) -> dict[str, Any]:
    """Mean and interval of each figure."""
    groups = [row["clip"] for row in run.rows]
    found = {}
    for name in names_of(run.rows):
        parts, wholes = columns(run.rows, name)
        one = interval(parts, wholes, groups, run.plan.drawing)
        found[name] = {
            "mean": one.mean,
            "low": one.low,
            "high": one.high,
            "count": one.count,
            "better": "higher" if is_higher_better(name) else "lower",
        }
    return found


def _groups(run: _Run) -> dict[str, Any]:
    """Means by clip (scene, drive, kind of photo), where there are not too many."""
    by_clip: dict[str, list[Row]] = {}
    for row in run.rows:
        by_clip.setdefault(row["clip"], []).append(row)
    if not 1 < len(by_clip) <= MOST_GROUPS or len(by_clip) == len(run.rows):
        return {}
    found = {}
    for clip, rows in by_clip.items():
        means = {}
        for name in names_of(rows):
            parts, wholes = columns(rows, name)
            means[name] = float(parts.sum() / wholes.sum()) if wholes.sum() else None
        found[clip] = {"images": len(rows), "figures": means}
    return found


def _result(run: _Run, listed: int, expected: int) -> Result:
    plan = run.plan
    assert run.rules is not None  # noqa: S101 - some picture was judged
    worst = run.worst.sorted()
    split = plan.wish.split or next(iter(plan.chosen.splits))
    document = {
        "schema": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "protocol": {**plan.protocol.describe(), "rules": run.rules.describe()},
        "set": {
            **plan.chosen.describe(),
            "split": split,
            "expected": expected,
            "listed": listed,
            "is_complete": listed == expected if expected else None,
            "limit": plan.limit,
        },
        "model": {**run.predictor.describe(), "kind": run.kind},
        "images": len(run.rows),
        "pixels": sum(row.get("pixels", 0) for row in run.rows),
        "pixels_without_prediction": sum(row.get("pixels_without_prediction", 0) for row in run.rows),
        "pairs": int(sum(row.get("weights", {}).get("accuracy", 0) for row in run.rows)),
        "skipped": run.skipped,
        "bootstrap": plan.drawing.describe(),
        "figures": _figures(run),
        "groups": _groups(run),
        "curves": run.curves.describe(),
        "rows": run.rows,
        "worst": [{"image": name, "value": value} for value, name, _ in worst],
    }
    return Result(_plain(document), tuple(sheet for _, _, sheet in worst))


def _plain(value: Any) -> Any:
    """The same without NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
