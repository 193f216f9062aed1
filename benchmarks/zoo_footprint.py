"""Memory and processor time of every network of the zoo, with drawn weights, for docs/reference/models.md.

python benchmarks/zoo_footprint.py                       # all rows, a process each; tens of minutes
python benchmarks/zoo_footprint.py glpn-nyu dpt-large    # some rows
sh tools/authors.sh PYTHON                               # before, for Depth Anything 3 and MoGe-2

One thread of torch in float32 looks at a photo of 4000×3000. Time is that of the processor, not of the clock,
so that other programs on the machine count little. Small networks run three times behind one run that is not
counted, and the least counts; those above 130 M parameters run once. Memory is the most that the process held
while it ran: weights, what flows between layers, and the libraries themselves. Figures that are there stay
until a row is measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.bench.machine import machine
from nearfar.engines import EngineOptions
from nearfar.pipeline import Estimator
from nearfar.registry import ENGINES
from nearfar.types import Photo
from nearfar.zoo.catalogue import card as card_of
from nearfar.zoo.catalogue import cards

if TYPE_CHECKING:
    from nearfar.cards import ModelCard

REPOSITORY = Path(__file__).resolve().parent.parent
FIGURES = REPOSITORY / "docs" / "reference" / "model_footprints.json"
PACKAGES = REPOSITORY / "build" / "authors"
WIDTH, HEIGHT = 4000, 3000
LARGE = 130e6
KEPT = ("processor", "threads", "memory_gb", "torch", "onnxruntime")
LIMIT_S = 1800
MOGE_LARGE: dict[str, Any] = {
    "encoder": {"backbone": "dinov2_vitl14", "intermediate_layers": [5, 11, 17, 23], "dim_out": 1024},
    "scale_head": {"dims": [1024, 1024, 1024, 1]},
    "remap_output": "exp",
    "num_tokens_range": [1200, 3600],
}
"""The published configs/train/v2.json of microsoft/MoGe; those of S and B are in their files alone."""
_CHANNELS = [1024, 256, 128, 64, 32]
_HEADS = {"points_head": 3, "normal_head": 3, "mask_head": 1}


def main() -> int:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="rows; all where none is named")
    parser.add_argument("--one", action="store_true", help="measure one row in this process and print it")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(card_of(asked.names[0]))))
        return 0
    for name in asked.names or list(cards()):
        row = in_a_process(name)
        print(f"{name}: {row}", flush=True)
        keep(name, row)
    return 0


def in_a_process(name: str) -> dict[str, Any]:
    """Figures of a row, or why there are none."""
    paths = os.pathsep.join([str(REPOSITORY / "src"), str(PACKAGES)])
    try:
        done = subprocess.run(
            [sys.executable, __file__, name, "--one"],
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return {"why_not": f"it took more than {LIMIT_S // 60} minutes"}
    if done.returncode:
        return {"why_not": done.stderr.strip().splitlines()[-1][:200]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def keep(name: str, row: dict[str, Any]) -> None:
    """Write one row beside the others."""
    held = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {"rows": {}}
    held["machine"] = {key: value for key, value in machine().items() if key in KEPT}
    held["rows"][name] = row | {"date": datetime.now(tz=UTC).date().isoformat()}
    order = [known for known in cards() if known in held["rows"]]
    held["rows"] = {known: held["rows"][known] for known in order}
    FIGURES.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measured(card: ModelCard) -> dict[str, Any]:
    """Seconds of the processor for one photo, and the most memory in bytes."""
    estimator = Estimator(card, session_of(card), "")
    photo = Photo(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    runs = 1 if card.parameters > LARGE else 4
    _forget_peak()
    seconds = [_seconds(estimator, photo) for _ in range(runs)]
    return {
        "engine": "onnxruntime" if card.family == "embedded" else "torch",
        "seconds": round(min(seconds), 3),
        "runs": max(1, runs - 1),
        "bytes": _peak(),
    }


def session_of(card: ModelCard) -> Any:
    """A session of the published architecture with drawn weights; that of the package has its own."""
    options = EngineOptions(threads=1)
    if card.family == "embedded":
        from nearfar.weights.store import ASSET

        asset = card.weights[0].location.removeprefix(ASSET)
        path = REPOSITORY / "src" / "nearfar" / "assets" / asset
        return ENGINES.load("onnxruntime").open(card, path, options)
    import torch

    from nearfar.engines.torch import session

    torch.set_num_threads(1)
    return session(network_of(card), card.name, options)


def network_of(card: ModelCard) -> Any:
    """The network in torch."""
    family, _, variant = card.network.partition("/")
    if family == "depth_anything_3":
        from nearfar.nets.depth_anything_3 import empty

        return empty(variant).eval()
    if card.name == "moge-2-large":
        return _moge_large()
    if family in {"", "moge"}:
        sys.exit("its architecture is in its file alone")
    from nearfar.nets.stand_in import ready_network

    return ready_network(card)


def _moge_large() -> Any:
    from moge.model.v2 import MoGeModel

    from nearfar.nets.moge import Moge

    layers = {
        "dim_res_blocks": _CHANNELS,
        "res_block_in_norm": "none",
        "res_block_hidden_norm": "none",
        "resamplers": ["conv_transpose", "conv_transpose", "conv_transpose", "bilinear"],
    }
    neck = layers | {"dim_in": [1026, 2, 2, 2, 2], "dim_out": None, "num_res_blocks": [0, 2, 2, 2, 0]}
    heads = {
        name: layers
        | {"dim_in": _CHANNELS, "dim_out": [None] * 4 + [planes], "num_res_blocks": [0, 1, 1, 1, 0]}
        for name, planes in _HEADS.items()
    }
    return Moge(MoGeModel(**MOGE_LARGE, neck=neck, **heads)).eval()


def _seconds(estimator: Estimator, photo: Photo) -> float:
    start = time.process_time()
    estimator.answer(photo)
    return time.process_time() - start


def _forget_peak() -> None:
    """From here on the most memory counts anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.exit(main())
