"""How fast the embedded network is against MiDaS v2.1 small, and what each input size costs and brings.

    python benchmarks/network_speed.py                     speed alone
    python benchmarks/network_speed.py --accuracy          and what each size reaches (needs the data sets)
    python benchmarks/network_speed.py --accuracy --write  and the page of it, docs/reference/input-size.md

Both run in onnxruntime with the same threads, float32, in turn, each awake before a run counts; MiDaS
small has weights made up here (its speed does not depend on them) at its own 256x256. Needs the extra `lab`.
The accuracy is that of `nyu_v2_validation` and `scenes_sharp`: sizes are not chosen on held-out photos.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch

from nearfar import assets, nets
from nearfar.bench.turns import in_turn
from nearfar.machine.files import write_whole
from nearfar_lab.datasets.scenes_sharp import COUNT
from nearfar_lab.machine import machine_class
from nearfar_lab.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = recipe("embedded_lite").input_size
RIVAL, RIVAL_SIZE = "midas small", (256, 256)
SIZES = (160, 192, 224, 256, 288, 320, 384, 448, 512, 640)
LEAST = 4.0
"""The embedded network at its default size is at least so many times faster."""
SIZE = (192, 256)
"""The input of a 4:3 photo at the default size."""
FILES = ("embedded.onnx", "embedded-int8.onnx")
SMALLER, LARGER = 192, 320
MEASURED = (("nyu_v2_validation", ("beyond",)), ("scenes_sharp", ("beyond", "boundary_f1")))
TARGET = Path(__file__).parent.parent / "docs" / "reference" / "input-size.md"
PAGE = """# Which input size

Written by `python benchmarks/network_speed.py --accuracy --write` on {day}, on a machine of
{machine}. A photo enters the embedded network with as many pixels as a 4:3 picture whose longer side is the
input size (`--size`, `size=`); what comes out always has the photo's own size. The default is {default}:

- {smaller};
- {larger}.

Where outlines matter more than time, take a larger size, or `--tiles`.

| size | input of a 4:3 photo | time | × MiDaS small | photos | scenes | boundary F1 |
|---|---|---|---|---|---|---|
{table}

Time: against the default. × MiDaS small: how many times faster than MiDaS v2.1 small at 256×256. Both in
onnxruntime float32 on {threads} thread(s), ratios of medians taken in one run. Photos: share of pixels
δ > 1.25 on `nyu_v2_validation`, 40 frames of rooms that no training saw. Scenes: the same, and boundary F1,
on `scenes_sharp`, {scenes} rendered ones with exact depth. The default was not chosen on held-out photos.
"""


@dataclass(frozen=True)
class Row:
    """A size: its input, how many times faster than MiDaS small it is, and what it reaches."""

    size: int
    height: int
    ratio: float
    reached: dict[str, float]


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session as the engine opens it."""
    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads, how.inter_op_num_threads = threads, 1
    how.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), how, providers=["CPUExecutionProvider"])


def write_rival(path: Path) -> None:
    """MiDaS v2.1 small with random weights as ONNX."""
    torch.manual_seed(0)
    network = nets.build("midas/small").eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network, (torch.zeros(1, 3, *RIVAL_SIZE),), dynamo=True, opset_version=18, verbose=False
        )
    program.save(str(path), include_initializers=True)


def runner(model: onnxruntime.InferenceSession, height: int, width: int) -> Callable[[], object]:
    """A call that runs one picture of noise."""
    image = np.random.default_rng(0).standard_normal((1, 3, height, width)).astype(np.float32)
    feed = {model.get_inputs()[0].name: image}
    return lambda: model.run(None, feed)


def accuracy(size: int) -> dict[str, float]:
    """Shares beyond 1.25 and boundary F1 at a size, on pictures that are not held-out photos."""
    from nearfar_lab.finish import measure, rule_for
    from nearfar_lab.predictors import find_predictor
    from nearfar_lab.settings import read_settings

    found = {}
    for data, figures in MEASURED:
        means = measure(find_predictor("embedded", rule_for(data, size)), data, read_settings()).means()
        found |= {f"{data} {figure}": means[figure] for figure in figures}
    return found


