"""``nearfar models import`` and what follows: whole checkpoints run, bad ones are one clear error."""

from __future__ import annotations

import os
import pickle
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from command_line import rows
from conformance import Vector, relative_difference
from nearfar import assets
from nearfar.sessions import choice

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Run


class Evil:
    """Would make a folder if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made",)


@pytest.fixture
def home(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder of weights of the test's own, no network, and real engines; gone afterwards."""
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEARFAR_OFFLINE", "1")
    monkeypatch.setenv("NEARFAR_ENGINE", "auto")
    yield tmp_path / "home"
    shutil.rmtree(tmp_path / "home", ignore_errors=True)  # hundreds of megabytes


@dataclass(frozen=True)
class Published:
    """A network, the conformance vector that its checkpoint is made from, and how authors wrap theirs."""

    model: str
    vector: str
    kind: str
    wrapper: str = ""
    root: str = ""

    def write(self, networks: Path, file: Path) -> None:
        """The checkpoint as it is published: below a wrapper, as training on several GPUs left it."""
        state = Vector(networks, self.vector).weights()
        if self.wrapper:
            state = {f"module.{key.removeprefix(self.root)}": value for key, value in state.items()}
        torch.save({self.wrapper: state} if self.wrapper else state, file)


PUBLISHED = (
    Published("midas-large", "midas_v21_384", "relative_inverse"),
    Published("leres-resnet50", "leres_res50", "affine_depth", "depth_model", "depth_model."),
    Published("bts-nyu-resnet50", "bts_nyu_resnet50", "metric", "model"),
)
THEIR_SIBLINGS = (
    Published("leres-resnext101", "leres_resnext101", "affine_depth", "depth_model", "depth_model."),
    Published("bts-nyu-densenet161", "bts_nyu_densenet161", "metric", "model"),
    Published("bts-kitti-densenet161", "bts_kitti_densenet161", "metric", "model"),
)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "published",
    [*PUBLISHED, *(pytest.param(one, marks=pytest.mark.soak) for one in THEIR_SIBLINGS)],
    ids=lambda published: published.model,
)
def test_checkpoint_of_the_user_runs(
    run: Run, home: Path, shared: Path, photo_jpeg: Path, published: Published
) -> None:
    """`models import NAME FILE && nearfar photo.jpg --model NAME`: converted, and the map is torch's."""
    file = photo_jpeg.with_name("theirs.pth")
    published.write(shared / "conformance" / "networks", file)
    code, _, err = run("models", "import", published.model, file)
    assert code == 0, err
    assert "is pinned now" in err
    file.unlink()  # it was taken in
    assert len(list(home.rglob("*.onnx"))) == 1
    maps = {}
    for engine in ("auto", "torch"):
        words = ("--model", published.model, "--engine", engine, "--device", "cpu", "--size", 128)
        code, out, err = run(photo_jpeg, *words, "--json", "--raw", f"{engine}.npy", "--overwrite")
        assert code == 0, err
        (row,) = rows(out)
        assert (row["model"], row["kind"]) == (published.model, published.kind)
        assert row["engine"] == {"auto": "onnxruntime", "torch": "torch"}[engine]
        maps[engine] = np.load(photo_jpeg.with_name(f"{engine}.npy"))
    assert maps["auto"].shape == (96, 128)
    assert np.ptp(maps["torch"]) > 0
    assert relative_difference(maps["auto"], maps["torch"]) < 1e-3


def bad_files(folder: Path) -> dict[str, bytes]:
    """Files that are no weights, by name."""
    torch.save({"w": torch.zeros(100_000)}, folder / "whole")
    torch.save({"w": Evil()}, folder / "code")
    whole = (folder / "whole").read_bytes()
    onnx = (assets.FOLDER / "embedded.onnx").read_bytes()
    return {
        "wrong.pt": whole,
        "cut.pt": whole[: len(whole) // 2],
        "code.pt": (folder / "code").read_bytes(),
        "old.pt": pickle.dumps(Evil(), protocol=4),
        "text.pt": b"hello",
        "empty.pt": b"",
        "text.onnx": b"hello",
        "cut.onnx": onnx[: len(onnx) // 2],
        "cut.safetensors": b"\x90\0\0\0\0\0\0\0{}",
    }


SAID = {
    "wrong.pt": "not a checkpoint of midas/small",
    "cut.pt": "cut.pt is damaged or cut off",
    "code.pt": "code.pt holds code besides weights (posix.mkdir)",
    "old.pt": "old.pt holds code besides weights",
    "text.pt": "text.pt is no checkpoint",
    "empty.pt": "empty.pt is empty",
    "text.onnx": "text.onnx of 'midas-small' could not be loaded",
    "cut.onnx": "cut.onnx of 'midas-small' could not be loaded",
    "cut.safetensors": "cut.safetensors is damaged or cut off",
}


@pytest.mark.parametrize("name", SAID)
def test_bad_file_is_one_clear_error(
    run: Run, home: Path, tmp_path: Path, name: str, photo_png: Path
) -> None:
    """One line that names the file that was given; what was installed before still runs."""
    assert run("models", "import", "midas-small", assets.FOLDER / "embedded.onnx")[0] == 0
    (tmp_path / name).write_bytes(bad_files(tmp_path)[name])
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    code, out, err = run("models", "import", "midas-small", name)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert SAID[name] in err
    assert not any(word in err for word in (str(home), "weights_only", "Traceback"))
    assert not (tmp_path / "made").exists()
    after = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert after == before
    assert run(photo_png, "--model", "midas-small")[0] == 0


def test_too_large_for_memory(run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before anything is loaded, with what it needs; nothing is installed."""
    torch.save({"w": torch.zeros(1000)}, tmp_path / "big.pt")
    monkeypatch.setattr(choice, "free_bytes", lambda: 1000)
    code, _, err = run("models", "import", "midas-small", "big.pt")
    assert code == 1
    assert "'midas-small' needs about" in err
    assert "GB of memory" in err
    assert not list(home.rglob("*.pt"))
