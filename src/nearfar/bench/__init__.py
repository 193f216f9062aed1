"""How fast networks run on this machine: the network alone, and the whole way from a file to a heat map."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar import api
from nearfar.bench import baseline, flops
from nearfar.bench.machine import machine, peak_gflops
from nearfar.bench.turns import apart, in_turn
from nearfar.errors import MissingExtraError, NearfarError, ParameterError
from nearfar.machine.staging import staging
from nearfar.pipeline.preprocess import prepare
from nearfar.sessions.choice import PUBLISHED_INT8
from nearfar.weights import locate, open_store
from nearfar.zoo import catalogue, convert, manage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from nearfar.api import Model
    from nearfar.cards import ModelCard
    from nearfar.settings import Settings

PHOTOS = {"256×256": (256, 256), "512×512": (512, 512), "1024×1024": (1024, 1024), "12 MP": (4000, 3000)}
BASELINE = "torch eager as usual"
FAST = "fast"
"""Stands for a precision: int8 with all else that ``--fast`` means."""
BATCH = 8
MOST_APART = 0.10
"""Halves of a run that differ by more are no figure to be told."""
_STARTS = 3
# The child tells its own largest memory in kB: what wait() tells would include the parent's at the fork.
_CHILD = """
import sys
from nearfar.cli import main
code = main()
try:
    rows = open("/proc/self/status").read().splitlines()
except OSError:
    rows = []
