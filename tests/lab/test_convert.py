"""Export: one file that computes what torch computes, or none."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from nearfar_lab import convert  # noqa: E402
from nearfar_lab.errors import ExportError  # noqa: E402
from nearfar_lab.halves import round_to_halves, tensors  # noqa: E402
from nearfar_lab.net import ConvBN, EmbeddedNet, NetOptions  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

TINY = NetOptions((8, 8, 16, 16, 24), (0, 0, 0, 0, 1), (1, 0, 0, 0), 1, 2)


@pytest.fixture(scope="module")
def net() -> EmbeddedNet:
    """A tiny network with running statistics that are not the initial ones."""
    torch.manual_seed(0)
    net = EmbeddedNet(TINY)
    for _ in range(3):
        net.train()(torch.randn(2, 3, 64, 64))
    return net.eval()


@pytest.fixture(scope="module")
def exported(net: EmbeddedNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network as a file."""
    path = tmp_path_factory.mktemp("export") / "tiny.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        convert.export_onnx(net, path)
    return path


@pytest.mark.slow
def test_the_file_computes_what_torch_computes(net: EmbeddedNet, exported: Path) -> None:
    """At every size tried, batches and portrait included, with the weights the file keeps in 16 bits."""
    same = convert.fold(net)
    round_to_halves(same)
    assert convert.largest_difference(same, exported) <= 1e-4
    assert [p.name for p in exported.parent.iterdir()] == ["tiny.onnx"]


@pytest.mark.slow
def test_sixteen_bits_cost_next_to_nothing(net: EmbeddedNet, exported: Path) -> None:
    """The unrounded network is within two thousandths of the range; large tensors are halves."""
    import onnx

    assert convert.largest_difference(net, exported) <= 2e-3
    graph = onnx.load(str(exported)).graph
    sizes = {t.data_type: 0 for t in graph.initializer}
    for tensor in graph.initializer:
        sizes[tensor.data_type] += int(np.prod(tensor.dims))
    assert sizes[onnx.TensorProto.FLOAT16] > 20 * sizes.get(onnx.TensorProto.FLOAT, 0)
    assert tensors(graph)["head.weight"].dtype == np.float32


def test_what_sixteen_bits_cannot_hold_is_refused() -> None:
    """An error instead of infinity."""
    net = EmbeddedNet(TINY)
    with torch.no_grad():
        net.head.weight[0] = 1e5
    with pytest.raises(ExportError, match=r"head\.weight"):
        round_to_halves(net)


@pytest.mark.slow
def test_another_network_s_file_is_noticed(exported: Path) -> None:
    """The check tells networks apart."""
    torch.manual_seed(1)
    assert convert.largest_difference(EmbeddedNet(TINY).eval(), exported) > 1e-4


def test_a_file_that_differs_is_not_written(
    net: EmbeddedNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large a difference is an error, and nothing is left in the folder."""
    monkeypatch.setattr(convert, "_write", lambda _, path: path.write_bytes(b"x"))
    monkeypatch.setattr(convert, "keep_as_halves", lambda _: None)
    monkeypatch.setattr(convert, "largest_difference", lambda *_: 1e-3)
    with pytest.raises(ExportError, match="not written"):
        convert.export_onnx(net, tmp_path / "bad.onnx")
    assert not list(tmp_path.iterdir())


def test_folding_changes_nothing(net: EmbeddedNet) -> None:
    """Without batch normalisation the same output, and no such layer left."""
    folded = convert.fold(net)
    image = torch.randn(1, 3, 64, 96)
    assert torch.allclose(folded(image), net(image), atol=1e-4)
    assert not any(isinstance(m[1], torch.nn.BatchNorm2d) for m in folded.modules() if isinstance(m, ConvBN))
