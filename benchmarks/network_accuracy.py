"""The embedded network against the vertical ramp under the MiDaS protocol, on the held-out sets.

    python benchmarks/network_accuracy.py            all pictures
    python benchmarks/network_accuracy.py --limit 60 about that many, spread over each set

Needs the real data sets (setting NEARFAR_LAB_DATA); says so and stops where they are absent. Leaves with 1
where a figure misses its limit. The same measurement as `nearfar-lab evaluate`, which also writes every
picture's figures.
"""

from __future__ import annotations

import argparse
import sys

from nearfar_lab.datasets import data_set
from nearfar_lab.errors import DataMissingError
from nearfar_lab.evaluate import evaluate
from nearfar_lab.predictors import InputRule, find_predictor
from nearfar_lab.settings import read_settings

SHOWN = ("beyond", "order", "abs_rel", "delta1", "rmse", "silog")
LIMITS = {"nyu_v2": {"beyond": 0.22, "order": 0.83}, "kitti_tiny": {"beyond": 0.36, "order": 0.86}}


def figures(model: str, name: str, limit: int) -> dict[str, float]:
    """Mean figures of a model on a data set."""
    data = data_set(name)
    rule = InputRule(None, data.fit, data.size_share)
    return evaluate(find_predictor(model, rule), data, read_settings().data, limit).means()


def misses(name: str, found: dict[str, float]) -> list[str]:
    """The limits that are not kept, in words."""
    told = []
    for figure, limit in LIMITS[name].items():
        is_kept = found[figure] <= limit if figure == "beyond" else found[figure] >= limit
        if not is_kept:
            told.append(f"{name} {figure} is {found[figure]:.4f}, limit {limit}")
    return told


def main() -> int:
    """Print one line a model and data set; 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0)
    limit = parser.parse_args().limit
    told: list[str] = []
    print(f"{'set':<14}{'model':<12}" + "".join(f"{name:>10}" for name in SHOWN))
    for name in LIMITS:
        for model in ("ramp", "embedded"):
            try:
                found = figures(model, name, limit)
            except DataMissingError as error:
                print(error)
                return 1
            print(f"{name:<14}{model:<12}" + "".join(f"{found[key]:>10.4f}" for key in SHOWN))
            told += misses(name, found) if model == "embedded" else []
    print("\n".join(told) or "every limit is kept")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
