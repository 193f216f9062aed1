"""The card that the lab writes is the card that the package reads; the shipped pair agrees."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from nearfar.models.embedded import card_from_json

if TYPE_CHECKING:
    from pathlib import Path


def _shipped() -> tuple[dict, bytes]:
    folder = resources.files("nearfar.assets")
    card = json.loads(folder.joinpath("embedded.json").read_text(encoding="utf-8"))
    return card, folder.joinpath("embedded.onnx").read_bytes()


def test_the_shipped_file_is_the_card_s() -> None:
    """Hash and length in the card are the file's."""
    card, content = _shipped()
    assert card["weights"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["weights"][0]["bytes"] == len(content)


def test_the_shipped_file_tells_nothing_of_the_machine() -> None:
    """No stack trace, and so no folder of the machine that exported it, is inside."""
    _, content = _shipped()
    assert b'File "' not in content
    assert b"stack_trace" not in content


def test_the_shipped_network_is_small() -> None:
    """At most 6 M parameters, 12 MB in 16 bits and 6 MB in 8, a quarter of MiDaS small's multiply-adds."""
    card, _ = _shipped()
    assert card["parameters"] <= 6_000_000
    assert card["weights"][0]["bytes"] <= 12_000_000
    assert card["weights"][1]["bytes"] <= 6_000_000
    assert card["multiply_adds"] <= 4.6e9 / 4


def test_the_shipped_card_says_what_it_was_made_from() -> None:
    """Architecture, data with terms, seed, steps, figures, looks at held-out sets."""
    card, _ = _shipped()
    assert all(row["terms"] for row in card["training"]["data"])
    assert {"architecture", "figures", "held_out_looks", "protocol"} <= set(card)
    assert {"seed", "steps", "hours", "machine"} <= set(card["training"])
    assert {"nyu_v2", "kitti_tiny"} <= set(card["figures"])


def test_a_card_made_here_is_read_by_the_package(tmp_path: Path) -> None:
    """What `make_card` gives becomes a ModelCard with the file's hash."""
    pytest.importorskip("torch")
    from nearfar_lab.card import Training, make_card, write_card
    from nearfar_lab.evaluate import Evaluation
    from nearfar_lab.net import EmbeddedNet
    from nearfar_lab.recipes import recipe

    weights = tmp_path / "embedded.onnx"
    weights.write_bytes(b"weights")
    progress = {"step": 5, "pictures": 80, "elapsed_s": 3600.0}
    state = {"progress": progress, "seed": 1, "machine": "2 cores", "scenes": 100}
    state["members"] = [{"seed": 1, "steps": 2}, {"seed": 2, "steps": 3}]
    training = Training(state, {"nyu_v2": 1})
    found = [Evaluation("nyu_v2", "embedded", "", (("0", {"beyond": 0.2}),))]
    write_card(
        make_card(EmbeddedNet(), recipe("embedded"), weights, training, found), tmp_path / "embedded.json"
    )
    card = card_from_json(json.loads((tmp_path / "embedded.json").read_text(encoding="utf-8")))
    assert card.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert card.input.mean == recipe("embedded").mean
    assert card.details["training"]["mean_of"] == state["members"]
    assert card.details["figures"] == {"nyu_v2": {"pictures": 1, "input": "embedded", "beyond": 0.2}}


@pytest.mark.parametrize(
    ("state", "is_clean"),
    [({"is_open": True}, True), ({}, False), ({"is_open": True, "taught_by": {"recipe": "fine"}}, False)],
)
def test_the_card_of_an_open_run_says_that_its_terms_are_free(
    tmp_path: Path, state: dict, is_clean: bool
) -> None:
    """Unless it learned from a network that learned from others."""
    pytest.importorskip("torch")
    from nearfar_lab.card import Training, make_card
    from nearfar_lab.net import EmbeddedNet
    from nearfar_lab.recipes import recipe

    weights = tmp_path / "embedded.onnx"
    weights.write_bytes(b"weights")
    progress = {"step": 5, "pictures": 80, "elapsed_s": 3600.0}
    state = {"progress": progress, "seed": 1, "machine": "2 cores", "scenes": 100, **state}
    card = make_card(EmbeddedNet(), recipe("embedded"), weights, Training(state), [])
    assert ("research-only" not in card["licence_note"]) == is_clean
    assert ("free for any use" in card["licence_note"]) == is_clean
