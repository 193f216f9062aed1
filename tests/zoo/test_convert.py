"""Checkpoints to ONNX files: equal to torch, or refused."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from nearfar import nets  # noqa: E402 - after the checks
from nearfar.errors import EngineError  # noqa: E402
from nearfar.sessions import choice  # noqa: E402
from nearfar.weights import Found, Store  # noqa: E402
from nearfar.zoo import convert  # noqa: E402
from nearfar.zoo.catalogue import card  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

CARD = card("midas-small")


class Tiny(torch.nn.Module):
    """One convolution to one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, H, W)."""
        return self.conv(x)[:, 0]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Found:
    """A checkpoint whose network is tiny."""
    torch.manual_seed(0)
    network = Tiny()
    monkeypatch.setattr(nets, "load", lambda *_: network)
    return Found(tmp_path / "tiny.pt", "a" * 64, "torch")


@pytest.mark.filterwarnings("ignore")
def test_converted_file_takes_any_size_and_is_kept(found: Found, tmp_path: Path) -> None:
    """Height and width are free, the output is torch's, and a second time nothing is made."""
    path = convert.to_onnx(CARD, found, Store(tmp_path))
    batch = np.random.default_rng(1).standard_normal((1, 3, 96, 320)).astype(np.float32)
    with torch.inference_mode():
        expected = nets.load("", tmp_path)(torch.from_numpy(batch)).numpy()
    difference = convert.relative_difference(convert._run(convert._session(path), batch), expected)
    assert difference < convert.LARGEST_DIFFERENCE
    made = path.stat().st_mtime_ns
    assert convert.to_onnx(CARD, found, Store(tmp_path)).stat().st_mtime_ns == made


@pytest.mark.filterwarnings("ignore")
def test_file_that_differs_from_torch_is_refused(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond 1e-4 of the range it is thrown away."""
    monkeypatch.setattr(convert, "_run", lambda _session, batch: batch[:, 0])
    with pytest.raises(EngineError, match=r"differs from torch by .* of the range"):
        convert.to_onnx(CARD, found, Store(tmp_path))
    assert not list(tmp_path.rglob("*.onnx"))


def test_difference_of_shapes_is_infinite() -> None:
    """Maps of another size never agree."""
    assert convert.relative_difference(np.zeros((1, 2, 2)), np.zeros((1, 2, 3))) == float("inf")


@pytest.mark.parametrize("name", ["zoedepth-nk", "depth-pro"])
def test_network_that_is_not_converted_says_so_at_once(
    name: str, found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason and what to do; nothing is loaded, nothing is left."""
    monkeypatch.setattr(nets, "load", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(EngineError, match=r"is not converted to ONNX: .*\n?.*--engine torch"):
        choice.float_file(card(name), found, Store(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_exporter_says_nothing(found: Found, tmp_path: Path) -> None:
    """Its remarks on parts of its own do not reach standard error; a new process, as at a first use."""
    code = "import torch; from pathlib import Path; "
    code += "from nearfar.zoo import convert; from nearfar.zoo.catalogue import card; "
    code += "net = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 3, padding=1), torch.nn.Flatten(0, 1)).eval(); "
    code += f"convert._write(net, card('midas-small').input, Path({str(tmp_path / 'x.onnx')!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "x.onnx").is_file()


def test_both_ends_of_a_graph_stay_wide() -> None:
    """Two branches of three convolutions that meet: the first of each, and the last with what follows."""
    from onnx import TensorProto, helper

    ways = [("x", "a1"), ("a1", "a2"), ("a2", "a3"), ("x", "b1"), ("b1", "b2"), ("b2", "b3")]
    nodes = [helper.make_node("Conv", [start, f"w_{end}"], [end], name=end) for start, end in ways]
    nodes.append(helper.make_node("Add", ["a3", "b3"], ["y"], name="sum"))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "branches", values[:1], values[1:])
    assert convert._kept_wide(graph, 0) == ["a3", "b3", "sum"]
    assert convert._kept_wide(graph, 1) == ["a1", "a3", "b1", "b3", "sum"]
    assert convert._kept_wide(graph, 2) == ["a1", "a2", "a3", "b1", "b2", "b3", "sum"]