print(next((row.split()[1] for row in rows if row.startswith("VmHWM:")), 0), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured together: a model in an engine at a precision."""

    model: str
    engine: str
    precision: str


USUAL = Case(baseline.MODEL, BASELINE, "float32")
"""The way people run MiDaS small today."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of repeated runs."""

    median_ms: float
    p95_ms: float
    runs: int
    apart: float = 0.0
    """By how much the medians of the first and the second half differ, of the smaller one."""

    @property
    def is_steady(self) -> bool:
        """Whether both halves tell the same: else something disturbed the run."""
        return self.apart <= MOST_APART


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table. ``error`` says why there are no figures.

    ``network_gain`` and ``whole_gain``: how many times faster than the same network in torch, which is the
    baseline for MiDaS small where that is measured, else the row in torch float32. ``difference``: of the
    map from the baseline's, on average, in steps of 1/255. ``peak_share``: of the machine's float32 peak.
    """

    case: Case
    photo: str
    input_size: tuple[int, int] = (0, 0)
    network: Times | None = None
    whole: Times | None = None
    batch_per_s: float | None = None
    is_stand_in: bool = False
    error: str = ""
    network_gain: float | None = None
    whole_gain: float | None = None
    difference: float | None = None
    peak_share: float | None = None

    @property
    def is_steady(self) -> bool:
        """Whether the machine held still while it was measured."""
        return all(times is None or times.is_steady for times in (self.network, self.whole))


@dataclass(frozen=True, slots=True)
class Start:
    """A process of its own from nothing to one heat map: seconds, and its largest memory in MB."""

    case: Case
    seconds: float
    peak_mb: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """All of a run."""

    rows: tuple[Measured, ...]
    starts: tuple[Start, ...]
    machine: dict[str, Any]
    """The processor and so on; ``peak_gflops``: of a float32 matrix product."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. ``seconds``: of each figure. ``has_baseline``: also the way people do it today."""

    cases: tuple[Case, ...]
    photos: tuple[str, ...] = tuple(PHOTOS)
    seconds: float = 2.0
    has_baseline: bool = False


def run(plan: Plan, settings: Settings, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Measure; the ways to be compared take turns, so that a busy moment hits all alike.

    Raises:
        ParameterError: an unknown photo size.
        UnknownNameError: an unknown model.
        MissingExtraError: the baseline needs torch.
    """
    for photo in plan.photos:
        if photo not in PHOTOS:
            raise ParameterError(f"There is no photo '{photo}'.", f"Known: {', '.join(PHOTOS)}.", "photos")
    with staging(Path(tempfile.gettempdir()), "nearfar-bench-") as folder:
        files = {
            photo: _draw_photo(folder / f"{i}.jpg", *PHOTOS[photo]) for i, photo in enumerate(plan.photos)
        }
        rows: list[Measured] = []
        ready = dict(_load(plan, settings, folder, tell))
        for photo, file in files.items():
            tell(f"{photo} …")
            rows += _measure(photo, file, plan, ready, settings)
        smallest = next(iter(files.values()))
        starts = [
            s for c, r in ready.items() if isinstance(r, _Ready) and (s := _start(c, r, smallest, folder))
        ]
    facts = machine() | {"peak_gflops": round(peak_gflops())}
    return Report(tuple(with_share(row, facts["peak_gflops"]) for row in rows), tuple(starts), facts)


def with_share(row: Measured, peak: float) -> Measured:
    """What a float32 row reaches of the peak, where the work of its network is known."""
    if row.network is None or row.case.precision != "float32":
        return row
    gflop = flops.gflop(row.case.model, row.input_size)
    share = None if gflop is None else round(gflop / row.network.median_ms * 1e3 / peak, 3)
    return replace(row, peak_share=share)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A loaded case; ``home`` is where its weights are."""

    model: Model
    home: str
    is_stand_in: bool


def _load(
    plan: Plan, settings: Settings, folder: Path, tell: Callable[[str], None]
) -> Iterator[tuple[Case, _Ready | NearfarError]]:
    for case in plan.cases:
        tell(f"{case.model} in {case.engine} {case.precision}")
        try:
            yield case, _load_one(case, settings, folder)
        except NearfarError as exc:
            yield case, exc


def _load_one(case: Case, settings: Settings, folder: Path) -> _Ready:
    """The case, loaded; a network that is written here and has no weights gets stand-ins of its own home."""
    card = catalogue.card(case.model)
    chosen = replace(settings, session_cache=64)
    is_stand_in = bool(card.network) and not open_store(settings).is_installed(card)
    if is_stand_in:
        chosen = replace(chosen, home=str(folder / "home"))
        if not open_store(chosen).is_installed(card):
            manage.import_file(case.model, _stand_in(card, folder), chosen)
    if case.precision in {"int8", FAST} and not _has_int8(case.model, chosen):
        manage.quantize(case.model, chosen, least=convert.UNCHECKED if is_stand_in else convert.LEAST)
    how: dict[str, Any] = {"fast": True} if case.precision == FAST else {"precision": case.precision}
    model = api.load(case.model, engine=case.engine, device="cpu", settings=chosen, **how)
    return _Ready(model, chosen.home, is_stand_in)


def _has_int8(name: str, settings: Settings) -> bool:
    """An int8 file came with the model, or was made."""
    card, store = catalogue.card(name), open_store(settings)
    if store.is_installed(card, PUBLISHED_INT8):
        return True
    return store.is_installed(card) and convert.int8_path(card, locate(card, store), store).is_file()


def _stand_in(card: ModelCard, folder: Path) -> Path:
    """Weights of the right shapes for a network that has none here."""
    try:
        from nearfar.nets import stand_in
    except ImportError as exc:
        raise MissingExtraError(
            f"Stand-in weights for '{card.name}' need PyTorch.", "Install it: pip install 'nearfar[torch]'"
        ) from exc
    if card.network.startswith("transformers/"):
        return stand_in.write_hub(card.name, folder / card.name)
    return stand_in.write(card.network, folder / card.files("torch")[0].name)


def _measure(
    photo: str, file: Path, plan: Plan, ready: dict[Case, _Ready | NearfarError], settings: Settings
) -> list[Measured]:
    """The rows of one photo; runs of all cases are interleaved."""
    rows = {
        case: Measured(case, photo, error=str(r)) for case, r in ready.items() if isinstance(r, NearfarError)
    }
    good = {case: r for case, r in ready.items() if isinstance(r, _Ready)}
    inputs = {case: prepare(api.read(file), r.model.estimator.input) for case, r in good.items()}
    networks: dict[Case, Callable[[], object]] = {
        case: partial(r.model.estimator.session.run, inputs[case].tensor) for case, r in good.items()
    }
    wholes: dict[Case, Callable[[], object]] = {
        case: partial(_whole, r.model, file, file.with_name("heat.png")) for case, r in good.items()
    }
    if plan.has_baseline:
        base = baseline.Baseline(settings)
        networks[USUAL] = partial(base.forward, base.prepare(base.read(file)))
        wholes[USUAL] = partial(base.whole, file, file.with_name("base.png"))
    network_times, whole_times = _rounds(networks, plan.seconds), _rounds(wholes, plan.seconds)
    for case, times in network_times.items():
        r = good.get(case)
        size = catalogue.card(case.model).input.network_size(*PHOTOS[photo])
        rows[case] = Measured(
            case,
            photo,
            inputs[case].size if r else size,
            times,
            whole_times[case],
            _batch(r, inputs[case].tensor, times, plan.seconds) if r else None,
            r.is_stand_in if r else base.is_stand_in,
        )
    expected = base.depth(file) if plan.has_baseline else None
    return [_compared(row, rows, good.get(row.case), file, expected) for row in rows.values()]


def _compared(
    row: Measured,
    rows: dict[Case, Measured],
    ready: _Ready | None,
    file: Path,
    expected: npt.NDArray[np.float32] | None,
) -> Measured:
    """The row beside the same network in torch, and its map beside the baseline's."""
    own = rows.get(replace(row.case, engine="torch", precision="float32"))
    other = rows.get(USUAL) if row.case.model == USUAL.model and USUAL in rows else own
    if other is None or other.network is None or row.network is None or other is row:
        return row
    gains = [
        round(theirs.median_ms / ours.median_ms, 2)
        for theirs, ours in ((other.network, row.network), (other.whole, row.whole))
        if theirs and ours
    ]
    difference = None
    if expected is not None and ready is not None and row.case.model == USUAL.model:
        difference = round(baseline.difference(ready.model.estimate(file).values, expected), 2)
    return replace(row, network_gain=gains[0], whole_gain=gains[-1], difference=difference)


def _rounds(works: dict[Case, Callable[[], object]], seconds: float) -> dict[Case, Times]:
    """Each work in turn, again and again, until each had its seconds."""
    return {case: _summary(times) for case, times in in_turn(works, seconds).items()}


def _summary(seconds: list[float]) -> Times:
    median, p95 = np.percentile(np.array(seconds) * 1e3, (50, 95))
    return Times(round(float(median), 2), round(float(p95), 2), len(seconds), round(apart(seconds), 3))


def _whole(model: Model, file: Path, target: Path) -> None:
    api.heatmap(model.estimate(file), fast=model.estimator.is_fast).save(target)


def _batch(ready: _Ready, tensor: npt.NDArray[np.float32], alone: Times, seconds: float) -> float:
    """Photos a second when several run together: fewer of a slow network."""
    session = ready.model.estimator.session
    few = max(2, int(seconds * 1e3 / alone.median_ms))
    count = min(BATCH, few, session.batch_limit or BATCH)
    batch = np.repeat(tensor, count, axis=0)
    session.run(batch)
    start, runs = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        session.run(batch)
        runs += 1
    return round(runs * count / (time.perf_counter() - start), 2)


def _start(case: Case, ready: _Ready, file: Path, folder: Path) -> Start | None:
    """The command line in new processes, the median of a few; None where it fails."""
    words = [str(file), "--model", case.model, "--engine", case.engine]
    words += ["--fast"] if case.precision == FAST else ["--precision", case.precision]
    words += ["-o", str(folder / "start.png"), "--overwrite"]
    environment = os.environ | ({"NEARFAR_HOME": ready.home} if ready.home else {})
    runs = []
    for _ in range(_STARTS):
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-c", _CHILD, *words], env=environment, capture_output=True, check=False
        )
        runs.append(time.perf_counter() - start)
        if done.returncode:
            return None
    kilobytes = done.stderr.split()[-1]
    return Start(case, round(sorted(runs)[len(runs) // 2], 3), int(kilobytes) / 1e3 or None)


def _draw_photo(path: Path, width: int, height: int) -> Path:
    """A picture with the detail of a photo: soft shapes, edges, and the noise of a camera."""
    rng = np.random.default_rng(7)
    small = rng.integers(0, 255, (max(4, height // 64), max(4, width // 64), 3), dtype=np.uint8)
    soft = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    soft += rng.integers(-6, 7, soft.shape, dtype=np.int16)
    cv2.imwrite(str(path), np.clip(soft, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path
