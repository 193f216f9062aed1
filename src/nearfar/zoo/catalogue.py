"""Every model card, by name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nearfar.errors import SettingsError, UnknownNameError, did_you_mean
from nearfar.registry import MODELS

if TYPE_CHECKING:
    from nearfar.cards import ModelCard


@cache
def cards() -> dict[str, ModelCard]:
    """All cards of all families, in the order of their families' files; ``embedded`` first."""
    families = sorted(MODELS.names(), key=lambda name: (name != "embedded", name))
    table: dict[str, ModelCard] = {}
    for card in (card for family in families for card in MODELS.load(family)):
        if card.name in table:
            raise SettingsError(f"Two models are called '{card.name}'.")
        table[card.name] = card
    return table


def _in_package(name: str) -> ModelCard | None:
    """The card of a network in the package: found without loading those of all other families."""
    return next((row for row in MODELS.load("embedded") if row.name == name), None)


def card(name: str) -> ModelCard:
    """The card of a model.

    Raises:
        UnknownNameError: there is none of that name; the message offers the nearest.
    """
    found = _in_package(name) or cards().get(name)
    if found is None:
        raise UnknownNameError(f"There is no model '{name}'.", did_you_mean(name, cards()))
    return found
