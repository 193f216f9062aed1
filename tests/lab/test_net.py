"""The embedded network's shape, size and cost."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.net import (  # noqa: E402
    Attention,
    EmbeddedNet,
    NetOptions,
    multiply_adds,
    parameter_count,
    position_channels,
)


@pytest.mark.parametrize("size", [(32, 32), (96, 160), (160, 96)])
def test_output_has_the_input_s_size(size: tuple[int, int]) -> None:
    """One value a pixel, whatever multiple of 32 comes in."""
    found = EmbeddedNet().eval()(torch.zeros(2, 3, *size))
    assert found.shape == (2, *size)


def test_budget() -> None:
    """At most 3 M parameters and a quarter of MiDaS small's multiply-adds at the default size."""
    net = EmbeddedNet()
    assert parameter_count(net) <= 3_000_000
    assert multiply_adds(net, 192, 256) <= 1_150_000_000


def test_multiply_adds_of_one_convolution() -> None:
    """A lone 3x3 convolution is counted as outputs times kernel times inputs."""
    layer = torch.nn.Conv2d(3, 8, 3, padding=1)
    assert multiply_adds(layer, 10, 20) == 8 * 10 * 20 * 9 * 3


def test_positions_have_one_scale_on_both_axes() -> None:
    """The longer side spans -1..1 and the shorter its share of it, y growing downwards."""
    x, y = position_channels(torch.zeros(1, 3, 32, 64))[0]
    assert x[0, 0] == pytest.approx(-1 + 1 / 64)
    assert y[-1, 0] == pytest.approx(0.5 - 1 / 64)
    assert y[0, 0] == -y[-1, 0]


def test_position_matters() -> None:
    """The same picture moved down gives other values: the network knows where a pixel is."""
    torch.manual_seed(0)
    net = EmbeddedNet().eval()
    flat = net(torch.zeros(1, 3, 64, 64))[0]
    assert (flat[8] - flat[56]).abs().max() > 1e-5


def test_pictures_of_a_batch_do_not_mix() -> None:
    """In evaluation mode a picture's result does not depend on its neighbours in the batch."""
    torch.manual_seed(0)
    net = EmbeddedNet().eval()
    batch = torch.randn(3, 3, 64, 96)
    assert torch.allclose(net(batch)[1], net(batch[1:2])[0], atol=1e-5)


def test_attention_is_the_same_in_training() -> None:
    """What a runtime computes step by step is what training computes at once, picture by picture."""
    torch.manual_seed(0)
    block = Attention(24, 2)
    tokens = torch.randn(3 * 10, 24)
    trained, plain = block.train()(tokens, 3), block.eval()(tokens, 3)
    assert torch.allclose(trained, plain, atol=1e-5)
    assert torch.allclose(block(tokens[10:20], 1), plain[10:20], atol=1e-5)


def test_multiply_adds_count_attention() -> None:
    """A block: three products of every position with 3, 1 and twice 2 tables, and two between positions."""
    with_two, with_one = (multiply_adds(EmbeddedNet(NetOptions(attention_blocks=n)), 64, 96) for n in (2, 1))
    positions, width = 6, 192
    assert with_two - with_one == positions * width * width * (3 + 1 + 2 + 2) + 2 * positions**2 * width


def test_options_survive_json() -> None:
    """Lists instead of tuples, as JSON gives them, make the same options."""
    options = NetOptions(widths=(8, 8, 16, 16, 24))
    fields = {k: list(v) if isinstance(v, tuple) else v for k, v in options.as_dict().items()}
    assert NetOptions.from_dict(fields) == options
