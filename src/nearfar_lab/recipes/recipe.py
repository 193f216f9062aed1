"""What a recipe is: a network, a mix of data, and stages over a budget of time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nearfar_lab.augment import Strength
from nearfar_lab.datasets import data_set, order_set
from nearfar_lab.net import NetOptions

if TYPE_CHECKING:
    from nearfar_lab.designs import AnyOptions


SCENES = "scenes"
"""What is rendered, among a recipe's shares."""


@dataclass(frozen=True)
class Stage:
    """A part of the run. until: the fraction of the time budget at which it ends.

    sizes: (height, width, batch, weight) rows, one drawn for every batch.
    loss: `regression` or `invariant`; relative_weight: how much the relative error of depth adds to it;
    order_weight, outline_weight: how much the order of ranked points and the outlines of scenes do.
    """

    until: float
    sizes: tuple[tuple[int, int, int, float], ...]
    loss: str = "regression"
    edge_weight: float = 0.5
    relative_weight: float = 0.0
    order_weight: float = 0.0
    outline_weight: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run but the data's folder and the time.

    starts_from: the recipe whose finished network this one goes on from, if any.
    teacher: the recipe whose finished network labels real photos for this one, if any; its labels count
    teacher_weight times.
    labels_from: the recipe whose finished network labels the ranked photos before this one begins, if any.
    card_name: the network's name where it is not the recipe's; title, summary: what a card says of it;
    input_size: the longer side of a 4:3 photo that it takes when nothing else is asked for.
    outlines: how many times its maps are sharpened along the outlines of the picture when it is used.
    is_int8_alone: whether the int8 file alone is shipped: where it measures as well, half the bytes will do.
    int8_pictures: int8 is calibrated on so many pictures at most, 0 for all there are: the maps of a large
    network of many pictures need more memory than a machine has.
    scene_size: height and width of the scenes that a rebuild renders.
    keeps_statistics: the normalisations keep the means and variances that the run starts with: small batches
    know them less well than the large ones of an earlier run.
    committee_of: the recipes whose finished networks are the members of this one's committee; it is put
    together, not trained.
    members: so many runs from one start, each with a seed of its own (`seed` and those that follow it), whose
    averaged weights are the network.
    order_shares: sets of photos with ranked points and how often each is drawn; order_part: so many such
    photos for each other picture of a batch.
    pretrained: whether the encoder starts from published weights; encoder_rate: its learning rate as a share
    of the rest's; keeps_encoder_statistics: its normalisations keep theirs.
    halves_on_cpu: whether a CPU computes in bfloat16 too (plain convolutions gain, depthwise ones lose).
    card_batch, card_rate: on a graphics card batches are so many times larger, and the learning rate is that.
    is_open: learns only from sets whose terms are free for any use.
    device: where it trains whatever a rebuild asks for, if anywhere.
    """

    name: str
    shares: dict[str, float]
    stages: tuple[Stage, ...]
    net: AnyOptions = field(default_factory=NetOptions)
    seed: int = 1
    rate: float = 2e-3
    final_rate: float = 1e-6
    warm_up_steps: int = 300
    weight_decay: float = 0.02
    clip: float = 1.0
    average_decay: float = 0.999
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)
    scene_weights: dict[str, float] = field(default_factory=dict)
    starts_from: str = ""
    teacher: str = ""
    teacher_weight: float = 1.0
    labels_from: str = ""
    strength: Strength = field(default_factory=Strength)
    scene_size: tuple[int, int] = (240, 320)
    card_name: str = ""
    title: str = "Nearfar embedded"
    summary: str = "The small network inside the package: no download, fast on one processor core."
    input_size: int = 256
    outlines: int = 0
    is_int8_alone: bool = False
    int8_pictures: int = 0
    keeps_statistics: bool = False
    members: int = 1
    committee_of: tuple[str, ...] = ()
    order_shares: dict[str, float] = field(default_factory=dict)
    order_part: float = 0.5
    pretrained: bool = False
    encoder_rate: float = 1.0
    keeps_encoder_statistics: bool = False
    halves_on_cpu: bool = True
    card_batch: float = 1.0
    card_rate: float = 0.0
    is_open: bool = False
    device: str = ""

    @property
    def model_name(self) -> str:
        """The name that its network goes by in the catalogue."""
        return self.card_name or self.name

    def stage_at(self, fraction: float) -> int:
        """Index of the stage that a fraction (0..1) of the budget belongs to."""
        for index, stage in enumerate(self.stages):
            if fraction < stage.until:
                return index
        return len(self.stages) - 1

    def open_only(self) -> Recipe:
        """The same without any set whose terms are not free for any use."""
        shares = {n: s for n, s in self.shares.items() if n == SCENES or data_set(n).is_open}
        ordered = {n: s for n, s in self.order_shares.items() if order_set(n).is_open}
        return replace(self, shares=shares, order_shares=ordered, is_open=True)

    def on(self, device: str) -> Recipe:
        """The same as it is trained on a device, `cpu` or `cuda`."""
        if device == "cpu" or self.card_batch == 1:
            return self
        stages = tuple(
            replace(
                stage,
                sizes=tuple(
                    (h, w, round(count * self.card_batch), share) for h, w, count, share in stage.sizes
                ),
            )
            for stage in self.stages
        )
        return replace(self, stages=stages, rate=self.card_rate or self.rate)
