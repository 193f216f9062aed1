"""Weights of models, end to end on real files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from conformance import Vector
from nearfar.cli import main
from nearfar.errors import EngineError, ParameterError, WeightsError
from nearfar.settings import Settings
from nearfar.weights import open_store
from nearfar.zoo import convert, manage
from nearfar.zoo.catalogue import card

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of the test's own, and no network."""
    return Settings(home=str(tmp_path / "home"), offline=True)


@pytest.mark.parametrize("name", ["dpt-large", "dpt-hybrid"])
def test_file_of_one_size_is_imported_and_sees_any_photo(
    name: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the hub's files bind 384×384 inside: import takes it, and a wide photo comes out at its own size."""
    pytest.importorskip("onnx")
    from small_files import onnx_file

    file = onnx_file(card(name), tmp_path / "theirs.onnx")
    pixels = np.random.default_rng(0).integers(0, 256, (90, 310, 3), dtype=np.uint8)
    nearfar.Picture(pixels).save(tmp_path / "wide.png")
    monkeypatch.setenv("NEARFAR_HOME", settings.home)
    monkeypatch.setenv("NEARFAR_OFFLINE", "1")
    assert main(["models", "import", name, str(file)]) == 0
    wide, heat = str(tmp_path / "wide.png"), str(tmp_path / "heat.png")
    assert main([wide, "--model", name, "--engine", "onnxruntime", "-o", heat]) == 0
    depth = nearfar.load(name, settings=settings).estimate(tmp_path / "wide.png")
    assert (depth.width, depth.height) == (310, 90)
    assert depth.provenance is not None
    assert depth.provenance.input_size == (384, 384)
    assert float(np.ptp(depth.values)) > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_checkpoint_of_the_user_runs_without_torch_afterwards(
    shared: Path, settings: Settings, photo_jpeg: Path
) -> None:
    """`models import midas-small FILE`, then a photo with --model midas-small, offline, torch hidden."""
    torch = pytest.importorskip("torch")
    vector = Vector(shared / "conformance" / "networks", "midas_v21_small_256")
    file = photo_jpeg.with_name("theirs.pt")
    torch.save(vector.weights(), file)
    environment = os.environ | {"NEARFAR_HOME": settings.home, "NEARFAR_OFFLINE": "1"}
    (done,) = manage.import_file("midas-small", file, settings)
    assert not done.is_published
    hidden = "import sys; sys.modules['torch'] = None; from nearfar.cli import main; sys.exit(main())"
    words = [str(photo_jpeg), "--model", "midas-small", "--json", "-o", str(photo_jpeg.with_name("heat.png"))]
    run = subprocess.run(
        [sys.executable, "-c", hidden, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert done.sha256 in run.stdout
    assert photo_jpeg.with_name("heat.png").is_file()
    with_torch = nearfar.load("midas-small", engine="torch", settings=settings).estimate(photo_jpeg)
    without = nearfar.load("midas-small", engine="onnxruntime", settings=settings).estimate(photo_jpeg)
    assert convert.relative_difference(without.values, with_torch.values) < convert.LARGEST_DIFFERENCE


def test_wrong_checkpoint_leaves_the_cache_unharmed(settings: Settings, tmp_path: Path) -> None:
    """Weights of another network are refused and nothing is installed."""
    torch = pytest.importorskip("torch")
    torch.save({"layer.weight": torch.zeros(2, 2)}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="not a checkpoint of midas/small"):
        manage.import_file("midas-small", tmp_path / "other.pt", settings)
    assert not open_store(settings).is_installed(card("midas-small"))


def test_onnx_file_of_something_else_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Bytes that are no network are told as such."""
    (tmp_path / "other.onnx").write_bytes(b"not a network")
    with pytest.raises(EngineError, match="could not be loaded"):
        manage.import_file("midas-small", tmp_path / "other.onnx", settings)
    assert not open_store(settings).is_installed(card("midas-small"))


def test_onnx_file_of_the_user_runs(settings: Settings, photo_jpeg: Path) -> None:
    """A published ONNX file needs no torch at all (here the embedded one stands in)."""
    source = manage.path("embedded", settings)
    manage.import_file("midas-small", source, settings)
    found = nearfar.load("midas-small", settings=settings).estimate(photo_jpeg)
    assert np.ptp(found.values) > 0
    assert (found.provenance.model, found.provenance.engine) == ("midas-small", "onnxruntime")
    assert found.provenance.weights_sha256 == card("embedded").sha256


def test_int8_of_the_embedded_network_agrees(settings: Settings, photo_jpeg: Path) -> None:
    """The file is smaller, its maps agree, and results say that they are int8."""
    pytest.importorskip("onnx")
    path, agreement = manage.quantize("embedded", settings)
    assert agreement.reaches(convert.LEAST)
    assert path.stat().st_size < 0.6 * manage.path("embedded", settings).stat().st_size
    narrow = nearfar.load("embedded", precision="int8", settings=settings).estimate(photo_jpeg)
    assert narrow.provenance.engine == "onnxruntime-int8"


def test_int8_that_disagrees_leaves_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the threshold is thrown away, once each way of calibration was tried."""
    pytest.importorskip("onnx")
    ways = []

    def write(source: Path, part: Path, _pictures: object, calibration: str) -> None:
        ways.append(calibration)
        shutil.copyfile(source, part)

    monkeypatch.setattr(convert, "write_int8", write)
    monkeypatch.setattr(convert, "_compare", lambda *_: convert.Agreement(0.5, 0.1))
    with pytest.raises(EngineError, match="int8 is not offered for 'embedded'"):
        manage.quantize("embedded", settings)
    assert ways == ["MinMax", "Percentile"]
    assert not list(open_store(settings).converted(card("embedded")).glob("*.onnx"))


def test_agreement_has_a_stated_threshold() -> None:
    """Both the mean difference and the correlation count."""
    assert convert.Agreement(0.01, 0.995).reaches(convert.LEAST)
    assert not convert.Agreement(0.05, 0.995).reaches(convert.LEAST)
    assert not convert.Agreement(0.01, 0.9).reaches(convert.LEAST)
    assert convert.Agreement(0.9, 0.0).reaches(convert.UNCHECKED)


def test_calibration_needs_pictures(settings: Settings, tmp_path: Path) -> None:
    """An empty folder is told before anything is computed."""
    pytest.importorskip("onnx")
    chosen = Settings(home=settings.home, calibration=str(tmp_path))
    with pytest.raises(ParameterError, match="holds 0 pictures"):
        manage.quantize("embedded", chosen)


def test_verify_finds_a_changed_file(settings: Settings) -> None:
    """Every file is hashed anew."""
    manage.import_file("midas-small", manage.path("embedded", settings), settings)
    (row,) = manage.verify("midas-small", settings)
    assert (row.error, len(row.sha256)) == (None, 64)
    row.path.write_bytes(b"changed")
    (row,) = manage.verify("midas-small", settings)
    assert row.error is not None


def test_pack_goes_to_a_machine_without_a_network(settings: Settings, tmp_path: Path) -> None:
    """Exported here, imported there, it runs there."""
    manage.import_file("midas-small", manage.path("embedded", settings), settings)
    manage.export(("midas-small",), tmp_path / "pack", settings)
    there = Settings(home=str(tmp_path / "there"), offline=True)
    assert manage.import_pack(tmp_path / "pack", there) == ("midas-small",)
    assert nearfar.load("midas-small", settings=there).estimator.engine == "onnxruntime"


def test_removed_model_is_gone(settings: Settings) -> None:
    """Removing frees its bytes; afterwards it says how to come back."""
    manage.import_file("midas-small", manage.path("embedded", settings), settings)
    assert manage.remove("midas-small", settings) > 1_000_000
    with pytest.raises(WeightsError, match="models pull midas-small"):
        manage.path("midas-small", settings)
