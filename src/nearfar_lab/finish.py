"""From a finished run to what is shipped: the float file, the int8 file, and their card."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nearfar.errors import SourceError
from nearfar_lab import card as cards
from nearfar_lab import evaluate as evaluation
from nearfar_lab import quantize
from nearfar_lab.checkpoint import load_net
from nearfar_lab.convert import export_onnx
from nearfar_lab.datasets import OrderSet, data_set, order_set, order_sets
from nearfar_lab.predictors import InputRule, find_predictor
from nearfar_lab.recipes import recipe
from nearfar_lab.remembered import remember

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cards import Fit
    from nearfar_lab.evaluate import Evaluation
    from nearfar_lab.predictors import Predictor
    from nearfar_lab.settings import LabSettings

GATE = ("nyu_v2_validation", "scenes_sharp", "order_photos")
"""Where int8 is held against float32: no real held-out set is opened for it."""


@dataclass(frozen=True)
class Finish:
    """What to finish. earlier: the card of the network that the run went on from.

    members: those of the members of a committee, in its order.
    """

    run: Path
    out: Path
    note: str = ""
    earlier: Path | None = None
    members: tuple[Path, ...] = ()


def export(order: Finish, settings: LabSettings) -> float:
    """Write the float file, the int8 file and a card without figures; the float file's difference from torch.

    Raises:
        ExportError: a file does not compute what it should; it is not left behind.
    """
    net, state = load_net(order.run)
    difference = export_onnx(net, order.out)
    int8 = cards.int8_beside(order.out)
    quantize.make_int8(order.out, int8, quantize.calibration(settings, recipe(state["recipe"])))
    write_card(order, [], settings)  # the gate reads the input rule from it
    try:
        quantize.check(int8_losses(order.out, settings))
    except Exception:
        int8.unlink()
        order.out.with_suffix(".json").unlink()
        raise
    write_card(order, [], settings)
    return difference


def int8_losses(weights: Path, settings: LabSettings) -> list[quantize.Loss]:
    """Figures of the float file and of the int8 file beside it on the sets of the gate."""
    figures: list[dict[str, dict[str, float]]] = [{}, {}]
    for kind, path in enumerate((weights, cards.int8_beside(weights))):
        for name in GATE:
            predictor = find_predictor(str(path), rule_for(name))
            figures[kind][name] = measure(predictor, name, settings).means()
    return quantize.losses(*figures)


def rule_for(data: str, size: int | None = None, fit: str | None = None) -> InputRule:
    """The input rule that a data set asks for, unless a size or fit is given."""
    if data in order_sets():
        return InputRule(size, cast("Fit | None", fit))
    source = data_set(data)
    return InputRule(size, cast("Fit | None", fit or source.fit), source.size_share)


def measure(predictor: Predictor, data: str, settings: LabSettings, limit: int = 0) -> Evaluation:
    """The figures of a predictor on a data set; predictions are kept, a look at a held-out set is noted."""
    source = order_set(data) if data in order_sets() else data_set(data)
    kept = remember(predictor, settings.runs / "predictions")
    if isinstance(source, OrderSet):
        found = evaluation.evaluate_pairs(kept, source, settings.data, limit)
    else:
        found = evaluation.evaluate(kept, source, settings.data, limit)
    if source.is_held_out:
        evaluation.note_look(settings.runs, found)
    return found


def write_card(order: Finish, found: list[Evaluation], settings: LabSettings) -> None:
    """Write the card beside the exported file."""
    net, state = load_net(order.run)
    training = cards.Training(
        state,
        evaluation.count_looks(settings.runs),
        order.note,
        _earlier(order.earlier),
        _members(order.members, state),
    )
    made = cards.make_card(net, recipe(state["recipe"]), order.out, training, found)
    cards.write_card(made, order.out.with_suffix(".json"))


def _members(named: tuple[Path, ...], state: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """What the cards of a committee's members say of their training.

    Raises:
        SourceError: other cards than the members', or none where there are members.
    """
    rows = tuple(_earlier(path) for path in named)
    wanted, found = [row["recipe"] for row in state.get("committee", [])], [row.get("recipe") for row in rows]
    if wanted != found:
        raise SourceError(
            f"The committee is of {wanted}, and cards of {found} were given.",
            "Give the card of each member's exported file, in this order.",
        )
    return rows


def _earlier(card: Path | None) -> dict[str, Any]:
    """What an earlier network's card says of its training, and its file's hash."""
    if card is None:
        return {}
    if not card.is_file():
        raise SourceError(f"{card}: there is no card.", "Give the .json beside an exported network.")
    row = json.loads(card.read_text(encoding="utf-8"))
    return {"sha256": row["weights"][0]["sha256"], **row["training"]}
