"""What a design costs where it runs: candidate networks timed in onnxruntime, counts beside.

    python benchmarks/network_designs.py

Each row is a change of the shipped design. All are timed in turn in one run, one thread, 256x192, against
the first. Counts alone mislead: a multiply-add at full size costs more than one at a small map. Needs the
extra `lab`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from nearfar_lab.convert import export_onnx
from nearfar_lab.net import EmbeddedNet, NetOptions, multiply_adds, parameter_count

SHIPPED = NetOptions(attention_blocks=2)
DESIGNS = {
    "shipped": SHIPPED,
    "one block of attention": replace(SHIPPED, attention_blocks=1),
    "four blocks of attention": replace(SHIPPED, attention_blocks=4),
    "two more blocks at 1/16": replace(SHIPPED, encoder_blocks=(0, 1, 2, 4, 1)),
    "one more block at 1/4": replace(SHIPPED, encoder_blocks=(0, 2, 2, 2, 1)),
    "one block fewer at 1/8": replace(SHIPPED, encoder_blocks=(0, 1, 1, 2, 1)),
    "a block at 1/2 in the encoder": replace(SHIPPED, encoder_blocks=(1, 1, 2, 2, 1)),
    "no block at 1/2 in the decoder": replace(SHIPPED, decoder_blocks=(1, 2, 1, 0)),
    "half the width at 1/2": replace(SHIPPED, widths=(8, 32, 64, 128, 192)),
    "a quarter wider from 1/8 on": replace(SHIPPED, widths=(16, 32, 80, 160, 240)),
}


def sessions(folder: Path) -> dict[str, onnxruntime.InferenceSession]:
    """Every design with random weights, loaded."""
    found = {}
    for number, (name, options) in enumerate(DESIGNS.items()):
        torch.manual_seed(0)
        path = folder / f"{number}.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export_onnx(EmbeddedNet(options).eval(), path)
        how = onnxruntime.SessionOptions()
        how.intra_op_num_threads, how.log_severity_level = 1, 3
        found[name] = onnxruntime.InferenceSession(str(path), how, providers=["CPUExecutionProvider"])
    return found


def main() -> int:
    """Print a row a design."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    image = np.random.default_rng(0).standard_normal((1, 3, 192, 256)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        loaded = sessions(Path(folder))
    seconds: dict[str, list[float]] = {name: [] for name in loaded}
    for _ in range(rounds + 3):
        for name, session in loaded.items():
            start = time.perf_counter()
            session.run(None, {"image": image})
            seconds[name].append(time.perf_counter() - start)
    base = np.array(seconds["shipped"][3:])
    print(f"{'design':<34}{'parameters':>12}{'multiply-adds':>15}{'time':>8}")
    for name, options in DESIGNS.items():
        net = EmbeddedNet(options)
        ratio = statistics.median(np.array(seconds[name][3:]) / base)
        print(f"{name:<34}{parameter_count(net):>12,}{multiply_adds(net, 192, 256):>15,}{ratio:>7.2f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
