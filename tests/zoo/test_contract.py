"""What every card keeps to: sizes, weights, and what can be said of any photo before a network is loaded."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from nearfar.cards import DepthKind, ModelCard
from nearfar.errors import ParameterError
from nearfar.registry import ENGINES
from nearfar.zoo import catalogue

CARDS = list(catalogue.cards().values())
PHOTOS = [(640, 480), (480, 640), (4000, 3000), (1, 1), (3000, 40), (37, 5000), (1023, 767)]
every_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


@every_card
def test_names_are_such_as_an_address_takes(card: ModelCard) -> None:
    """Lower case, digits, hyphens and dots; the family is a word."""
    assert re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", card.name)
    assert re.fullmatch(r"[a-z0-9_]+", card.family)


@every_card
def test_any_photo_has_an_input_that_the_network_takes(card: ModelCard) -> None:
    """Both sides are multiples within its bounds, and the photo's part is not larger than the whole."""
    rule = card.input
    for photo in PHOTOS:
        width, height = rule.network_size(*photo)
        if rule.shape is None:
            assert width % rule.multiple == height % rule.multiple == 0
            assert max(width, height) <= max(rule.max_size, rule.width)
        assert min(width, height) >= 1
        inner = rule.picture_size(*photo)
        assert 1 <= inner[0] <= width
        assert 1 <= inner[1] <= height


@every_card
def test_a_usual_photo_keeps_its_shape(card: ModelCard) -> None:
    """Of 4:3, within the rounding to multiples; squares and fixed sizes are stretched by design."""
    rule = card.input
    if rule.fit == "exact" or rule.shape is not None or (rule.letterbox and rule.width):
        assert rule.network_size(640, 480) == rule.network_size(480, 640)
        return
    width, height = rule.network_size(640, 480)
    assert width / height == pytest.approx(4 / 3, rel=1.2 * rule.multiple / height)


@every_card
def test_a_letterbox_keeps_the_photo_s_shape(card: ModelCard) -> None:
    """To a pixel, whatever the bars beside it; without one there are no bars."""
    rule = replace(card.input, letterbox=True, shape=(640, 384))
    for width, height in PHOTOS[:3]:
        inner = rule.picture_size(width, height)
        assert inner[0] == 640 or inner[1] == 384
        assert abs(inner[0] * height - inner[1] * width) <= max(width, height)
    plain = replace(card.input, letterbox=False)
    assert plain.picture_size(640, 480) == plain.network_size(640, 480)


@every_card
def test_another_size_is_a_multiple_or_refused(card: ModelCard) -> None:
    """Within the bounds of the card; the rest of the rule stays."""
    rule = card.input
    if rule.shape is None:
        for size in (rule.min_size, (rule.min_size + rule.max_size) // 2, rule.max_size):
            found = rule.with_size(size)
            assert rule.min_size <= found.size <= rule.max_size
            assert found.size % rule.multiple == 0 or found.size == rule.min_size
            assert (found.mean, found.fit, found.multiple) == (rule.mean, rule.fit, rule.multiple)
    for size in (rule.min_size - 1, rule.max_size + 1):
        with pytest.raises(ParameterError, match=f"takes {rule.min_size} to {rule.max_size}"):
            rule.with_size(size)


@every_card
def test_weights_say_where_they_are_and_how_they_are_known(card: ModelCard) -> None:
    """Engines that there are, locations of four kinds, hexadecimal hashes, one name each."""
    assert len({file.name for file in card.weights}) == len(card.weights)
    for file in card.weights:
        assert file.engine.partition("-")[0] in ENGINES.names()
        assert file.location == "" or re.match(
            r"asset:\w|hub:[\w.-]+/[\w.-]+(@[0-9a-f]{40})?/.|https://", file.location
        )
        assert re.fullmatch(r"|[0-9a-f]{8,64}", file.sha256)
        assert file.bytes >= 0
    assert card.sha256 == card.weights[0].sha256


@every_card
def test_metres_have_what_metres_need(card: ModelCard) -> None:
    """A reach and a reference focal length only where depth is metric; both above nothing."""
    assert card.unit == ("m" if card.kind is DepthKind.METRIC else "1")
    if card.kind is not DepthKind.METRIC:
        assert card.reference_focal_px is None
    for number in (card.max_depth_m, card.reference_focal_px):
        assert number is None or number > 0


@every_card
def test_planes_have_outputs_of_names_of_their_own(card: ModelCard) -> None:
    """No output is read twice, and what a file takes besides is a whole number."""
    assert len(set(card.outputs)) == len(card.outputs)
    assert all(isinstance(value, int) for value in card.given.values())


@every_card
def test_a_checkpoint_that_torch_reads_says_what_to_build_and_install(card: ModelCard) -> None:
    """A network goes together with the extra that brings torch, and a reason only with a checkpoint."""
    if card.network:
        assert card.extra
    if card.not_converted:
        assert card.network or card.extra


def test_speed_classes_grow_with_parameters() -> None:
    """No network of a faster class has more of them."""
    order = ["fast", "medium", "slow"]
    classes = [card.speed_class for card in sorted(CARDS, key=lambda card: card.parameters)]
    assert classes == sorted(classes, key=order.index)
    assert set(classes) == set(order)


def test_normalising_twice_is_found_by_its_numbers() -> None:
    """A file that begins with the card's own normalisation is fed plain colours, of 0…1 or 0…255."""
    rule = next(card.input for card in CARDS if card.input.std == (0.229, 0.224, 0.225))
    scale, shift = 1 / np.array(rule.std), -np.array(rule.mean) / rule.std
    assert rule.after(tuple(scale), tuple(shift)).std == (1.0, 1.0, 1.0)
    assert rule.after(tuple(scale / 255), tuple(shift)).std == (1 / 255,) * 3
    assert rule.after((2.0, 2.0, 2.0), (-1.0, -1.0, -1.0)) is rule
