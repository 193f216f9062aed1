"""The training loop: driven by a budget of time, resumable after a kill at any moment."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from nearfar.errors import ParameterError
from nearfar_lab.checkpoint import LAST, Average, Progress, load_net, load_state, save_whole
from nearfar_lab.designs import AnyNet, build, described
from nearfar_lab.device_mixture import DeviceMixture
from nearfar_lab.errors import CheckpointError
from nearfar_lab.losses.invariant import invariant_loss
from nearfar_lab.losses.order import order_loss
from nearfar_lab.losses.outline import outline_loss
from nearfar_lab.losses.regression import regression_loss
from nearfar_lab.losses.relative import relative_loss
from nearfar_lab.machine import machine_class
from nearfar_lab.mixture import Batch, Mixture, Plan
from nearfar_lab.net import parameter_count
from nearfar_lab.pretrained import fill_encoder
from nearfar_lab.recipes import Recipe
from nearfar_lab.recipes import recipe as find_recipe
from nearfar_lab.shards import find_shards
from nearfar_lab.start import prepared, start_from
from nearfar_lab.team import Team
from nearfar_lab.validation import Validation

if TYPE_CHECKING:
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
        self.net = _channels_last(build(recipe.net).to(self.device))
        self.optimiser = torch.optim.AdamW(parameter_groups(self.net, recipe), lr=recipe.rate, fused=True)
        self.average = Average(self.net, recipe.average_decay)
        self.progress = Progress()
        self.teacher: AnyNet | None = None
        self.pretrained: dict[str, str] = {}
        self.taught_by: dict[str, object] = {}
        self.scenes = 0
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

    def step(self, batch: Batch, elapsed_s: float) -> Tensor:
        """One optimiser step of the whole team, `elapsed_s` into the run; this process's loss, one number.

        Nothing here waits for the device, so that a graphics card always has the next step to do.
        """
        stage = self.recipe.stages[self.recipe.stage_at(self.fraction)]
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate() * group["share"]
        batch = batch.to(self.device)
        self.net.train()
        if self.recipe.keeps_statistics:
            _keep_statistics(self.net)
        elif self.recipe.keeps_encoder_statistics:
            _keep_statistics(cast("torch.nn.Module", self.net.encoder))
        with self._precision():
            everything = self.net(self._prepared(batch.image))
        everything = everything.float()
        prediction, ranked = everything[: len(batch.target)], everything[len(batch.target) :]
        loss = LOSSES[stage.loss](prediction, batch.target, batch.has_edges, edge_weight=stage.edge_weight)
        if stage.relative_weight:
            loss = loss + stage.relative_weight * relative_loss(prediction, batch.target, batch.zero)
        if stage.outline_weight:
            is_exact = torch.arange(len(prediction), device=self.device) >= batch.real_count
            loss = loss + stage.outline_weight * outline_loss(prediction, batch.target, batch.zero, is_exact)
        if stage.order_weight and len(ranked):
            loss = loss + stage.order_weight * order_loss(ranked, batch.pairs, batch.pair_weight)
        if self.teacher is not None:
            loss = loss + self.recipe.teacher_weight * self._taught(batch, everything)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        elapsed_s = self.team.agree(self.net.parameters(), elapsed_s)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        for parameter in self.net.parameters():
            if parameter.grad is not None:  # where the norm is not finite, nothing is learned
                torch.nan_to_num_(parameter.grad, nan=0.0, posinf=0.0, neginf=0.0)
        self.optimiser.step()
        self.average.update(self.net, self.progress.step)
        seen = self.progress.pictures + len(batch.image) * self.team.count
        self.progress = Progress(self.progress.step + 1, seen, elapsed_s)
        return loss.detach()

    def _precision(self) -> torch.autocast:
        """bfloat16 where it is the faster."""
        is_half = self.device.type != "cpu" or self.recipe.halves_on_cpu
        return torch.autocast(self.device.type, torch.bfloat16, enabled=is_half)

    def _prepared(self, image: Tensor) -> Tensor:
        """Bytes (N, H, W, 3) as the network takes them."""
        scaled = (image.permute(0, 3, 1, 2).float() - self._mean) / self._std
        return scaled.contiguous(memory_format=torch.channels_last)

    def _taught(self, batch: Batch, prediction: Tensor) -> Tensor:
        """How far the network is from what its teacher sees in real photos, before their colours changed."""
        real, ranked = batch.real_count, len(batch.target)  # slices: to ask the device for places would wait
        clean, mine = (torch.cat((rows[:real], rows[ranked:])) for rows in (batch.clean, prediction))
        if not len(clean):
            return prediction.sum() * 0
        with torch.no_grad(), self._precision():
            seen = (self._asked(clean) + self._asked(clean.flip(2)).flip(2)) / 2
        return invariant_loss(mine, seen, torch.ones(len(mine), dtype=torch.bool, device=self.device))

    def _asked(self, clean: Tensor) -> Tensor:
        """What the teacher sees in pictures, (N, H, W)."""
        return cast("Tensor", cast("AnyNet", self.teacher)(self._prepared(clean))).float()

    def state(self) -> dict[str, Any]:
        """All of it as plain values and tensors; a finished run keeps the averaged weights alone."""
        state = {
            "net": described(self.recipe.net),
            "recipe": self.recipe.name,
            "seed": self.recipe.seed,
            "mean": list(self.recipe.mean),
            "std": list(self.recipe.std),
            "average": self.average.values,
            "progress": asdict(self.progress),
            "budget_s": self.budget.total_s,
            "scenes": self.scenes,
            "machine": machine_class(self.device),
            "taught_by": self.taught_by,
            "pretrained": self.pretrained,
            "is_open": self.recipe.is_open,
        }
        if self.fraction < 1:
            state["weights"] = self.net.state_dict()
            state["optimiser"] = self.optimiser.state_dict()
        return state

    def has_checkpoint(self) -> bool:
        """Whether there is something to go on from."""
        return (self.folder / LAST).is_file()

    def restore(self) -> None:
        """Go on from the folder's last checkpoint."""
        state = load_state(self.folder / LAST)
        if state["seed"] != self.recipe.seed:
            raise CheckpointError(
                f"{self.folder}: a run of seed {state['seed']}, not {self.recipe.seed}.",
                "Give the --member that it was trained as.",
            )
        self.net.load_state_dict(state.get("weights", state["average"]))
        if "optimiser" in state:
            self.optimiser.load_state_dict(state["optimiser"])
        self.average.values = {name: value.to(self.device) for name, value in state["average"].items()}
        self.progress = Progress(**state["progress"])
        self.pretrained = state.get("pretrained", {})

    def know_things(self) -> None:
        """Begin with an encoder that was trained on ImageNet."""
        self.pretrained = fill_encoder(self.net).as_dict()
        self.average = Average(self.net, self.recipe.average_decay)

    def learn_from(self, source: Path) -> None:
        """Let the finished network of a checkpoint or run folder label the real photos."""
        net, state = load_net(source)
        self.teacher = _channels_last(net.to(self.device)).requires_grad_(False)
        self.taught_by = {
            "recipe": state["recipe"],
            "parameters": parameter_count(net),
            "steps": state["progress"]["step"],
            "pictures_seen": state["progress"]["pictures"],
            "hours": round(state["progress"]["elapsed_s"] / 3600, 2),
        }

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


