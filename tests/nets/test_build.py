"""Networks by name."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from nearfar.errors import UnknownNameError  # noqa: E402 - after the check for torch
from nearfar.nets import build  # noqa: E402


@pytest.mark.parametrize(("wrong", "offered"), [("midaz/small", "midas"), ("midas/smal", "small")])
def test_unknown_network_offers_the_nearest(wrong: str, offered: str) -> None:
    """A misspelt family or variant is one clear error."""
    with pytest.raises(UnknownNameError, match=f"Did you mean '{offered}'"):
        build(wrong)


def test_networks_are_built_for_evaluation() -> None:
    """Norms use their stored statistics."""
    with torch.device("meta"):
        assert not build("midas/small").training
