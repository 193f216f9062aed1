"""``nearfar models``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from conftest import Run

CARDS = tuple(catalogue.cards().values())


def test_list_has_a_row_a_model(run: Run) -> None:
    """Every model stands on a line with its kind and its licence."""
    code, out, _ = run("models")
    head, *lines = out.splitlines()
    assert code == 0
    assert head.split() == ["name", "kind", "licence", "commercial", "parameters", "speed", "installed"]
    for card, line in zip(CARDS, lines, strict=True):
        assert line.startswith(f"{card.name} ")
        assert f" {card.kind.value} " in line
        assert f" {card.licence} " in line


def test_embedded_is_installed(run: Run) -> None:
    """The network of the package needs no download."""
    assert run("models")[1].splitlines()[1].endswith("  yes")


def test_list_as_json(run: Run) -> None:
    """--json gives all cards as one array."""
    found = json.loads(run("models", "--json")[1])
    assert [row["name"] for row in found] == [card.name for card in CARDS]
    assert found[0]["installed"] is True


def test_one_card(run: Run) -> None:
    """A name shows the whole card, its hash among it."""
    card = CARDS[0]
    code, out, _ = run("models", card.name)
    assert code == 0
    assert f"name: {card.name}\n" in out
    assert card.sha256 in out


def test_one_card_as_json(run: Run) -> None:
    """The JSON card holds its own fields and its details alike."""
    card = CARDS[0]
    found = json.loads(run("models", card.name, "--json")[1])
    assert (found["parameters"], found["kind"]) == (card.parameters, card.kind.value)
    assert set(card.details) <= set(found)


def test_unknown_model(run: Run) -> None:
    """The nearest name is offered."""
    code, _, err = run("models", "embeded")
    assert (code, err) == (2, "nearfar: There is no model 'embeded'. Did you mean 'embedded'?\n")


def test_two_names(run: Run) -> None:
    """One card at a time."""
    assert run("models", "embedded", "embedded")[0] == 2