def _channels_last(net: AnyNet) -> AnyNet:
    """The network with its kernels laid out channels last: the fast order on a CPU, and on a GPU."""
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net


def _keep_statistics(net: torch.nn.Module) -> None:
    """Let the normalisations use the means and variances that they have, and not change them."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()


def parameter_groups(net: torch.nn.Module, recipe: Recipe) -> list[dict[str, object]]:
    """Weight decay on matrices and kernels, none on the others; `share` of the learning rate."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        groups.setdefault((name.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": recipe.weight_decay if is_matrix else 0.0,
            "share": recipe.encoder_rate if is_encoder else 1.0,
        }
        for (is_encoder, is_matrix), parameters in groups.items()
    ]


@dataclass(frozen=True)
class Order:
    """A training run as asked for on the command line.

    left_s: seconds from now instead of total_s. member: which of a recipe's runs side by side, from 0.
    is_open: learn only from sets whose terms are free for any use.
    """

    recipe: str
    folder: Path
    total_s: float
    left_s: float | None = None
    is_resumed: bool = False
    threads: int = 0
    device: str = "cpu"
    start: Path | None = None
    teacher: Path | None = None
    member: int = 0
    is_open: bool = False


def is_finished(order: Order) -> bool:
    """Whether the run that is ordered has spent its budget already."""
    path = order.folder / LAST
    return path.is_file() and load_state(path)["progress"]["elapsed_s"] >= order.total_s


