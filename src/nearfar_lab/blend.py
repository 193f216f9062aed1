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
        CheckpointError: fewer than two, one that is not there, or networks that differ.
    """
    states = [load_state(path / LAST if path.is_dir() else path) for path in members]
    if len(states) < 2:
        raise CheckpointError(f"{out}: a mean needs two runs at least, {len(states)} was given")
    first = states[0]
    for path, state in zip(members, states, strict=True):
        for field in ("recipe", "net"):
            if state[field] != first[field]:
                raise CheckpointError(
                    f"{path}: its {field} is {state[field]}, that of {members[0]} is {first[field]}; "
                    "only runs of one recipe can be averaged"
                )
    out.mkdir(parents=True, exist_ok=True)
    save_whole(_blended(states), out / LAST)
    return out / LAST


def _blended(states: list[dict[str, Any]]) -> dict[str, Any]:
    """The state of the mean: what all share, the sum of what was seen, and every member's part."""
    kept = {k: v for k, v in states[0].items() if k not in {"weights", "optimiser", "average", "progress"}}
    progress = [state["progress"] for state in states]
    return {
        **kept,
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
