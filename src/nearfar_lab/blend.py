"""Several finished runs from one start to one network: the mean of their weights.

Fine-tuned from the same weights, networks lie in one basin, and their mean measures about as well as the best
of them, or better (Wortsman et al., "Model soups", 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nearfar_lab.checkpoint import LAST, load_state, save_whole
from nearfar_lab.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor


def blend(members: Sequence[Path], out: Path) -> Path:
    """Write the checkpoint of the members' mean into a run folder; the file.

    It counts the steps and pictures of all of them, and the time of the slowest: they run side by side.

    Args:
        members: run folders or checkpoints of one recipe, two at least.
        out: run folder to write into.

    Raises:
        CheckpointError: fewer than two, one that is not there, not finished or given twice, networks that
            differ, or statistics that do (the mean of two variances is not that of the mean network).
    """
    files = [path / LAST if path.is_dir() else path for path in members]
    states = [load_state(path) for path in files]
    if len(states) < 2:
        raise CheckpointError(
            f"{out}: a mean needs two runs at least, not {len(states)}.", "Train another --member."
        )
    if (out / LAST).resolve() in {path.resolve() for path in files}:
        raise CheckpointError(f"{out}: this is one of the runs.", "Give another folder for their mean.")
    for place, state in enumerate(states):
        _check(files[place], state, states[0], {other["seed"] for other in states[:place]})
    out.mkdir(parents=True, exist_ok=True)
    save_whole(_blended(states), out / LAST)
    return out / LAST


def _check(path: Path, state: dict[str, Any], first: dict[str, Any], seeds: set[int]) -> None:
    """Raise CheckpointError where a run cannot be averaged with the first, or has an earlier one's seed."""
    if "optimiser" in state:
        raise CheckpointError(f"{path}: this run is not finished.", "Train on with --resume first.")
    if state["seed"] in seeds:
        raise CheckpointError(
            f"{path}: another run has the same seed {state['seed']}.", "Train another --member instead."
        )
    for field in ("recipe", "net"):
        if state[field] != first[field]:
            raise CheckpointError(
                f"{path}: its {field} is {state[field]}, that of the first run is {first[field]}.",
                "Only runs of one recipe can be averaged: leave it out.",
            )
    average = first["average"]
    statistics = [name for name in average if ".running_" in name]
    moved = [name for name in statistics if not torch.equal(state["average"][name], average[name])]
    if moved:
        raise CheckpointError(
            f"{path}: its statistics moved ({moved[0]}), so that a mean is none of theirs.",
            "Train with a recipe whose keeps_statistics is set.",
        )


def _blended(states: list[dict[str, Any]]) -> dict[str, Any]:
    """The state of the mean: what all share, the sum of what was seen, and every member's part."""
    kept = {k: v for k, v in states[0].items() if k not in {"weights", "optimiser", "average", "progress"}}
    progress = [state["progress"] for state in states]
    return {
        **kept,
        "scenes": max(state["scenes"] for state in states),
        "average": {
            name: _mean([state["average"][name] for state in states]) for name in states[0]["average"]
        },
        "progress": {
            "step": sum(row["step"] for row in progress),
            "pictures": sum(row["pictures"] for row in progress),
            "elapsed_s": max(row["elapsed_s"] for row in progress),
        },
        "members": [
            {"seed": state["seed"], "steps": row["step"], "pictures_seen": row["pictures"]}
            for state, row in zip(states, progress, strict=True)
        ],
    }


def _mean(values: list[Tensor]) -> Tensor:
    if not values[0].is_floating_point():
        return values[0]
    return torch.stack(values).mean(dim=0)
