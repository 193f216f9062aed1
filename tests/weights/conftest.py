"""A store in a folder of its own, and a card whose file a local server has."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile
from nearfar.weights import Store, transfer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(DATA).hexdigest()
CARD = ModelCard(
    name="toy",
    title="Toy",
    family="toy",
    kind=DepthKind.RELATIVE_INVERSE,
    input=InputSpec(64),
    weights=(WeightFile("toy.onnx", ""),),
    licence="none",
    is_commercial_use_allowed=True,
    parameters=1,
    paper="https://example.org/toy",
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "home")


@pytest.fixture
def card_at() -> Callable[..., ModelCard]:
    """The toy card with its file at an address, and whatever else is known about it."""

    def make(location: str, **facts: object) -> ModelCard:
        return replace(CARD, weights=(replace(CARD.weights[0], location=location, **facts),))

    return make


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once."""
    monkeypatch.setattr(transfer.time, "sleep", lambda _seconds: None)
