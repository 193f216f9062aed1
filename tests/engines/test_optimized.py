"""Networks kept as ONNX Runtime made them."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar import assets
from nearfar.engines import EngineOptions, _optimized
from nearfar.engines.onnxruntime import PLUGIN
from nearfar.settings import Settings
from nearfar.weights import open_store
from nearfar.zoo import manage
from nearfar.zoo.catalogue import card

if TYPE_CHECKING:
    from pathlib import Path

FILE = assets.FOLDER / "embedded.onnx"
PICTURE = np.random.default_rng(4).standard_normal((1, 3, 96, 128)).astype(np.float32)


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineOptions:
    """Options with a cache, which takes small networks too."""
    monkeypatch.setattr(_optimized, "LEAST_BYTES", 1)
    return EngineOptions(1, cache=tmp_path / "cache", sha256="a" * 64)


def answer(options: EngineOptions, file: Path = FILE) -> np.ndarray:
    """What a session opened now says."""
    return PLUGIN.open(card("embedded"), file, options).run(PICTURE)


def kept(options: EngineOptions) -> list[Path]:
    """Folders in the cache, whatever their names."""
    assert options.cache is not None
    return sorted(options.cache.iterdir()) if options.cache.is_dir() else []


def test_second_start_maps_the_file_and_answers_the_same(options: EngineOptions) -> None:
    """One folder of a graph and its weights; it is not written again."""
    expected = answer(replace(options, cache=None))
    first = answer(options)
    (folder,) = kept(options)
    assert {file.name for file in folder.iterdir()} == {"model.onnx", "model.bin"}
    assert (folder / "model.bin").stat().st_size > 10 * (folder / "model.onnx").stat().st_size
    written = (folder / "model.bin").stat().st_mtime_ns
    assert np.array_equal(answer(options), first)
    assert np.allclose(first, expected, atol=1e-5)
    assert (folder / "model.bin").stat().st_mtime_ns == written
    assert kept(options) == [folder]


@pytest.mark.parametrize("name", ["model.onnx", "model.bin"])
def test_damaged_folder_is_made_anew(options: EngineOptions, name: str) -> None:
    """Cut off files, as a full disk may leave them, are noticed: the answer is right all the same."""
    expected = answer(options)
    (folder,) = kept(options)
    (folder / name).write_bytes((folder / name).read_bytes()[:1000])
    assert np.array_equal(answer(options), expected)
    (folder,) = kept(options)
    assert (folder / name).stat().st_size > 1000


def test_another_file_hash_runtime_or_time_is_another_key(tmp_path: Path) -> None:
    """Nothing made for one is used for the other."""
    file = tmp_path / "one.onnx"
    file.write_bytes(b"1")
    keys = {_optimized.key_of(file, sha, version) for sha in ("a", "b") for version in ("1.31", "1.32")}
    os.utime(file, ns=(1, 1))
    assert len(keys | {_optimized.key_of(file, "a", "1.31")}) == 5


def test_few_folders_are_kept_and_what_a_kill_left_goes(options: EngineOptions) -> None:
    """The one used longest ago goes first; an unfinished one only when nobody can be writing it."""
    assert options.cache is not None
    for age in range(1, _optimized.LIMIT + 3):
        folder = options.cache / f"old-{age}"
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - 60 * age,) * 2)
    for name, age in (("left", 7200), ("busy", 60)):
        folder = options.cache / f".making-{name}"
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    answer(options)
    names = {folder.name for folder in kept(options)}
    assert {f"old-{age}" for age in range(1, _optimized.LIMIT)} | {".making-busy"} < names
    assert len(names) == _optimized.LIMIT + 1


def test_cache_that_cannot_be_written_is_done_without(options: EngineOptions, tmp_path: Path) -> None:
    """A file stands where the folder would be: the network runs, and nothing is kept."""
    (tmp_path / "cache").write_bytes(b"")
    assert np.isfinite(answer(options)).all()


def test_the_network_in_the_package_is_kept(tmp_path: Path) -> None:
    """It starts sooner, in less memory, and answers bit for bit as before."""
    options = EngineOptions(1, cache=tmp_path / "cache", sha256="a" * 64)
    plain = answer(EngineOptions(1))
    assert np.array_equal(answer(options), plain)
    assert len(kept(options)) == 1
    assert np.array_equal(answer(options), plain)


def test_kept_networks_are_counted_and_removed_with_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the library: a run makes a folder in the home, its size is told, `remove` frees it."""
    monkeypatch.setattr(_optimized, "LEAST_BYTES", 1)
    settings = Settings(home=str(tmp_path), threads=1)
    manage.import_file("midas-small", FILE, settings)
    store, midas = open_store(settings), card("midas-small")
    assert store.made_bytes(midas) == 0
    nearfar.load("midas-small", settings=settings).estimate(np.zeros((64, 64, 3), np.uint8))
    made = store.made_bytes(midas)
    assert made > FILE.stat().st_size / 2
    assert manage.remove("midas-small", settings) > made
    assert store.made_bytes(midas) == 0
