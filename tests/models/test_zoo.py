"""The cards of other people's networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nearfar.cards import DepthKind
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from pathlib import Path

CARDS = catalogue.cards()
PROMISED = (
    "midas-small",
    "midas-large",
    "dpt-large",
    "dpt-hybrid",
    "dpt-beit-large-512",
    "dpt-beit-large-384",
    "dpt-swin2-large-384",
    "dpt-swin2-base-384",
    "dpt-swin2-tiny-256",
    "dpt-levit-224",
    "zoedepth-n",
    "zoedepth-k",
    "zoedepth-nk",
    *(f"depth-anything-{version}-{size}" for version in ("v1", "v2") for size in ("small", "base", "large")),
    *(
        f"depth-anything-v2-metric-{domain}-{size}"
        for domain in ("indoor", "outdoor")
        for size in ("small", "base", "large")
    ),
    "depth-pro",
    "leres-resnet50",
    "leres-resnext101",
    "bts-nyu-densenet161",
    "bts-kitti-densenet161",
    "bts-nyu-resnet50",
)


def test_all_promised_networks_have_a_row() -> None:
    """Names are the ones users know."""
    assert set(PROMISED) <= set(CARDS)


@pytest.mark.parametrize("name", PROMISED)
def test_card_is_complete(name: str) -> None:
    """Every row says whence, under what terms, and what its numbers mean."""
    card = CARDS[name]
    assert card.paper.startswith("https://arxiv.org/abs/")
    assert card.licence
    assert card.parameters > 1_000_000
    assert card.network
    assert card.extra in {"torch", "transformers"}
    assert (card.max_depth_m is not None) == (card.kind is DepthKind.METRIC)
    assert all(len(file.sha256) in {0, 8, 64} for file in card.weights)


def test_restricted_networks_are_known() -> None:
    """What may not be used commercially is told apart."""
    restricted = {name for name in PROMISED if not CARDS[name].is_commercial_use_allowed}
    assert {"depth-pro", "leres-resnet50", "depth-anything-v2-large", "depth-anything-v2-base"} <= restricted
    assert restricted.isdisjoint({"midas-small", "dpt-large", "depth-anything-v2-small", "zoedepth-nk"})


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("midas-small", "midas_v21_small_256"),
        ("midas-large", "midas_v21_384"),
        ("dpt-large", "dpt_large_384"),
    ],
)
def test_input_sizes_are_the_published_ones(shared: Path, name: str, row: str) -> None:
    """The network's input has the size that the published preprocessing picks; a side is never 0."""
    table = json.loads((shared / "conformance" / "input_sizes.json").read_text())
    for entry in table["rows"]:
        expected = tuple(max(side, 32) for side in entry[row])
        assert CARDS[name].input.network_size(*entry["image"]) == expected, entry


def test_preferred_files_need_no_conversion() -> None:
    """Where a published ONNX file exists it is the first choice."""
    for name in ("midas-small", "midas-large", "dpt-large", "dpt-hybrid", "depth-anything-v2-small"):
        assert CARDS[name].engines == ("onnxruntime", "torch")


def test_zoedepth_runs_as_published() -> None:
    """Its inference pads by mirroring and averages with the mirror image."""
    for name in ("zoedepth-n", "zoedepth-k", "zoedepth-nk"):
        spec = CARDS[name].input
        assert (spec.pad, spec.flip, spec.border(640, 480)) == (3.0, True, (53, 46))
    assert not any(card.input.flip for name, card in CARDS.items() if not name.startswith("zoe"))
