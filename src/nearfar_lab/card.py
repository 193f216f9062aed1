"""The card of a trained network: what it is, what it was made from, and what it reaches."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.machine.files import write_whole
from nearfar.sessions.choice import PUBLISHED_INT8
from nearfar_lab.datasets import terms_of
from nearfar_lab.net import multiply_adds, parameter_count
from nearfar_lab.predictors import INT8_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nearfar_lab.designs import AnyNet
    from nearfar_lab.evaluate import Evaluation
    from nearfar_lab.recipes import Recipe

SMALLEST, LARGEST, MULTIPLE = 32, 1024, 32
COUNTED_AT = (192, 256)

LICENCE_NOTE = "The weights are ours and Apache-2.0{start}. {pictures}"
OPEN_PICTURES = (
    "The pictures they learned from are rendered by nearfar_lab or under CC BY, free for any use (see "
    "training.data, which names them, as CC BY asks)."
)
OTHER_PICTURES = (
    "Some of the pictures they learned from are under research-only, non-commercial or unstated terms (see "
    "training.data, also that of what it came from). None of them is in the package; whether such terms bear "
    "on learned weights is not settled everywhere: check your own policy."
)
MADE_FROM_NOTHING = ", made from nothing"
PRETRAINED = (
    "; training began with an encoder that others trained on ImageNet and published under Apache-2.0 "
    "(see started_from in training, of it or of what it came from; the pictures of ImageNet are for research)"
)
PROTOCOL = (
    "Scale and shift per picture by least squares in inverse depth over all known pixels, inverse depth "
    "floored at 1/cap, output resized bilinearly to the annotation, means over pictures. Order: 5000 random "
    "pairs a picture (seed 0) whose depths differ by more than 0.1 m. beyond: share of pixels with "
    "max(z/z*, z*/z) > 1.25. nyu_v2: official test split, cap 10 m, rows 45:471, columns 41:601, 8-bit "
    "filled depth. order_photos and photos_demo: pairs of points ranked by eye, all pairs of all photos "
    "together; pairs_higher: those whose nearer point stands higher. kitti_tiny: cap 80 m, one lidar "
    "scan, no crop. Input by this card's own rule."
)


@dataclass(frozen=True)
class Training:
    """What a checkpoint says of its run: its network, machine, scenes and progress.

    earlier: the `training` of the card of the network that the run went on from, empty where there was none.
    members: those of the members of a committee, in its order; empty where it is one network.
    """

    state: dict[str, Any]
    looks: dict[str, int] = field(default_factory=dict)
    note: str = ""
    earlier: dict[str, Any] = field(default_factory=dict)
    members: tuple[dict[str, Any], ...] = ()

    @property
    def start(self) -> dict[str, str]:
        """The published encoder that the run began with, empty where there was none."""
        found: dict[str, str] = self.state.get("pretrained") or {}
        return found

    @property
    def has_published_start(self) -> bool:
        """Whether the run, or one that it came from, began with a published encoder."""
        return bool(self.start) or any(_begins_published(row) for row in (self.earlier, *self.members))


def _begins_published(training: dict[str, Any]) -> bool:
    """Whether a card's `training` names a published encoder, or that of what it went on from does."""
    if not training:
        return False
    return "started_from" in training or _begins_published(training.get("went_on_from", {}))


def _recipe_of(state: dict[str, Any], recipe: Recipe) -> Recipe:
    """The recipe as the run followed it."""
    return recipe.open_only() if state.get("is_open") else recipe


