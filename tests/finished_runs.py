"""Run folders of networks from chance, for tests of what is done with finished runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar_lab.train import Budget, Run

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar_lab.checkpoint import Progress
    from nearfar_lab.recipes import Recipe


def run_folder(folder: Path, recipe: Recipe, progress: Progress, budget_s: float = 100.0) -> Path:
    """A run of a recipe that is so far; finished where its seconds are those of its budget."""
    folder.mkdir(parents=True)
    run = Run(recipe, folder, Budget(budget_s))
    run.progress = progress
    run.save()
    return folder
