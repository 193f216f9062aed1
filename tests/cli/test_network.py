"""Which network a verb looks with: --model, --fine, or the setting."""

from __future__ import annotations

import pytest

from nearfar.cli._network import FINE, network
from nearfar.errors import ParameterError
from nearfar.zoo import catalogue


def test_fine_is_a_network_of_the_package() -> None:
    """By its name, and no other name beside it."""
    assert catalogue.card(FINE).weights[0].location.startswith("asset:")
    assert network("", fine=True) == network(FINE, fine=True) == FINE
    assert network("midas-small", fine=False) == "midas-small"
    assert network("", fine=False) is None


@pytest.mark.parametrize(("model", "is_fast"), [("midas-small", False), ("", True)])
def test_wishes_that_exclude_each_other_are_told(model: str, *, is_fast: bool) -> None:
    """Nothing is guessed."""
    with pytest.raises(ParameterError, match="Give one of them"):
        network(model, fine=True, fast=is_fast)
