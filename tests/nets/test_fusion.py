"""Norms folded into convolutions."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from nearfar.nets import build, stand_in  # noqa: E402
from nearfar.zoo.catalogue import card  # noqa: E402 - after the check


def test_folded_network_answers_the_same() -> None:
    """MiDaS small without norms gives the same map within 1e-4 of its range."""
    folded = stand_in.ready_network(card("midas-small"))
    plain = build("midas/small")
    plain.load_state_dict(stand_in.drawn(plain))
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, found = plain(picture), folded(picture)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in folded.modules())
    assert float((found - expected).abs().max()) < 1e-4 * float(expected.max() - expected.min())