def carry_out(team: Team, order: Order, settings: LabSettings) -> None:
    """Train as ordered, as one process of a team."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if order.threads:
        torch.set_num_threads(order.threads)
    recipe = find_recipe(order.recipe)
    if recipe.committee_of:
        raise ParameterError(
            f"{recipe.name} is a committee of {', '.join(recipe.committee_of)}: it is not trained.",
            "Train those, then: nearfar-lab assemble.",
            parameter="recipe",
        )
    if not 0 <= order.member < recipe.members:
        raise ParameterError(
            f"{recipe.name} has no member {order.member}.",
            f"Give --member from 0 to {recipe.members - 1}.",
            parameter="member",
        )
    recipe = replace(recipe, seed=recipe.seed + order.member).on(order.device)
    if order.is_open:
        recipe = recipe.open_only()
    run = Run(recipe, order.folder, Budget(order.total_s, device=order.device), team)
    if order.is_resumed and run.has_checkpoint():
        run.restore()
    elif order.start is not None:
        run.start(order.start, _first_batches(run, settings))
    elif recipe.pretrained:
        run.know_things()
    elif recipe.keeps_statistics:
        raise CheckpointError(
            f"{recipe.name} keeps the statistics of the network it goes on from, and there is none.",
            "Give --start.",
        )
    if order.teacher is not None:
        run.learn_from(order.teacher)
    if order.left_s is not None:
        run.budget = replace(run.budget, total_s=run.progress.elapsed_s + order.left_s)
    train(run, settings)


def _first_batches(run: Run, settings: LabSettings) -> Iterator[Batch]:
    """Batches of the first stage; nothing is loaded before one is asked for."""
    yield from _loader(run, 0, settings)


def train(run: Run, settings: LabSettings) -> None:
    """Train until the budget is spent, stage after stage."""
    run.folder.mkdir(parents=True, exist_ok=True)
    reporter = Reporter(run, Validation(settings, run.recipe) if run.team.is_leader else None)
    if run.team.is_leader:
        _write_config(run)
    source = _source(run, settings)
    while run.fraction < 1:
        index = run.recipe.stage_at(run.fraction)
        run.log(event="stage", stage=index)
        _train_stage(run, index, source, reporter)
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


def _plan(run: Run, index: int, settings: LabSettings) -> Plan:
    """This process's part of a stage's batches; the seed moves with the step."""
    sizes = [
        (h, w, -(-count // run.team.count), weight) for h, w, count, weight in run.recipe.stages[index].sizes
    ]
    return Plan(
        shares=run.recipe.shares,
        sizes=tuple(sizes),
        seed=(run.recipe.seed * 1_000_003 + run.progress.step) * 64 + run.team.rank,
        data_root=settings.data,
        scenes_root=settings.scenes,
        scene_weights=run.recipe.scene_weights,
        strength=run.recipe.strength,
        order_shares=run.recipe.order_shares,
        order_part=run.recipe.order_part,
    )


def _loader(run: Run, index: int, settings: LabSettings) -> DataLoader[Batch]:
    """A stage's batches, made by a process beside this one.

    Started anew, not forked: the fork of a process whose threads have computed can wait for them for ever.
    """
    mixture = Mixture(_plan(run, index, settings))
    return DataLoader(
        mixture, batch_size=None, num_workers=1, prefetch_factor=8, multiprocessing_context="spawn"
    )


Batches = Callable[[int], Iterator[Batch]]


def _source(run: Run, settings: LabSettings) -> Batches:
    """What gives a stage's batches: a process beside this one, or the graphics card itself."""
    if run.device.type == "cpu":
        return lambda index: _counted(run, settings, iter(_loader(run, index, settings)))
    mixture = DeviceMixture(_plan(run, 0, settings), run.device)

    def batches(index: int) -> Iterator[Batch]:
        for batch in mixture.batches(_plan(run, index, settings)):
            run.scenes = mixture.scene_count
            yield batch

    return batches


def _counted(run: Run, settings: LabSettings, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the scenes counted that they are drawn from."""
    run.scenes = sum(len(shard) for shard in find_shards(settings.scenes))
    yield from batches


def _train_stage(run: Run, index: int, source: Batches, reporter: Reporter) -> None:
    """Steps until the stage's share of the budget is spent."""
    batches = source(index)
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
        self._losses: list[Tensor] = []
        self._pictures, self._waited_s = 0, 0.0

    def note(self, loss: Tensor, pictures: int, waited_s: float) -> None:
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
            loss=round(float(torch.stack(self._losses).mean()), 5),
            rate=self._run.rate(),
            pictures_per_s=round(self._pictures / seconds, 1),
            waiting=round(self._waited_s / seconds, 3),
        )
        self._losses, self._pictures, self._waited_s = [], 0, 0.0
