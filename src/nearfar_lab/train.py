"""The training loop: driven by a budget of time, resumable after a kill at any moment."""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from nearfar_lab.checkpoint import LAST, Average, Progress, load_state, save_whole
from nearfar_lab.losses.invariant import invariant_loss
from nearfar_lab.losses.regression import regression_loss
from nearfar_lab.losses.relative import relative_loss
from nearfar_lab.mixture import Batch, Mixture, Plan
from nearfar_lab.net import EmbeddedNet, parameter_count
from nearfar_lab.recipes import Recipe
from nearfar_lab.recipes import recipe as find_recipe
from nearfar_lab.start import prepared, start_from
from nearfar_lab.team import Team
from nearfar_lab.validation import Validation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nearfar_lab.settings import LabSettings

ALONE = Team()
logger = logging.getLogger(__name__)

LOSSES: dict[str, Callable[..., Tensor]] = {
    "regression": regression_loss,
    "invariant": invariant_loss,
}


@dataclass(frozen=True)
class Budget:
    """Wall-clock: what the whole run may train for, and how often it reports and saves."""

    total_s: float
    log_s: float = 30.0
    save_s: float = 120.0
    validate_s: float = 480.0
    device: str = "cpu"


class Run:
    """One run folder: network, optimiser, averaged weights, progress and log."""

    def __init__(self, recipe: Recipe, folder: Path, budget: Budget, team: Team = ALONE) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder, self.budget, self.team = recipe, folder, budget, team
        self.device = torch.device(budget.device)
        self.net = _channels_last(EmbeddedNet(recipe.net).to(self.device))
        self.optimiser = torch.optim.AdamW(
            _parameter_groups(self.net, recipe.weight_decay), lr=recipe.rate, fused=True
        )
        self.average = Average(self.net, recipe.average_decay)
        self.progress = Progress()
        shape = (1, 3, 1, 1)
        self._mean = torch.tensor(recipe.mean, device=self.device).view(shape) * 255
        self._std = torch.tensor(recipe.std, device=self.device).view(shape) * 255

    @property
    def fraction(self) -> float:
        """How much of the budget is spent, 0..1."""
        return min(self.progress.elapsed_s / self.budget.total_s, 1.0)

    def rate(self) -> float:
        """The learning rate now: a short rise, then a cosine to nearly nothing."""
        recipe = self.recipe
        rise = min(1.0, (self.progress.step + 1) / recipe.warm_up_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * self.fraction))
        return rise * (recipe.final_rate + (recipe.rate - recipe.final_rate) * cosine)

    def step(self, batch: Batch, elapsed_s: float) -> float:
        """One optimiser step of the whole team, `elapsed_s` into the run; this process's loss."""
        stage = self.recipe.stages[self.recipe.stage_at(self.fraction)]
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        image = batch.image.to(self.device).permute(0, 3, 1, 2).float()
        image = ((image - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        self.net.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            prediction = self.net(image)
        loss = LOSSES[stage.loss](
            prediction.float(),
            batch.target.to(self.device),
            batch.has_edges.to(self.device),
            edge_weight=stage.edge_weight,
        )
        if stage.relative_weight:
            target, zero = batch.target.to(self.device), batch.zero.to(self.device)
            loss = loss + stage.relative_weight * relative_loss(prediction.float(), target, zero)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        elapsed_s = self.team.agree(self.net.parameters(), elapsed_s)
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        if norm.isfinite():
            self.optimiser.step()
            self.average.update(self.net, self.progress.step)
        seen = self.progress.pictures + len(batch.image) * self.team.count
        self.progress = Progress(self.progress.step + 1, seen, elapsed_s)
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All of it as plain values and tensors."""
        return {
            "net": self.recipe.net.as_dict(),
            "recipe": self.recipe.name,
            "seed": self.recipe.seed,
            "mean": list(self.recipe.mean),
            "std": list(self.recipe.std),
            "weights": self.net.state_dict(),
            "average": self.average.values,
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
            "budget_s": self.budget.total_s,
        }

    def has_checkpoint(self) -> bool:
        """Whether there is something to go on from."""
        return (self.folder / LAST).is_file()

    def restore(self) -> None:
        """Go on from the folder's last checkpoint."""
        state = load_state(self.folder / LAST)
        self.net.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.values = state["average"]
        self.progress = Progress(**state["progress"])

    def start(self, source: Path, batches: Iterator[Batch]) -> None:
        """Begin with the weights of a finished network instead of random ones."""
        start_from(self.net, source, prepared(batches, self._mean, self._std))
        self.average = Average(self.net, self.recipe.average_decay)

    def save(self) -> None:
        """Write the last checkpoint."""
        if self.team.is_leader:
            save_whole(self.state(), self.folder / LAST)

    def log(self, **fields: object) -> None:
        """Append one line to the run's log."""
        if not self.team.is_leader:
            return
        row = {**asdict(self.progress), "fraction": round(self.fraction, 5), **fields}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        logger.info("%s", row)


def _channels_last(net: EmbeddedNet) -> EmbeddedNet:
    """The network with its kernels laid out channels last: the fast order on a CPU, and on a GPU."""
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net


def _parameter_groups(net: torch.nn.Module, decay: float) -> list[dict[str, object]]:
    """Weight decay on matrices and kernels, none on biases and normalisation."""
    matrices = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


@dataclass(frozen=True)
class Order:
    """A training run as asked for on the command line. left_s: seconds from now instead of total_s."""

    recipe: str
    folder: Path
    total_s: float
    left_s: float | None = None
    is_resumed: bool = False
    threads: int = 0
    device: str = "cpu"
    start: Path | None = None


def is_finished(order: Order) -> bool:
    """Whether the run that is ordered has spent its budget already."""
    path = order.folder / LAST
    return path.is_file() and load_state(path)["progress"]["elapsed_s"] >= order.total_s


def carry_out(team: Team, order: Order, settings: LabSettings) -> None:
    """Train as ordered, as one process of a team."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if order.threads:
        torch.set_num_threads(order.threads)
    run = Run(find_recipe(order.recipe), order.folder, Budget(order.total_s, device=order.device), team)
    if order.is_resumed and run.has_checkpoint():
        run.restore()
    elif order.start is not None:
        run.start(order.start, _batches(run, 0, settings))
    if order.left_s is not None:
        run.budget = replace(run.budget, total_s=run.progress.elapsed_s + order.left_s)
    train(run, settings)


def train(run: Run, settings: LabSettings) -> None:
    """Train until the budget is spent, stage after stage."""
    run.folder.mkdir(parents=True, exist_ok=True)
    reporter = Reporter(run, Validation(settings, run.recipe) if run.team.is_leader else None)
    if run.team.is_leader:
        _write_config(run)
    while run.fraction < 1:
        index = run.recipe.stage_at(run.fraction)
        run.log(event="stage", stage=index)
        _train_stage(run, index, settings, reporter)
        run.save()
    reporter.validate()


def _write_config(run: Run) -> None:
    config = {
        "recipe": asdict(run.recipe),
        "budget": asdict(run.budget),
        "parameters": parameter_count(run.net),
        "processes": run.team.count,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    (run.folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _batches(run: Run, index: int, settings: LabSettings) -> Iterator[Batch]:
    """This process's part of a stage's batches, made beside it; the seed moves with the step."""
    sizes = [
        (h, w, -(-count // run.team.count), weight) for h, w, count, weight in run.recipe.stages[index].sizes
    ]
    plan = Plan(
        shares=run.recipe.shares,
        sizes=tuple(sizes),
        seed=(run.recipe.seed * 1_000_003 + run.progress.step) * 64 + run.team.rank,
        data_root=settings.data,
        scenes_root=settings.scenes,
        scene_weights=run.recipe.scene_weights,
    )
    return iter(DataLoader(Mixture(plan), batch_size=None, num_workers=1, prefetch_factor=8))


def _train_stage(run: Run, index: int, settings: LabSettings, reporter: Reporter) -> None:
    """Steps until the stage's share of the budget is spent."""
    batches = _batches(run, index, settings)
    started = time.monotonic() - run.progress.elapsed_s
    while run.fraction < 1 and run.recipe.stage_at(run.fraction) == index:
        asked = time.monotonic()
        batch = next(batches)
        waited_s = time.monotonic() - asked
        loss = run.step(batch, time.monotonic() - started)
        reporter.note(loss, len(batch.image) * run.team.count, waited_s)


class Reporter:
    """Logs, validates and saves now and then, by the clock."""

    def __init__(self, run: Run, validation: Validation | None) -> None:
        self._run, self._validation = run, validation
        self._logged = self._saved = self._validated = time.monotonic()
        self._losses: list[float] = []
        self._pictures, self._waited_s = 0, 0.0

    def note(self, loss: float, pictures: int, waited_s: float) -> None:
        """Take in one step, and do what is due."""
        self._losses.append(loss)
        self._pictures += pictures
        self._waited_s += waited_s
        budget, now = self._run.budget, time.monotonic()
        if now - self._logged >= budget.log_s:
            self._log(now - self._logged)
            self._logged = now
        if now - self._saved >= budget.save_s:
            self._run.save()
            self._saved = now
        if now - self._validated >= budget.validate_s:
            self.validate()
            self._validated = time.monotonic()

    def validate(self) -> None:
        """Log the figures on validation frames (leader only), at the stage's own size."""
        if self._validation is not None:
            stage = self._run.recipe.stages[self._run.recipe.stage_at(self._run.fraction)]
            size = stage.sizes[0][:2]
            figures = self._validation.figures(self._run.average.values, size)
            self._run.log(event="validation", size=list(size), **figures)

    def _log(self, seconds: float) -> None:
        self._run.log(
            stage=self._run.recipe.stage_at(self._run.fraction),
            loss=round(sum(self._losses) / len(self._losses), 5),
            rate=self._run.rate(),
            pictures_per_s=round(self._pictures / seconds, 1),
            waiting=round(self._waited_s / seconds, 3),
        )
        self._losses, self._pictures, self._waited_s = [], 0, 0.0