def ratios(works: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """How many times faster than MiDaS small each is, by the medians of runs in turn."""
    medians = {name: statistics.median(times) for name, times in in_turn(works, seconds).items()}
    return {name: medians[RIVAL] / median for name, median in medians.items() if name != RIVAL}


def compare_files(rival: Path, threads: int, seconds: float) -> bool:
    """Tell how fast both files are at the default size; whether that is fast enough."""
    works = {name: runner(session(assets.FOLDER / name, threads), *SIZE) for name in FILES}
    works[RIVAL] = runner(session(rival, threads), *RIVAL_SIZE)
    found = ratios(works, seconds)
    for name, ratio in found.items():
        print(f"{name} at 256x192, {threads} thread(s): {ratio:.1f} x as fast as MiDaS small at 256x256")
    return min(found.values()) >= LEAST


def compare_sizes(rival: Path, threads: int, seconds: float, *, with_accuracy: bool) -> list[Row]:
    """What each size costs, and what it reaches where that is asked for."""
    ours = session(assets.FOLDER / FILES[0], threads)
    heights = {size: max(32, round(size * 0.75 / 32) * 32) for size in SIZES}
    works = {str(size): runner(ours, height, size) for size, height in heights.items()}
    works[RIVAL] = runner(session(rival, threads), *RIVAL_SIZE)
    found = ratios(works, seconds)
    rows = []
    for size, height in heights.items():
        rows.append(Row(size, height, found[str(size)], accuracy(size) if with_accuracy else {}))
        told = "".join(f"  {name} {value:.4f}" for name, value in rows[-1].reached.items())
        print(f"{size:>5}  {size}x{height}  {rows[-1].ratio:.2f} x{told}", flush=True)
    return rows


def page(rows: list[Row], day: date, machine: str, threads: int) -> str:
    """The page of sizes, Markdown."""
    usual = next(row for row in rows if row.size == DEFAULT)
    names = list(usual.reached)
    lines = [
        f"| {row.size}{' (default)' if row is usual else ''} | {row.size}×{row.height} "
        f"| {usual.ratio / row.ratio:.2f} | {row.ratio:.1f} × | "
        + " | ".join(f"{row.reached[n]:.3f}" if "f1" in n else f"{row.reached[n]:.1%}" for n in names)
        + " |"
        for row in rows
    ]
    return PAGE.format(
        day=day.isoformat(),
        machine=machine,
        threads=threads,
        scenes=COUNT,
        default=DEFAULT,
        table="\n".join(lines),
        smaller=_step(rows, SMALLER, DEFAULT),
        larger=_step(rows, DEFAULT, LARGER),
    )


def _step(rows: list[Row], first: int, second: int) -> str:
    """What the larger of two sizes costs and changes, in words."""
    one, other = (next(row for row in rows if row.size == size) for size in (first, second))
    nyu, scenes = (f"{data} beyond" for data, _ in MEASURED)
    return (
        f"from {first} to {second} the time grows {one.ratio / other.ratio:.2f}-fold, and the share of wrong "
        f"pixels goes from {one.reached[nyu]:.1%} to {other.reached[nyu]:.1%} on photos, "
        f"from {one.reached[scenes]:.1%} to {other.reached[scenes]:.1%} on scenes"
    )


def main() -> int:
    """Print the ratios; 1 where the embedded network is not fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="measured of each work, 60 runs at most")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--write", action="store_true", help="the page of sizes; needs --accuracy")
    asked = parser.parse_args()
    if asked.write and not asked.accuracy:
        parser.error("--write needs --accuracy")
    with tempfile.TemporaryDirectory() as folder:
        rival = Path(folder) / "midas-small.onnx"
        write_rival(rival)
        kept = [compare_files(rival, threads, asked.seconds) for threads in asked.threads]
        rows = compare_sizes(rival, asked.threads[0], asked.seconds / 4, with_accuracy=asked.accuracy)
    if asked.write:
        text = page(rows, datetime.now(UTC).date(), machine_class(), asked.threads[0])
        write_whole(TARGET, text.encode(), overwrite=True)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
