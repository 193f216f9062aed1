"""The shipped network again from seeds, in one go: scenes, every recipe in turn, export, figures, card."""

from __future__ import annotations

import logging
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from nearfar.errors import ParameterError
from nearfar_lab import quantize
from nearfar_lab.assemble import assemble
from nearfar_lab.blend import blend
from nearfar_lab.card import shipped
from nearfar_lab.checkpoint import LAST, known_by, load_state
from nearfar_lab.errors import DeviceMissingError
from nearfar_lab.finish import Finish, export, measure, rule_for, write_card
from nearfar_lab.label import label_photos
from nearfar_lab.predictors import find_predictor
from nearfar_lab.recipes import recipe as find_recipe
from nearfar_lab.scenes import shards
from nearfar_lab.team import start_apart, start_team
from nearfar_lab.train import Order, carry_out, is_finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nearfar_lab.recipes import Recipe
    from nearfar_lab.settings import LabSettings

logger = logging.getLogger(__name__)

FIRST_SEED = 200_000
FIGURES = ("nyu_v2", "kitti_tiny", "scenes_sharp", "order_photos", "photos_demo")


@dataclass(frozen=True)
class Rebuild:
    """What to make. minutes: the time budget of each recipe, the first to train first.

    device: what to train on, cpu or cuda. note: what the card is to say beside its figures.
    is_open: learn only from sets whose terms are free for any use; such runs lie in a folder of their own.
    """

    out: Path
    recipe: str
    scenes: int
    minutes: tuple[float, ...]
    processes: int = 1
    device: str = "cpu"
    note: str = ""
    figures: tuple[str, ...] = FIGURES
    is_open: bool = False


def chain(name: str) -> tuple[Recipe, ...]:
    """A recipe and those that it learns or goes on from, the first to train first."""
    last = find_recipe(name)
    before = [chain(other) for other in _before(last)]
    return tuple({recipe.name: recipe for row in (*before, (last,)) for recipe in row}.values())


def _before(recipe: Recipe) -> list[str]:
    """The recipes that one learns or goes on from."""
    return [
        name
        for name in (recipe.teacher, recipe.labels_from, recipe.starts_from, *recipe.committee_of)
        if name
    ]


def check_device(device: str) -> None:
    """Raise DeviceMissingError where a card is asked for and there is none."""
    import torch

    if device != "cpu" and not torch.cuda.is_available():
        raise DeviceMissingError(
            f"No device '{device}' was found.",
            "Without a graphics card: --recipe embedded_lite --minutes 107 --scenes 1280 --device cpu.",
        )


def train_all(order: Rebuild, settings: LabSettings) -> tuple[Recipe, ...]:
    """Scenes and every recipe in turn; what is trained already is left alone. The recipes, the last one last.

    Raises:
        ParameterError: there are not as many budgets as recipes.
        DeviceMissingError: there is no such device.
    """
    settings = _own_runs(order, settings)
    recipes = chain(order.recipe)
    trained = [recipe.name for recipe in recipes if not recipe.committee_of]
    if len(order.minutes) != len(trained):
        raise ParameterError(
            f"{len(order.minutes)} budgets were given for the recipes {', '.join(trained)}.",
            "Give --minutes once for each.",
            parameter="minutes",
        )
    budgets = dict(zip(trained, order.minutes, strict=True))
    missing = _missing(recipes[-1], budgets, settings)
    for recipe in missing:
        if not recipe.committee_of:
            check_device(recipe.device or order.device)
    for recipe in missing:
        if recipe.committee_of:
            members = [settings.runs / name for name in recipe.committee_of]
            assemble(recipe, members, settings.runs / recipe.name)
            continue
        with _rendering(order, recipe, settings):
            _train(recipe, budgets[recipe.name], order, settings)
    return recipes


def _own_runs(order: Rebuild, settings: LabSettings) -> LabSettings:
    """Where the runs of an order lie."""
    return replace(settings, runs=settings.runs / "open") if order.is_open else settings


def _missing(last: Recipe, budgets: dict[str, float], settings: LabSettings) -> list[Recipe]:
    """What is still to be trained for a recipe, first things first; what led to a finished one is not."""
    if last.committee_of:
        is_done = _is_together(last, settings)
    else:
        training = Order(last.name, settings.runs / last.name, budgets[last.name] * 60)
        is_done = _take_mean(training, last.members) or is_finished(training)
    if is_done:
        logger.info("%s is trained already", last.name)
        return []
    before = [row for name in _before(last) for row in _missing(find_recipe(name), budgets, settings)]
    return [*{row.name: row for row in before}.values(), last]


def _is_together(recipe: Recipe, settings: LabSettings) -> bool:
    """Whether a committee is there, of its members as they are now; those that are gone have not changed."""
    path = settings.runs / recipe.name / LAST
    if not path.is_file():
        return False
    runs = [settings.runs / name / LAST for name in recipe.committee_of]
    rows = zip(runs, load_state(path)["committee"], strict=True)
    return all(not run.is_file() or known_by(load_state(run)) == row for run, row in rows)


