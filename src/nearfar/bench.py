"""How fast networks run on this machine: the network alone, and the whole way from a file to a heat map."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar import api, catalogue, zoo
from nearfar.cpus import usable_cpus
from nearfar.errors import MissingExtraError, NearfarError, ParameterError
from nearfar.preprocess import prepare
from nearfar.weights import open_store

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
_LEAST_RUNS = 3
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


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of repeated runs."""

    median_ms: float
    p95_ms: float
    runs: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``error`` says why there are no figures."""

    case: Case
    photo: str
    input_size: tuple[int, int] = (0, 0)
    network: Times | None = None
    whole: Times | None = None
    batch_per_s: float | None = None
    is_stand_in: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """A process of its own from nothing to one heat map: seconds, and its largest memory in MB."""

    case: Case
    seconds: float
    peak_mb: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """All of a run."""

    rows: tuple[Row, ...]
    starts: tuple[Start, ...]
    machine: dict[str, Any]


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
    with tempfile.TemporaryDirectory(prefix="nearfar-bench-") as name:
        folder = Path(name)
        files = {
            photo: _draw_photo(folder / f"{i}.jpg", *PHOTOS[photo]) for i, photo in enumerate(plan.photos)
        }
        rows: list[Row] = []
        ready = dict(_load(plan, settings, folder, tell))
        for photo, file in files.items():
            tell(f"{photo} …")
            rows += _measure(photo, file, plan, ready, folder)
        smallest = next(iter(files.values()))
        starts = [
            s for c, r in ready.items() if isinstance(r, _Ready) and (s := _start(c, r, smallest, folder))
        ]
    return Report(tuple(rows), tuple(starts), machine())


def machine() -> dict[str, Any]:
    """Processor, cores, memory and versions."""
    versions = {}
    for name in ("numpy", "opencv-python-headless", "onnxruntime", "openvino", "torch"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "threads": usable_cpus(),
        "memory_gb": _memory_gb(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **versions,
    }


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
            zoo.import_file(case.model, _stand_in(card, folder), chosen)
    if case.precision in {"int8", FAST}:
        zoo.quantize(case.model, chosen)
    how: dict[str, Any] = {"fast": True} if case.precision == FAST else {"precision": case.precision}
    model = api.load(case.model, engine=case.engine, device="cpu", settings=chosen, **how)
    return _Ready(model, chosen.home, is_stand_in)


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
    photo: str, file: Path, plan: Plan, ready: dict[Case, _Ready | NearfarError], folder: Path
) -> list[Row]:
    """The rows of one photo; runs of all cases are interleaved."""
    rows = {case: Row(case, photo, error=str(r)) for case, r in ready.items() if isinstance(r, NearfarError)}
    good = {case: r for case, r in ready.items() if isinstance(r, _Ready)}
    inputs = {case: prepare(api.read(file), r.model.estimator.input) for case, r in good.items()}
    networks: dict[Case, Callable[[], object]] = {
        case: partial(r.model.estimator.session.run, inputs[case].tensor) for case, r in good.items()
    }
    wholes: dict[Case, Callable[[], object]] = {
        case: partial(_whole, r.model, file, folder / "heat.png") for case, r in good.items()
    }
    baseline = Case("midas-small", BASELINE, "float32")
    if plan.has_baseline:
        net = _Baseline()
        networks[baseline] = partial(net.forward, net.prepare(cv2.imread(str(file))))
        wholes[baseline] = partial(net.whole, file, folder / "base.png")
    network_times, whole_times = _rounds(networks, plan.seconds), _rounds(wholes, plan.seconds)
    for case, times in network_times.items():
        r = good.get(case)
        rows[case] = Row(
            case,
            photo,
            inputs[case].size if r else (256, 256),
            times,
            whole_times[case],
            _batch(r, inputs[case].tensor, plan.seconds) if r else None,
            r.is_stand_in if r else True,
        )
    return list(rows.values())


def _rounds(works: dict[Case, Callable[[], object]], seconds: float) -> dict[Case, Times]:
    """Each work in turn, again and again, until each had its seconds."""
    for work in works.values():
        work()
    spent: dict[Case, list[float]] = {case: [] for case in works}
    while any(sum(times) < seconds or len(times) < _LEAST_RUNS for times in spent.values()):
        for case, work in works.items():
            start = time.perf_counter()
            work()
            spent[case].append(time.perf_counter() - start)
    return {case: _summary(times) for case, times in spent.items()}


def _summary(seconds: list[float]) -> Times:
    median, p95 = np.percentile(np.array(seconds) * 1e3, (50, 95))
    return Times(round(float(median), 2), round(float(p95), 2), len(seconds))


def _whole(model: Model, file: Path, target: Path) -> None:
    api.heatmap(model.estimate(file), fast=model.estimator.is_fast).save(target)


def _batch(ready: _Ready, tensor: npt.NDArray[np.float32], seconds: float) -> float:
    """Photos a second when several run together."""
    session = ready.model.estimator.session
    count = min(BATCH, session.batch_limit or BATCH)
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
    for _ in range(_LEAST_RUNS):
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-c", _CHILD, *words], env=environment, capture_output=True, check=False
        )
        runs.append(time.perf_counter() - start)
        if done.returncode:
            return None
    kilobytes = done.stderr.split()[-1]
    return Start(case, round(sorted(runs)[len(runs) // 2], 3), int(kilobytes) / 1e3 or None)


class _Baseline:
    """MiDaS small the way its users run it: read, resize, forward, bicubic, colour map, PNG."""

    def __init__(self) -> None:
        try:
            import torch
        except ImportError as exc:
            raise MissingExtraError(
                "The baseline needs PyTorch.", "Install it: pip install 'nearfar[torch]'"
            ) from exc
        from nearfar.nets import build

        torch.manual_seed(0)
        self._torch = torch
        self._network = build("midas/small")
        torch.set_num_threads(usable_cpus())

    def prepare(self, bgr: Any) -> Any:
        """1×3×256×256."""
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) / 255.0
        small = cv2.resize(rgb, (256, 256), interpolation=cv2.INTER_CUBIC)
        normal = (small - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
        return self._torch.from_numpy(normal.transpose(2, 0, 1)[None].astype(np.float32))

    def forward(self, batch: Any) -> Any:
        """1×256×256."""
        with self._torch.no_grad():
            return self._network(batch)

    def whole(self, file: Path, target: Path) -> None:
        """From file to file."""
        bgr = cv2.imread(str(file))
        small = self.forward(self.prepare(bgr))
        size = bgr.shape[:2]  # type: ignore[union-attr]  # the file is our own and is there
        large = self._torch.nn.functional.interpolate(
            small[:, None], size=size, mode="bicubic", align_corners=False
        )
        values = large[0, 0].numpy()
        spread = max(float(np.ptp(values)), 1e-6)
        grey = ((values - values.min()) / spread * 255).astype(np.uint8)
        cv2.imwrite(str(target), cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO))


def _draw_photo(path: Path, width: int, height: int) -> Path:
    """A picture with the detail of a photo: soft shapes, edges, and the noise of a camera."""
    rng = np.random.default_rng(7)
    small = rng.integers(0, 255, (max(4, height // 64), max(4, width // 64), 3), dtype=np.uint8)
    soft = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    soft += rng.integers(-6, 7, soft.shape, dtype=np.int16)
    cv2.imwrite(str(path), np.clip(soft, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


def _processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((row.partition(":")[2].strip() for row in rows if row.startswith("model name")), "")


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError, AttributeError):
        return None
