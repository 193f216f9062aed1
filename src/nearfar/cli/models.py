"""``nearfar models``: which networks there are, and what is known about one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nearfar import catalogue
from nearfar.cli import _say
from nearfar.cli._verb import verb
from nearfar.errors import ParameterError, WeightsError
from nearfar.options import option, parse
from nearfar.weights import locate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.cards import ModelCard

_HEADS = ("name", "title", "kind", "licence", "commercial", "size", "installed")


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """The flags of the verb."""

    json: bool = option(False, "JSON on standard output: an array of all cards, or the one card.")


@verb(ModelsOptions, ("NAME", "Show the whole card of this model."))
def command(names: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """List the networks, or show the whole card of one."""
    options = parse(ModelsOptions, given)
    if len(names) > 1:
        raise ParameterError("Several models were named.", "Name one, or none for the list.")
    if names:
        card = _whole(catalogue.card(names[0]))
        _say.document(card) if options.json else _say.lines(_outline(card))
        return 0
    cards = catalogue.cards().values()
    if options.json:
        _say.document([_whole(card) for card in cards])
    else:
        _say.lines(_table([_HEADS, *(_row(card) for card in cards)]))
    return 0


def _whole(card: ModelCard) -> dict[str, Any]:
    """The card as plain values; its details stand beside its own fields."""
    values = asdict(card)
    details = values.pop("details")
    return {**values, "unit": card.unit, "installed": _is_installed(card), **details}


def _row(card: ModelCard) -> tuple[str, ...]:
    size = f"{card.parameters / 1e6:.1f} M, {sum(file.bytes for file in card.weights) / 1e6:.1f} MB"
    commercial = "yes" if card.is_commercial_use_allowed else "no"
    installed = "yes" if _is_installed(card) else "no"
    return card.name, card.title, card.kind.value, card.licence, commercial, size, installed


def _is_installed(card: ModelCard) -> bool:
    try:
        locate(card)
    except WeightsError:
        return False
    return True


def _table(rows: list[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _outline(value: Any, depth: int = 0) -> Iterable[str]:
    """Nested values as indented lines; what is empty is left out."""
    pairs = value.items() if isinstance(value, dict) else (("-", item) for item in value)
    for key, item in pairs:
        head = "  " * depth + (key if key == "-" else f"{key}:")
        if isinstance(item, dict) or _is_nested(item):
            yield head
            yield from _outline(item, depth + 1)
        elif isinstance(item, (list, tuple)):
            yield f"{head} {', '.join(str(inner) for inner in item)}"
        elif item not in (None, ""):
            yield f"{head} {item}"


def _is_nested(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and any(isinstance(inner, (dict, list, tuple)) for inner in item)