def rebuild(order: Rebuild, settings: LabSettings) -> Path:
    """Everything from nothing; steps that are done already are left alone. The ONNX file.

    Raises:
        ParameterError: there are not as many budgets as recipes, or too few scenes to calibrate int8 on.
    """
    _check_scenes(order)
    recipes = train_all(order, settings)
    settings = _own_runs(order, settings)
    kept = _shipped(recipes[-1].name)
    cards: dict[str, Path] = {}
    for recipe in recipes:
        if recipe.name not in kept:
            continue  # a teacher is not shipped
        run = settings.runs / recipe.name
        finish = Finish(
            run,
            order.out if recipe is recipes[-1] else run / f"{recipe.name}.onnx",
            order.note,
            cards.get(recipe.starts_from),
            tuple(cards[name] for name in recipe.committee_of),
        )
        if not _is_exported(finish):
            logger.info("exporting %s", finish.out.name)
            export(finish, settings)
        cards[recipe.name] = finish.out.with_suffix(".json")
    file = str(shipped(order.out, recipes[-1]))
    found = [measure(find_predictor(file, rule_for(d)), d, settings) for d in order.figures]
    write_card(finish, found, settings)
    return order.out


def _check_scenes(order: Rebuild) -> None:
    """Raise ParameterError where so few scenes are ordered that training would end without an int8 file."""
    if order.scenes < quantize.FEWEST_SCENES:
        raise ParameterError(
            f"{order.scenes} scenes were ordered, and int8 is calibrated on some of each shard.",
            f"Give --scenes {quantize.FEWEST_SCENES} at least.",
            parameter="scenes",
        )


def _shipped(name: str) -> set[str]:
    """A recipe and those whose weights are in its network: what it went on from, its members and theirs."""
    last = find_recipe(name)
    before = [part for part in (last.starts_from, *last.committee_of) if part]
    return {name}.union(*(_shipped(part) for part in before))


@contextmanager
def _rendering(order: Rebuild, recipe: Recipe, settings: LabSettings) -> Iterator[None]:
    """Scenes: all of them first where a CPU trains; beside the training where a graphics card does that."""
    data = settings.data if settings.data.is_dir() else None
    scenes = shards.Rendering(settings.scenes, order.scenes, FIRST_SEED, recipe.scene_size, data)
    work = partial(shards.render_shards, scenes, order.processes)
    logger.info("rendering %d scenes", order.scenes)
    if (recipe.device or order.device) == "cpu":
        work()
        yield
        return
    beside = get_context("spawn").Process(target=_as_a_group, args=(work,))
    beside.start()
    try:
        yield
    finally:
        if beside.is_alive() and beside.pid is not None:
            os.killpg(beside.pid, signal.SIGTERM)  # only whole shards are ever taken in
        beside.join()


def _as_a_group(work: Callable[[], object]) -> None:
    """Do the work as the leader of a group of processes, so that all of them can be stopped at once."""
    os.setsid()
    work()


def _is_exported(finish: Finish) -> bool:
    """Whether the card, which is written last, is newer than the checkpoint that it was made from."""
    card = finish.out.with_suffix(".json")
    return card.is_file() and card.stat().st_mtime_ns > (finish.run / LAST).stat().st_mtime_ns


def _train(recipe: Recipe, minutes: float, order: Rebuild, settings: LabSettings) -> None:
    """Train one recipe of the chain, or go on with it."""
    device = recipe.device or order.device
    if recipe.labels_from and not order.is_open:
        label_photos(settings.runs / recipe.labels_from, settings)
    training = Order(
        recipe.name,
        settings.runs / recipe.name,
        minutes * 60,
        is_resumed=True,
        device=device,
        start=settings.runs / recipe.starts_from if recipe.starts_from else None,
        teacher=settings.runs / recipe.teacher if recipe.teacher else None,
        is_open=order.is_open,
    )
    logger.info("training %s for %.1f minutes", recipe.name, minutes)
    if recipe.members > 1:
        _train_members(recipe.members, training, order.processes, settings)
        return
    count = order.processes if device == "cpu" else 1
    start_team(count, carry_out, replace(training, threads=1 if count > 1 else 0), settings)


def _train_members(count: int, training: Order, processes: int, settings: LabSettings) -> None:
    """The runs of a recipe side by side, each on one thread, and their mean."""
    threads = 1 if processes > 1 else 0
    rows = [
        (replace(one, threads=threads), settings) for one in _members(training, count) if not is_finished(one)
    ]
    start_apart(processes, carry_out, rows)
    _take_mean(training, count)


def _members(training: Order, count: int) -> list[Order]:
    """The runs of a recipe that averages several, each in a folder of its own."""
    return [replace(training, folder=training.folder / f"member-{n}", member=n) for n in range(count)]


def _take_mean(training: Order, count: int) -> bool:
    """Take the mean of several finished runs, unless it is there; whether all are finished."""
    members = _members(training, count)
    if count < 2 or not all(is_finished(one) for one in members):
        return False
    mean = training.folder / LAST
    now = [load_state(one.folder / LAST)["progress"]["step"] for one in members]
    if not mean.is_file() or [row["steps"] for row in load_state(mean)["members"]] != now:
        blend([one.folder for one in members], training.folder)
    return True
