"""How fast the embedded network is against MiDaS v2.1 small, and what each input size costs and brings.

    python benchmarks/network_speed.py                     speed alone
    python benchmarks/network_speed.py --accuracy          and what each size reaches (needs the data sets)

Both run in onnxruntime with the same threads, float32, blocks of runs of one and of the other in turn; MiDaS
small has weights made up here (its speed does not depend on them) at its own 256x256. Needs the extra `lab`.
The accuracy is that of `nyu_v2_validation` and `scenes_sharp`: sizes are not chosen on held-out photos.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch

from nearfar import assets, nets

if TYPE_CHECKING:
    from collections.abc import Callable

RIVAL_SIZE = (256, 256)
SIZES = (160, 192, 224, 256, 288, 320, 384, 448, 512, 640)
LEAST = 4.0
"""The embedded network at its default size is at least so many times faster."""
BLOCK, LEFT_OUT = 12, 4
"""Runs in a row of each side, and how many do not count: the threads of the side before still turn."""


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


def ratios(first: Callable[[], object], second: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of `second` over seconds of `first`, blocks of runs of one and of the other in turn."""
    return [seconds(second) / seconds(first) for _ in range(rounds)]


def seconds(work: Callable[[], object]) -> float:
    """What a run takes: the median of a block."""
    found = []
    for _ in range(BLOCK):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found[LEFT_OUT:])


def runner(model: onnxruntime.InferenceSession, height: int, width: int) -> Callable[[], object]:
    """A call that runs one picture of noise."""
    image = np.random.default_rng(0).standard_normal((1, 3, height, width)).astype(np.float32)
    feed = {model.get_inputs()[0].name: image}
    return lambda: model.run(None, feed)


def accuracy(size: int) -> str:
    """Shares beyond 1.25 and boundary F1 at a size, on pictures that are not held out."""
    from nearfar_lab.finish import measure, rule_for
    from nearfar_lab.predictors import find_predictor
    from nearfar_lab.settings import read_settings

    cells = []
    for data, figures in (("nyu_v2_validation", ("beyond",)), ("scenes_sharp", ("beyond", "boundary_f1"))):
        means = measure(find_predictor("embedded", rule_for(data, size)), data, read_settings()).means()
        cells += [f"{means[figure]:>9.4f}" for figure in figures]
    return "".join(cells)


def main() -> int:
    """Print the ratios; 1 where the embedded network is not fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--accuracy", action="store_true")
    asked = parser.parse_args()
    is_kept = True
    with tempfile.TemporaryDirectory() as folder:
        rival = Path(folder) / "midas-small.onnx"
        write_rival(rival)
        for threads in asked.threads:
            base = runner(session(rival, threads), *RIVAL_SIZE)
            for name in ("embedded.onnx", "embedded-int8.onnx"):
                ours = runner(session(assets.FOLDER / name, threads), 192, 256)
                ratio = statistics.median(ratios(ours, base, asked.rounds))
                is_kept &= ratio >= LEAST
                print(
                    f"{name} at 256x192, {threads} thread(s): {ratio:.1f} x as fast as MiDaS small at 256x256"
                )
        print(
            f"{'size':>6}{'input':>10}{'x faster':>10}"
            + ("  nyu > 1.25, scenes > 1.25, boundary F1" * asked.accuracy)
        )
        base = runner(session(rival, asked.threads[0]), *RIVAL_SIZE)
        ours = session(assets.FOLDER / "embedded.onnx", asked.threads[0])
        for size in SIZES:
            height = max(32, round(size * 0.75 / 32) * 32)
            ratio = statistics.median(ratios(runner(ours, height, size), base, asked.rounds // 3))
            told = accuracy(size) if asked.accuracy else ""
            print(f"{size:>6}{f'{size}x{height}':>10}{ratio:>10.2f}{told}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
