"""A network goes on from a finished one without forgetting it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.convert import export_onnx  # noqa: E402
from nearfar_lab.errors import CheckpointError  # noqa: E402
from nearfar_lab.lite import LiteNet, LiteOptions  # noqa: E402
from nearfar_lab.net import EmbeddedNet, NetOptions  # noqa: E402
from nearfar_lab.recipes import Recipe, Stage  # noqa: E402
from nearfar_lab.start import start_from  # noqa: E402
from nearfar_lab.train import Budget, Run  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

SMALL = NetOptions((8, 8, 16, 16, 24), (0, 1, 0, 0, 0), (1, 0, 0, 0), 1, 2)


def _images(seed: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(2, 3, 64, 64, generator=rng) for _ in range(3)]


def _with_statistics(net: torch.nn.Module) -> torch.nn.Module:
    """The network after a few pictures, each of its normalisations with numbers of its own."""
    for image in _images(0):
        net(image)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    return net.eval()


@pytest.fixture(scope="module")
def finished() -> EmbeddedNet:
    """A network whose normalisations hold statistics of their own."""
    torch.manual_seed(0)
    return _with_statistics(EmbeddedNet(SMALL))


@pytest.fixture(scope="module")
def exported(finished: EmbeddedNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network as an ONNX file."""
    path = tmp_path_factory.mktemp("start") / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        export_onnx(finished, path)
    return path


def test_an_exported_file_and_more_attention_compute_the_same(finished: EmbeddedNet, exported: Path) -> None:
    """New blocks change nothing at first, and normalisations that export folded away are back.

    What is left of a difference is the 16 bits that the file keeps its weights in.
    """
    net = EmbeddedNet(replace(SMALL, attention_blocks=2))
    start_from(net, exported, iter(_images(1)))
    image = _images(2)[0]
    expected = finished(image).detach()
    assert torch.allclose(net.eval()(image), expected, atol=5e-3 * float(expected.std()))


def test_in_training_it_computes_nearly_the_same(finished: EmbeddedNet, exported: Path) -> None:
    """The statistics given back are those of the pictures: normalising by a batch's own changes little."""
    net = EmbeddedNet(SMALL)
    images = _images(1)
    start_from(net, exported, iter(images))
    expected = finished(images[0]).detach()
    assert (net.train()(images[0]) - expected).std() < 0.3 * expected.std()


def test_a_checkpoint_of_the_same_network_is_taken_as_it_is(tmp_path: Path) -> None:
    """Every weight and statistic; no picture is asked for."""
    recipe = Recipe("small", {"scenes": 1.0}, (Stage(1.0, ((32, 64, 4, 1.0),)),), net=SMALL)
    run = Run(recipe, tmp_path, Budget(10.0))
    for name, value in run.average.values.items():
        if ".running_" in name:
            value.uniform_(0.5, 2.0)
    run.save()
    net = EmbeddedNet(SMALL)
    start_from(net, tmp_path, iter(()))
    assert all(torch.equal(value, run.average.values[name]) for name, value in net.state_dict().items())


def test_other_widths_are_refused(exported: Path) -> None:
    """What does not fit says so instead of starting from chance."""
    other = EmbeddedNet(replace(SMALL, encoder_blocks=(0, 0, 0, 0, 0)))
    with pytest.raises(CheckpointError, match="widths and blocks"):
        start_from(other, exported, iter(_images(1)))


@pytest.mark.slow
def test_a_network_with_a_pretrained_kind_of_encoder_goes_on_from_its_file(tmp_path: Path) -> None:
    """The file in the package is a start too, whatever the design."""
    torch.manual_seed(1)
    options = LiteOptions(widths=(8, 8, 16, 16, 24), decoder_blocks=(1, 0, 0, 0), attention_blocks=1, heads=2)
    finished = _with_statistics(LiteNet(options))
    path = tmp_path / "lite.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        export_onnx(finished.eval(), path)
    net = LiteNet(options)
    start_from(net, path, iter(_images(1)))
    image = _images(2)[0]
    expected = finished(image).detach()
    assert torch.allclose(net.eval()(image), expected, atol=5e-3 * float(expected.std()))
