"""Finished runs to a committee: one checkpoint that holds all of them, which is exported as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nearfar_lab.checkpoint import LAST, known_by, load_state, save_whole
from nearfar_lab.committee import CommitteeOptions
from nearfar_lab.designs import described, options_from
from nearfar_lab.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nearfar_lab.recipes import Recipe


def assemble(recipe: Recipe, runs: Sequence[Path], out: Path) -> Path:
    """Write the checkpoint of a recipe's committee into a run folder; the file.

    It counts the steps, pictures and seconds of all members.

    Args:
        recipe: one whose network is a committee.
        runs: run folders or checkpoints of its members, in the recipe's order.
        out: run folder to write into.

    Raises:
        CheckpointError: the recipe has no committee, another number of runs, one that is not there or not
            finished, or a network that the recipe does not expect in its place.
    """
    if not isinstance(recipe.net, CommitteeOptions):
        raise CheckpointError(f"{recipe.name} is one network.", "Train it, or name a recipe of a committee.")
    if len(runs) != len(recipe.net.members):
        names = ", ".join(recipe.committee_of)
        raise CheckpointError(
            f"{recipe.name} has {len(recipe.net.members)} members and {len(runs)} runs were given.",
            f"Give one run for each of {names}, in this order.",
        )
    files = [path / LAST if path.is_dir() else path for path in runs]
    states = [load_state(path) for path in files]
    for path, state, wanted in zip(files, states, recipe.net.members, strict=True):
        _check(path, state, described(wanted), recipe)
    out.mkdir(parents=True, exist_ok=True)
    save_whole(_together(recipe, states), out / LAST)
    return out / LAST


def _check(path: Path, state: dict[str, Any], wanted: dict[str, object], recipe: Recipe) -> None:
    """Raise CheckpointError where a run cannot take its place."""
    if "optimiser" in state:
        raise CheckpointError(f"{path}: this run is not finished.", "Train on with --resume first.")
    if described(options_from(state["net"])) != wanted:
        raise CheckpointError(
            f"{path}: its network is {state['net']}, {recipe.name} expects {wanted} in this place.",
            "Give the runs in the order of the recipe's members.",
        )
    if (state["mean"], state["std"]) != (list(recipe.mean), list(recipe.std)):
        raise CheckpointError(
            f"{path}: it takes pictures of another mean or deviation.", "Give a recipe of such networks."
        )


def _together(recipe: Recipe, states: list[dict[str, Any]]) -> dict[str, Any]:
    """The state of a finished run that holds every member's averaged weights."""
    progress = [state["progress"] for state in states]
    return {
        "net": described(recipe.net),
        "recipe": recipe.name,
        "seed": recipe.seed,
        "mean": list(recipe.mean),
        "std": list(recipe.std),
        "average": {
            f"members.{place}.{name}": value
            for place, state in enumerate(states)
            for name, value in state["average"].items()
        },
        "progress": {name: sum(row[name] for row in progress) for name in ("step", "pictures", "elapsed_s")},
        "scenes": max(state["scenes"] for state in states),
        "machine": "; ".join(dict.fromkeys(str(state["machine"]) for state in states)),
        "is_open": all(state.get("is_open", False) for state in states),
        "committee": [known_by(state) for state in states],
    }
