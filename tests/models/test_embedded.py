"""The card of the network inside the package."""

from __future__ import annotations

import json

import numpy as np

import nearfar
from nearfar import assets
from nearfar.cards import DepthKind
from nearfar.models.embedded import CARD_FILES, PLUGIN, card_from_json

ROW = json.loads((assets.FOLDER / CARD_FILES[0]).read_text(encoding="utf-8"))


def test_card_is_the_json_file() -> None:
    """What the file says is what the card says."""
    card = PLUGIN[0]
    assert card == card_from_json(ROW)
    assert (card.name, card.kind, card.family) == ("embedded", DepthKind.RELATIVE_INVERSE, "embedded")
    assert card.is_commercial_use_allowed


def test_limits_of_the_package() -> None:
    """At most 6 million parameters, 12 MB in 16 bits and 6 MB in 8."""
    card = PLUGIN[0]
    assert card.parameters <= 6_000_000
    assert [file.bytes <= most for file, most in zip(card.weights, (12e6, 6e6), strict=True)] == [True, True]


def test_what_a_card_has_no_field_for_is_kept() -> None:
    """Training data, seeds and figures travel as details."""
    assert card_from_json(ROW | {"seeds": [1, 2]}).details["seeds"] == [1, 2]


def test_the_network_of_the_version_before_is_still_here() -> None:
    """It loads by its name, says which it is, and gives a map of the photo's size."""
    depth = nearfar.estimate(np.full((40, 60, 3), 90, np.uint8), model="embedded-v1")
    assert depth.provenance.model == "embedded-v1"
    assert depth.values.shape == (40, 60)
    assert PLUGIN[1].weights[0].sha256 == depth.provenance.weights_sha256
