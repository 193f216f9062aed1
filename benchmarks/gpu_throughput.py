"""Photos a second of published networks on a GPU, and what share of its matrix peak that is.

    python benchmarks/gpu_throughput.py --out FOLDER
    python benchmarks/gpu_throughput.py --device cpu --quick      tries the way where there is no GPU

Networks run in the torch engine: channels last, 16 bits, replayed CUDA graphs. Their weights are drawn, of
the published shapes: speed does not depend on them. "On the card": batches that lie there already. "Arrays":
from float32 arrays of the processor to arrays of the processor, two threads. The peak is what the library's
matrix product reaches on the same card in the same run. Needs the extra `transformers`. Writes
gpu_throughput.json and gpu_throughput.md after each row, and ends by itself within `--limit` seconds.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import statistics
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

BEGIN = time.monotonic()

import numpy as np  # noqa: E402 - the limit counts the imports, which take seconds on a cold machine
import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from nearfar.engines import EngineOptions  # noqa: E402
from nearfar.engines.torch import session  # noqa: E402
from nearfar.nets import stand_in  # noqa: E402
from nearfar.zoo.catalogue import card  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.engines.torch import TorchSession

SIZES = {"midas-small": 256, "dpt-large": 384, "depth-anything-v2-small": 518}
BATCHES = (32, 64, 1)
PEAK_SIDE = 8192
QUICK_BATCHES, QUICK_PEAK_SIDE, QUICK_SHARE = (2,), 1024, 3  # sides a third as long
SECONDS, QUICK_SECONDS = 0.7, 0.2
THREADS, WARM_UPS = 2, 2
GRACE_S = 5.0  # for the end of what runs when the limit comes
HEADS = "| network | input | batch | on the card, photos/s | arrays, photos/s | TFLOP/s | share of peak |"


@dataclass(frozen=True)
class Row:
    """A network at a batch. ``error`` says why there are no figures."""

    model: str
    side: int
    batch: int
    gflop: float = 0.0
    per_s: float = 0.0
    arrays_per_s: float = 0.0
    teraflops: float = 0.0
    share: float = 0.0
    memory_gb: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Plan:
    """Where, and how long each figure is measured."""

    device: str
    seconds: float


def say(text: str) -> None:
    """Progress, with the seconds since the start."""
    print(f"[{time.monotonic() - BEGIN:5.1f} s] {text}", flush=True)


def wait_for(device: str) -> None:
    """Until the card has done what it was told."""
    if device == "cuda":
        torch.cuda.synchronize()


def per_run(work: Callable[[], object], device: str, seconds: float) -> float:
    """Seconds of one run: the median of rounds, each as long as a tenth of ``seconds``."""
    for _ in range(WARM_UPS):
        work()
    wait_for(device)
    start = time.perf_counter()
    work()
    wait_for(device)
    count = max(1, int(seconds / 10 / max(time.perf_counter() - start, 1e-6)))
    rounds = []
    until = time.perf_counter() + seconds
    while not rounds or time.perf_counter() < until:
        start = time.perf_counter()
        for _ in range(count):
            work()
        wait_for(device)
        rounds.append((time.perf_counter() - start) / count)
    return statistics.median(rounds)


def measured_peak(device: str, kind: Any, side: int, seconds: float) -> float:
    """TFLOP/s of a matrix product of that side, of random numbers."""
    first, second = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
    out = torch.empty_like(first)
    return 2e-12 * side**3 / per_run(lambda: torch.matmul(first, second, out=out), device, seconds)


def side_of(name: str, asked: argparse.Namespace) -> int:
    """Of the square pictures, in pixels."""
    multiple = card(name).input.multiple
    return SIZES[name] // QUICK_SHARE // multiple * multiple if asked.quick else SIZES[name]


def opened(name: str, side: int, options: EngineOptions) -> tuple[TorchSession, float]:
    """A session with drawn weights, and the GFLOP of one picture (a multiply-add is two)."""
    network = stand_in.ready_network(card(name))
    network = network.to(options.device)
    picture = torch.zeros(1, 3, side, side, device=options.device)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(picture)
    return session(network, name, options), counter.get_total_flops() / 1e9


def arrays_per_s(net: TorchSession, pictures: np.ndarray, seconds: float) -> float:
    """Photos a second from arrays to arrays, while another batch is being sent."""
    net.run(pictures)
    counts = [0] * THREADS
    until = time.perf_counter() + seconds

    def keep_on(number: int) -> None:
        while time.perf_counter() < until:
            net.run(pictures)
            counts[number] += 1

    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(keep_on, range(THREADS)))
    return sum(counts) * len(pictures) / (time.perf_counter() - start)


def measure(empty: Row, net: TorchSession, peak: float, plan: Plan) -> Row:
    """The row with its figures."""
    device, seconds, batch, side, gflop = plan.device, plan.seconds, empty.batch, empty.side, empty.gflop
    pictures = np.random.default_rng(0).standard_normal((batch, 3, side, side), dtype=np.float32)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with torch.inference_mode():
        given = net.given(pictures)
        time_s = per_run(lambda: net.compute(given), device, seconds)
    rate = arrays_per_s(net, pictures, seconds)
    if not np.isfinite(net.run(pictures)).all():
        raise ValueError("the answer holds NaN or infinity")
    teraflops = gflop * batch / time_s / 1e3
    memory = torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else 0.0
    figures = (round(v, 4) for v in (gflop, batch / time_s, rate, teraflops, teraflops / peak, memory))
    return Row(empty.model, side, batch, *figures)


def cells(row: Row) -> str:
    """A line of the table."""
    head = f"| {row.model}* | {row.side}×{row.side} | {row.batch} "
    if row.error:
        return f"{head}| {row.error} | | | |"
    return f"{head}| {row.per_s:,.0f} | {row.arrays_per_s:,.0f} | {row.teraflops:.1f} | {row.share:.0%} |"


def write(folder: Path, rows: list[Row], facts: dict[str, Any]) -> None:
    """Both files, as far as things are."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": facts, "rows": [asdict(row) for row in rows]}, indent=1)
    (folder / "gpu_throughput.json").write_text(f"{text}\n", encoding="utf-8")
    lines = [HEADS, "|---|---|--:|--:|--:|--:|--:|", *map(cells, rows), ""]
    lines += [f"{key}: {value}  " for key, value in facts.items()]
    lines += ["", "\\* drawn weights of the published shapes: speed does not depend on them."]
    (folder / "gpu_throughput.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def options_of(asked: argparse.Namespace) -> EngineOptions:
    """How the engine is to run."""
    threads = max(1, torch.get_num_threads())
    return EngineOptions(threads, asked.precision, asked.device)


def facts_of(asked: argparse.Namespace, peak: float) -> dict[str, Any]:
    """The card, the versions, the peak."""
    import transformers

    is_gpu = asked.device == "cuda"
    return {
        "device": torch.cuda.get_device_name() if is_gpu else "processor",
        "precision": asked.precision,
        "measured peak, TFLOP/s": round(peak, 1),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def work(asked: argparse.Namespace) -> list[Row]:
    """All rows; a network that fails is reported and left out of what follows."""
    seconds = QUICK_SECONDS if asked.quick else SECONDS
    kind = torch.bfloat16 if asked.precision == "bfloat16" else torch.float32
    peak = measured_peak(asked.device, kind, QUICK_PEAK_SIDE if asked.quick else PEAK_SIDE, seconds)
    say(f"measured peak: {peak:.1f} TFLOP/s in {asked.precision}")
    facts, options = facts_of(asked, peak), options_of(asked)
    held: dict[str, tuple[TorchSession, float]] = {}
    rows: list[Row] = []
    failed: set[str] = set()
    slowest = 0.0
    for batch in QUICK_BATCHES if asked.quick else BATCHES:
        for name in asked.models:
            start = time.monotonic()
            if name in failed or start - BEGIN + slowest > asked.limit - GRACE_S:
                say(f"{name}, batch {batch}: left out")
                continue
            row = Row(name, side_of(name, asked), batch)
            try:
                if name not in held:
                    held[name] = opened(name, row.side, options)
                    say(f"{name}: opened, {held[name][1]:.1f} GFLOP a picture")
                net, gflop = held[name]
                row = measure(replace(row, gflop=gflop), net, peak, Plan(asked.device, seconds))
            except Exception as exc:  # one network must not end the others
                traceback.print_exc()
                failed.add(name)
                row = replace(row, error=f"{type(exc).__name__}: {exc}".splitlines()[0][:200])
            slowest = max(slowest, time.monotonic() - start)
            rows.append(row)
            say(cells(row))
            write(asked.out, rows, facts)
    return rows


def main() -> int:
    """Measure and print; 1 where no network gave a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gpu-throughput"))
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--models", nargs="+", choices=tuple(SIZES), default=list(SIZES))
    parser.add_argument("--limit", type=float, default=70.0, help="seconds of the whole")
    parser.add_argument("--quick", action="store_true", help="one small batch, short rounds")
    asked = parser.parse_args()
    if asked.device == "auto":
        if not torch.cuda.is_available():
            say("There is no CUDA GPU here; --device cpu --quick tries the way without one.")
            return 0
        asked.device = "cuda"
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logging.getLogger("nearfar.engines.torch").setLevel(logging.INFO)  # it tells what could not be recorded
    faulthandler.dump_traceback_later(asked.limit, exit=True)
    rows = work(asked)
    faulthandler.cancel_dump_traceback_later()
    print((asked.out / "gpu_throughput.md").read_text(encoding="utf-8") if rows else "nothing", flush=True)
    return 0 if any(not row.error for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
