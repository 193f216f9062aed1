"""The shipped network again from seeds, in one go: scenes, every recipe in turn, export, figures, card."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nearfar_lab.checkpoint import LAST
from nearfar_lab.errors import UnknownNameError
from nearfar_lab.finish import Finish, export, measure, rule_for, write_card
from nearfar_lab.predictors import find_predictor
from nearfar_lab.recipes import recipe as find_recipe
from nearfar_lab.scenes import shards
from nearfar_lab.team import start_team
from nearfar_lab.train import Order, carry_out, is_finished

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar_lab.recipes import Recipe
    from nearfar_lab.settings import LabSettings

logger = logging.getLogger(__name__)

FIRST_SEED = 200_000
FIGURES = ("nyu_v2", "kitti_tiny", "scenes_sharp")


@dataclass(frozen=True)
class Rebuild:
    """What to make. minutes: the time budget of each recipe, the first to train first.

    device: cpu or cuda, to render and to train on.
    """

    out: Path
    recipe: str
    scenes: int
    minutes: tuple[float, ...]
    processes: int = 1
    device: str = "cpu"
    figures: tuple[str, ...] = FIGURES


def chain(name: str) -> tuple[Recipe, ...]:
    """A recipe and those that it goes on from, the first to train first."""
    last = find_recipe(name)
    return (*chain(last.starts_from), last) if last.starts_from else (last,)


def rebuild(order: Rebuild, settings: LabSettings) -> Path:
    """Everything from nothing; steps that are done already are left alone. The ONNX file.

    Raises:
        UnknownNameError: there are not as many budgets as recipes.
    """
    recipes = chain(order.recipe)
    if len(order.minutes) != len(recipes):
        names = ", ".join(recipe.name for recipe in recipes)
        raise UnknownNameError(
            f"{len(order.minutes)} budgets were given for the recipes {names}: give one each"
        )
    logger.info("rendering %d scenes", order.scenes)
    data = settings.data if settings.data.is_dir() else None
    shards.render_shards(
        settings.scenes, order.scenes, FIRST_SEED, order.processes, data=data, device=order.device
    )
    before: Path | None = None
    card: Path | None = None
    for recipe, minutes in zip(recipes, order.minutes, strict=True):
        run = settings.runs / recipe.name
        _train(Order(recipe.name, run, minutes * 60, None, is_resumed=True, start=before), order, settings)
        is_last = recipe is recipes[-1]
        finish = Finish(run, order.out if is_last else run / f"{recipe.name}.onnx", earlier=card)
        if not _is_exported(finish):
            logger.info("exporting %s", finish.out.name)
            export(finish, settings)
        before, card = run, finish.out.with_suffix(".json")
    found = [measure(find_predictor(str(order.out), rule_for(d)), d, settings) for d in order.figures]
    write_card(finish, found, settings)
    return order.out


def _is_exported(finish: Finish) -> bool:
    """Whether the card, which is written last, is newer than the checkpoint that it was made from."""
    card = finish.out.with_suffix(".json")
    return card.is_file() and card.stat().st_mtime_ns > (finish.run / LAST).stat().st_mtime_ns


def _train(training: Order, order: Rebuild, settings: LabSettings) -> None:
    if is_finished(training):
        logger.info("%s is trained already", training.recipe)
        return
    logger.info("training %s for %.0f minutes", training.recipe, training.total_s / 60)
    threads = 1 if order.processes > 1 else 0
    start_team(order.processes, carry_out, replace(training, threads=threads, device=order.device), settings)
