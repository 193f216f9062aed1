"""Architectures of the model hub, without weights."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from nearfar.nets import stand_in  # noqa: E402 - after the checks
from nearfar.nets._published import HUB  # noqa: E402
from nearfar.zoo.catalogue import cards  # noqa: E402


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", HUB)
def test_parameters_are_as_many_as_the_card_says(name: str) -> None:
    """Within 3 %: MiDaS counts the classifiers of its encoders, too."""
    import transformers

    if not hasattr(transformers, HUB[name][0]):
        pytest.skip(f"this transformers has no {HUB[name][0]}")
    network = stand_in.empty_network(cards()[name])
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == pytest.approx(cards()[name].parameters, rel=0.03)


def test_every_hub_row_of_the_library_has_one() -> None:
    """So that each can be measured without its weights."""
    assert {name for name, card in cards().items() if card.network.startswith("transformers/")} == set(HUB)


@pytest.mark.filterwarnings("ignore")
def test_tables_that_no_checkpoint_holds_are_there() -> None:
    """Swin v2 computes its own when it is made: the network with drawn weights has all of them."""
    network = stand_in.ready_network(cards()["dpt-swin2-tiny-256"])
    tensors = [*network.parameters(), *network.buffers()]
    assert tensors
    assert not any(tensor.is_meta for tensor in tensors)
