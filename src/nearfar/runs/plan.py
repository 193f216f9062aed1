"""How long a run would take, what it would cost and how much it would store: from a measured sample."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from nearfar.errors import ParameterError, SourceError
from nearfar.machine.cpus import usable_cpus
from nearfar.options import check, option
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import Manifest
from nearfar.runs.run import Run
from nearfar.runs.runner import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nearfar.runs.items import Item
    from nearfar.runs.pipeline import Pipeline
    from nearfar.runs.runner import Runner
    from nearfar.runs.sources import Source

_WARM = 2  # photos before the measured ones
_MOST_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What is planned.

    ``photos`` 0: as many as the source holds. Prices are in any currency.
    """

    photos: int = option(0, "Photos to plan for; 0 for as many as the source holds.", low=0)
    sample: int = option(32, "Photos of the source that are done to measure.", low=2, high=_MOST_SAMPLE)
    machines: int = option(1, "Machines like this one.", low=1)
    share: float = option(
        0.85, "Of a machine's speed that is left where several work together.", low=0.01, high=1
    )
    price_hour: float = option(0.0, "Price of a machine for an hour.", low=0)
    price_gb_month: float = option(0.0, "Price of a gigabyte (10^9 bytes) stored for a month.", low=0)
    price_1000_writes: float = option(0.0, "Price of a thousand writes to the bucket.", low=0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """An estimate, and what was measured for it (of the sample: photos, failed ones, seconds).

    ``rate``: photos a second of one machine. ``hours``: of all machines at once. ``gigabytes``: of results.
    ``writes``: files.
    """

    photos: int
    sample: int
    failed: int
    seconds: float
    rate: float
    machines: int
    hours: float
    machine_hours: float
    gigabytes_read: float
    gigabytes: float
    writes: int
    price_machines: float
    price_month: float
    price_writes: float
    processors: int


def plan_of(source: Source, pipeline: Pipeline, options: PlanOptions, runner: Runner) -> Plan:
    """Do a sample of a source, measure, and multiply.

    Raises:
        SourceError: no photo of the sample could be done.
        ParameterError: the source does not tell how many photos it holds, and none were named.
    """
    photos = options.photos or source.count()
    if not photos:
        raise ParameterError(
            f"{source.text} does not tell how many photos it holds.",
            "Say for how many: --photos N.",
            "photos",
        )
    with tempfile.TemporaryDirectory(prefix="nearfar-plan-") as folder:
        warm_s = _timed(Run(_First(source, _WARM), f"{folder}/warm", pipeline), runner)
        seconds = _timed(Run(_First(source, options.sample), f"{folder}/sample", pipeline), runner)
        rows = list(Manifest(LocalPlace(f"{folder}/sample")).latest())
    if not any(not row.is_failed for row in rows):
        raise SourceError("No photo of the sample could be done.", "Run on some of them, and see why.")
    scale = photos / len(rows)
    rate = _rate(len(rows), seconds, warm_s if isinstance(runner, Elsewhere) else 0)
    many = options.machines
    hours = photos / (rate * many * (options.share if many > 1 else 1)) / 3600
    gigabytes = scale * sum(result.bytes for row in rows for result in row.results) / 1e9
    writes = round(scale * sum(len(row.results) for row in rows))
    return Plan(
        photos=photos,
        sample=len(rows),
        failed=sum(row.is_failed for row in rows),
        seconds=seconds,
        rate=rate,
        machines=many,
        hours=hours,
        machine_hours=hours * many,
        gigabytes_read=scale * sum(max(0, row.size) for row in rows) / 1e9,
        gigabytes=gigabytes,
        writes=writes,
        price_machines=hours * many * options.price_hour,
        price_month=gigabytes * options.price_gb_month,
        price_writes=writes / 1000 * options.price_1000_writes,
        processors=runner.processors() if isinstance(runner, Elsewhere) else usable_cpus(),
    )


def _timed(run: Run, runner: Runner) -> float:
    """Seconds that a run takes."""
    began_at = time.perf_counter()
    run.go(runner)
    return time.perf_counter() - began_at


def _rate(count: int, seconds: float, begin_s: float) -> float:
    """Photos a second; ``begin_s``: what the first few took, with what it takes to begin: it is left out."""
    if not begin_s:
        return count / seconds
    if count <= _WARM or seconds <= begin_s:
        raise ParameterError(
            f"{count} photos took no longer than it takes to begin: nothing can be told of more.",
            "Raise --sample, for example to 256.",
            "sample",
        )
    return (count - _WARM) / (seconds - begin_s)


@dataclass(frozen=True, slots=True)
class _First:
    """The first photos of a source."""

    source: Source
    count: int

    def __iter__(self) -> Iterator[Item]:
        return islice(iter(self.source), self.count)


def lines_of(plan: Plan) -> Iterable[str]:
    """The plan in words."""
    yield (
        f"measured: {plan.sample} photos in {plan.seconds:.1f} s, {plan.rate:.1f} photos/s "
        f"on {plan.processors} processors; {plan.failed} failed"
    )
    yield f"time: {plan.photos} photos on {plan.machines} machine(s): {_time(plan.hours)}"
    yield f"machines: {plan.machine_hours:.3g} hours, price {plan.price_machines:.2f}"
    yield f"read: {plan.gigabytes_read:.3g} GB"
    yield f"storage: {plan.gigabytes:.3g} GB in {plan.writes} files, price {plan.price_month:.2f} a month"
    yield f"writes: price {plan.price_writes:.2f}"


def _time(hours: float) -> str:
    if hours < 1 / 60:
        return f"{hours * 3600:.0f} seconds"
    if hours < 1:
        return f"{hours * 60:.1f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
