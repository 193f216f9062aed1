"""Every model by name."""

from __future__ import annotations

import pytest

from nearfar.errors import SettingsError, UnknownNameError
from nearfar.zoo import catalogue

CARDS = list(catalogue.cards().values())


def test_embedded_is_the_first() -> None:
    """The network inside the package heads the list."""
    assert CARDS[0].name == "embedded"


def test_unknown_model_offers_the_nearest() -> None:
    """A slip of the pen is answered with the right name."""
    with pytest.raises(UnknownNameError, match="Did you mean 'embedded'"):
        catalogue.card("embeded")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_card_is_complete(card: object) -> None:
    """Licence, weights, and what the numbers mean stand on each card; what we ship has its whole hash.

    Files of others carry the hash that is published, if any; the rest are pinned when first fetched.
    """
    assert card.title
    assert card.licence
    assert card.parameters > 0
    assert card.weights
    shipped = [file for file in card.weights if file.location.startswith("asset:")]
    assert bool(shipped) == (card.family == "embedded")
    assert all(len(file.sha256) == 64 for file in shipped)
    assert all(len(file.sha256) == 0 or len(file.sha256) >= 8 for file in card.weights)
    assert card.unit == card.kind.unit


def test_two_models_of_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name given twice is an error."""

    class Twice:
        def names(self) -> tuple[str, ...]:
            return ("one", "two")

        def load(self, _: str) -> tuple[object, ...]:
            return (CARDS[0],)

    monkeypatch.setattr(catalogue, "MODELS", Twice())
    with pytest.raises(SettingsError, match="Two models are called 'embedded'"):
        catalogue.cards.__wrapped__()