def make_card(
    net: AnyNet,
    recipe: Recipe,
    weights: Path,
    training: Training,
    evaluations: Iterable[Evaluation],
) -> dict[str, Any]:
    """The card of an exported file as plain values, as `nearfar.models.embedded` reads it."""
    progress = training.state["progress"]
    taught_by, members = training.state.get("taught_by"), training.state.get("members")
    return {
        "name": recipe.model_name,
        "title": recipe.title,
        "summary": recipe.summary,
        "kind": "relative_inverse",
        "input": {
            "size": recipe.input_size,
            "multiple": MULTIPLE,
            "mean": list(recipe.mean),
            "std": list(recipe.std),
            "fit": "area",
            "min_size": SMALLEST,
            "max_size": LARGEST,
        },
        "outlines": recipe.outlines,
        "weights": _weight_rows(weights, recipe),
        "licence": "Apache-2.0",
        "is_commercial_use_allowed": True,
        "licence_note": _licence_note(training),
        "parameters": parameter_count(net),
        "multiply_adds": multiply_adds(net, *COUNTED_AT),
        "multiply_adds_at": f"{COUNTED_AT[1]}x{COUNTED_AT[0]}",
        "architecture": net.description,
        "training": {
            "recipe": recipe.name,
            "seed": training.state["seed"],
            "steps": progress["step"],
            "pictures_seen": progress["pictures"],
            "hours": round(progress["elapsed_s"] / 3600, 2),
            "machine": training.state["machine"],
            "note": training.note,
            "data": _data_of(training, recipe),
            **({"started_from": training.start} if training.start else {}),
            **({"taught_by": taught_by} if taught_by else {}),
            **({"mean_of": members} if members else {}),
            **({"went_on_from": training.earlier} if training.earlier else {}),
            **({"committee": list(training.members)} if training.members else {}),
        },
        "protocol": PROTOCOL,
        "figures": {e.data: _rounded(e) for e in evaluations},
        "held_out_looks": training.looks,
    }


def _licence_note(training: Training) -> str:
    """What is said of terms: what a network learned from others is under theirs."""
    others = training.earlier or training.state.get("taught_by") or training.state.get("members")
    is_open = bool(training.state.get("is_open")) and not others
    return LICENCE_NOTE.format(
        start=PRETRAINED if training.has_published_start else MADE_FROM_NOTHING,
        pictures=OPEN_PICTURES if is_open else OTHER_PICTURES,
    )


def int8_beside(weights: Path) -> Path:
    """Where the int8 file of an exported file lies."""
    return weights.with_name(f"{weights.stem}{INT8_SUFFIX}{weights.suffix}")


def shipped(weights: Path, recipe: Recipe) -> Path:
    """Of an exported file and the int8 file beside it, the one that is run when nothing else is said."""
    return int8_beside(weights) if recipe.is_int8_alone else weights


def _weight_rows(weights: Path, recipe: Recipe) -> list[dict[str, object]]:
    """The float file unless int8 is shipped alone, and the int8 file where it was made."""
    files = [(weights, "onnxruntime"), (int8_beside(weights), PUBLISHED_INT8)][recipe.is_int8_alone :]
    return [
        {
            "name": path.name,
            "location": f"asset:{path.name}",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "engine": engine,
        }
        for path, engine in files
        if path.is_file()
    ]


def _data_of(training: Training, recipe: Recipe) -> list[dict[str, object]]:
    """What was learned from: of a committee what its members did, each by the pictures that it saw."""
    if not training.members:
        return _data_rows(_recipe_of(training.state, recipe), training.state["scenes"])
    total = sum(member["pictures_seen"] for member in training.members)
    rows: dict[str, dict[str, Any]] = {}
    for member in training.members:
        for row in member["data"]:
            part = row["share"] * member["pictures_seen"] / total
            before = rows.setdefault(row["name"], {**row, "share": 0.0})
            before["share"] += part
    return [{**row, "share": round(row["share"], 4)} for row in rows.values()]


def _data_rows(recipe: Recipe, scenes: int) -> list[dict[str, object]]:
    """Name, share of the pictures and terms of everything trained on."""
    total, part = sum(recipe.shares.values()), recipe.order_part if recipe.order_shares else 0.0
    shares = {name: share / total / (1 + part) for name, share in recipe.shares.items()}
    ordered = sum(recipe.order_shares.values())
    shares |= {name: share / ordered * part / (1 + part) for name, share in recipe.order_shares.items()}
    rows: list[dict[str, object]] = []
    for name, share in shares.items():
        terms = (
            f"Apache-2.0: {scenes} pictures rendered by nearfar_lab.scenes"
            if name == "scenes"
            else terms_of(name)
        )
        rows.append({"name": name, "share": round(share, 4), "terms": terms})
    return rows


def _rounded(evaluation: Evaluation) -> dict[str, float | int | str]:
    figures = {name: round(value, 4) for name, value in evaluation.means().items()}
    return {"pictures": len(evaluation.rows), "input": evaluation.model, **figures}


def write_card(card: dict[str, Any], path: Path) -> None:
    """Write a card as JSON, whole or not at all."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_whole(path, text.encode(), overwrite=True)
