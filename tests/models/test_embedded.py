"""The card of the network inside the package."""

from __future__ import annotations

import json

from nearfar import assets
from nearfar.cards import DepthKind
from nearfar.models.embedded import CARD_FILE, PLUGIN, card_from_json

ROW = json.loads((assets.FOLDER / CARD_FILE).read_text(encoding="utf-8"))


def test_card_is_the_json_file() -> None:
    """What the file says is what the card says."""
    (card,) = PLUGIN
    assert card == card_from_json(ROW)
    assert (card.name, card.kind, card.family) == ("embedded", DepthKind.RELATIVE_INVERSE, "embedded")
    assert card.is_commercial_use_allowed


def test_limits_of_the_package() -> None:
    """At most 6 million parameters, and 12 MB with the int8 file."""
    (card,) = PLUGIN
    assert card.parameters <= 6_000_000
    assert sum(file.bytes for file in card.weights) <= 12_000_000


def test_what_a_card_has_no_field_for_is_kept() -> None:
    """Training data, seeds and figures travel as details."""
    assert card_from_json(ROW | {"seeds": [1, 2]}).details["seeds"] == [1, 2]
