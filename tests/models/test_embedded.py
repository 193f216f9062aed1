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
    assert PLUGIN[2].weights[0].sha256 == depth.provenance.weights_sha256


def test_finer_network_is_in_the_package() -> None:
    """One file of at most 16 MB; its maps say which network and what precision made them."""
    card = PLUGIN[1]
    assert (card.name, card.kind) == ("embedded-fine", DepthKind.RELATIVE_INVERSE)
    assert [file.bytes <= 16e6 for file in card.weights] == [True]
    depth = nearfar.load("embedded-fine").estimate(np.full((40, 60, 3), 90, np.uint8))
    assert depth.values.shape == (40, 60)
    assert depth.provenance.model == "embedded-fine"
    assert depth.provenance.weights_sha256 == card.weights[0].sha256
    assert "int8" in depth.provenance.engine
