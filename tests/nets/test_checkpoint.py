"""Published checkpoints: unwrapped, checked, never run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from nearfar.errors import WeightsError  # noqa: E402 - after the check for torch
from nearfar.nets._checkpoint import load_into, read_state  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path


class Evil:
    """Would make a folder if it were unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def toy() -> torch.nn.Module:
    """A network with one root, as LeReS has."""
    return torch.nn.ModuleDict({"depth_model": torch.nn.Linear(2, 3)})


def state() -> dict[str, torch.Tensor]:
    """The toy's weights as they are published."""
    return {"module.weight": torch.ones(3, 2), "module.bias": torch.zeros(3)}


@pytest.mark.parametrize("wrap", ["", "depth_model", "model", "state_dict"])
def test_wrapped_checkpoints_load(tmp_path: Path, wrap: str) -> None:
    """Wrappers and ``module.`` go; the root that LeReS leaves out is added."""
    torch.save({wrap: state(), "epoch": 3} if wrap else state(), tmp_path / "toy.pt")
    network = toy()
    load_into(network, read_state(tmp_path / "toy.pt"), "toy")
    assert network["depth_model"].weight.sum() == 6


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    """A pickle with code is refused, and its code does nothing."""
    torch.save({"weight": Evil(tmp_path / "made")}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError, match="holds code"):
        read_state(tmp_path / "evil.pt")
    assert not (tmp_path / "made").exists()


def test_truncated_checkpoint_is_damaged(tmp_path: Path) -> None:
    """Half a file is told as such."""
    path = tmp_path / "toy.pt"
    torch.save(state(), path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(WeightsError, match="damaged or cut off"):
        read_state(path)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"module.bias": torch.zeros(4)}, r"has another shape of depth_model.bias \(1 such\)"),
        ({"module.more": torch.zeros(4)}, r"has besides depth_model.more \(1 such\)"),
    ],
)
def test_wrong_checkpoint_says_what_differs(
    tmp_path: Path, change: dict[str, torch.Tensor], text: str
) -> None:
    """Keys and shapes must be exact."""
    torch.save(state() | change, tmp_path / "toy.pt")
    with pytest.raises(WeightsError, match=text):
        load_into(toy(), read_state(tmp_path / "toy.pt"), "toy")


def test_lists_are_no_checkpoint(tmp_path: Path) -> None:
    """A file of something else is refused."""
    torch.save([1, 2], tmp_path / "toy.pt")
    with pytest.raises(WeightsError, match="no state dict"):
        read_state(tmp_path / "toy.pt")


def test_text_is_no_checkpoint(tmp_path: Path) -> None:
    """A text with a checkpoint's name is refused."""
    (tmp_path / "toy.pt").write_text("hello")
    with pytest.raises(WeightsError):
        read_state(tmp_path / "toy.pt")


def test_safetensors_by_any_name(tmp_path: Path) -> None:
    """What a file is, its bytes say: imports keep the card's name."""
    from safetensors.torch import save_file

    save_file(state(), tmp_path / "toy.pt")
    assert set(read_state(tmp_path / "toy.pt")) == {"weight", "bias"}


def test_what_a_pickle_would_run_is_named(tmp_path: Path) -> None:
    """The message says what was met, and never how to let it run."""
    torch.save({"weight": Evil(tmp_path / "made")}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError, match=r"holds code besides weights \(posix\.mkdir\)") as caught:
        read_state(tmp_path / "evil.pt")
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize(("data", "text"), [(b"", "is empty"), (b"hello world", "no checkpoint of PyTorch")])
def test_what_is_no_checkpoint_at_all(tmp_path: Path, data: bytes, text: str) -> None:
    """Told by its first bytes."""
    (tmp_path / "toy.pt").write_bytes(data)
    with pytest.raises(WeightsError, match=text):
        read_state(tmp_path / "toy.pt")
