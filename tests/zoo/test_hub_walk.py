"""Every row of the hub from a local one: ``nearfar models pull NAME && nearfar photo.jpg --model NAME``."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("onnx")


import authors
import nearfar
from hub import LocalHub, Repository
from nearfar.cli import main
from nearfar.settings import Settings
from nearfar.weights import fetch, hub, open_store
from nearfar.zoo import manage
from nearfar.zoo.catalogue import card, cards
from server import FileServer, Served
from small_files import ONE_SIZE, onnx_file
from small_networks import checkpoint, small_network

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cards import ModelCard

ROWS = [
    (name, engine)
    for name, row in cards().items()
    for engine in row.engines
    if hub.place_of(row.files(engine)[0]) is not None
]


def published(row: ModelCard, engine: str, folder: Path) -> dict[str, bytes]:
    """The files of a row for an engine, by their path on the hub."""
    folder.mkdir()
    files = row.files(engine)
    if engine == "torch" and of_authors(row):
        authors.checkpoint(row.network, folder / files[0].name)
    elif engine == "torch":
        checkpoint(folder, small_network(row.name))
        if files[0].name == "pytorch_model.bin":
            _as_pickle(folder)
    else:
        onnx_file(row, folder / files[0].name)
    return {place.path: (folder / file.name).read_bytes() for file in files if (place := hub.place_of(file))}


def of_authors(row: ModelCard) -> bool:
    """Whether its network is that of its authors' own package, for which a stand-in is imported here."""
    return row.network.startswith(("depth_anything_3/", "moge/"))


def _as_pickle(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Publishes a row on a hub of its own; gives the settings and that hub."""
    running = ExitStack()

    def start(name: str, engine: str) -> LocalHub:
        row = card(name)
        if of_authors(row) and engine == "torch":
            running.enter_context(authors.stand_ins(tmp_path / "packages"))
        place = hub.place_of(row.files(engine)[0])
        assert place is not None
        one = Repository(published(row, engine, tmp_path / "hub"))
        one.others = {place.revision: (one.commit, one.files)} if place.revision != "main" else {}
        local = running.enter_context(LocalHub())
        local.repositories[place.repository] = one
        for key, value in {
            "NEARFAR_HOME": str(tmp_path / "home"),
            "NEARFAR_HUB": local.address,
            "NEARFAR_HUB_CACHE": "-",
            "NEARFAR_DOWNLOADER": "own",
            "NEARFAR_THREADS": "1",
        }.items():
            monkeypatch.setenv(key, value)
        # Hashes and sizes are those of the published files, which these stand in for.
        monkeypatch.setattr(fetch, "_verify", lambda task, *_: fetch.sha256_of(task.part))
        monkeypatch.setattr(fetch.transfer, "_check_size", lambda *_: None)
        return local

    with running:
        yield start


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "engine"), ROWS)
def test_row_is_pulled_and_looks_at_a_photo(
    walk: Any, name: str, engine: str, photo_jpeg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both commands end well, and the map is the photo's size and of the card's kind."""
    walk(name, engine)
    assert main(["models", "pull", name, "--engine", engine]) == 0
    capsys.readouterr()
    spec = card(name).input
    can_shrink = spec.min_size < spec.max_size and name not in ONE_SIZE
    size = ["--size", str(max(spec.min_size, 2 * spec.multiple))] if can_shrink and engine == "torch" else []
    heat = tmp_path / "heat.png"
    words = [str(photo_jpeg), "--model", name, "--json", "-o", str(heat), *size]
    words += ["--engine", "torch"] if engine == "torch" else []
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (told["width"], told["height"], told["kind"]) == (128, 96, card(name).kind.value)
    assert heat.is_file()


RELEASED = [
    name
    for name, row in cards().items()
    if (files := row.files("onnxruntime")) and files[0].location.startswith("https://")
]
"""Rows whose ONNX file is on a release page alone."""


@pytest.mark.parametrize("name", RELEASED)
def test_row_of_a_release_page_is_pulled_and_looks_at_a_photo(
    monkeypatch: pytest.MonkeyPatch, name: str, photo_jpeg: Path, tmp_path: Path
) -> None:
    """The page sends on to another host, without a word of hash or size; then the map is there."""
    row, heat = card(name), tmp_path / "heat.png"
    data = onnx_file(row, tmp_path / "published.onnx").read_bytes()
    with FileServer(blob=Served(data)) as page:
        far = f"{page.address.replace('127.0.0.1', 'localhost')}/blob"
        page.files[f"/{row.files('onnxruntime')[0].location}"] = Served(b"", redirect=far)
        ways = {"HOME": str(tmp_path / "home"), "MIRROR": f"{page.address}/", "THREADS": "1"}
        for key, value in ways.items():
            monkeypatch.setenv(f"NEARFAR_{key}", value)
        assert main(["models", "pull", name]) == 0
    assert main([str(photo_jpeg), "--model", name, "-o", str(heat)]) == 0
    assert heat.is_file()


def test_two_pulls_at_once_end_with_one_whole_model(walk: Any, tmp_path: Path) -> None:
    """Both find the same files, each of them fetched once."""
    local = walk("depth-anything-v3-small", "onnxruntime")
    settings = Settings(home=str(tmp_path / "home"), hub=local.address, hub_cache="-", downloader="own")
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(manage.pull("depth-anything-v3-small", settings)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found[0] == found[1]
    assert len(local.asked) == 2
    assert nearfar.load("depth-anything-v3-small", settings=settings).card.reading == "map"
    assert open_store(settings).is_installed(card("depth-anything-v3-small"))


def test_metric_row_is_imported_and_gives_metres(tmp_path: Path) -> None:
    """What its authors' command exports: metres are the focal length in the input's pixels × answer / 300."""
    row = card("depth-anything-v3-metric-large")
    settings = Settings(home=str(tmp_path / "home"), offline=True, threads=1)
    manage.import_file(row.name, onnx_file(row, tmp_path / "mine.onnx"), settings)
    model = nearfar.load(row.name, settings=settings)
    pixels = np.full((96, 128, 3), 200, np.uint8)
    camera = nearfar.Camera(150.0, 150.0, 64.0, 48.0)
    depth = model.estimate(nearfar.Photo(pixels, camera=camera))
    raw = model.estimator.answer(nearfar.Photo(pixels))
    assert np.allclose(depth.values.mean(), raw.mean() * (150.0 * 504 / 128) / 300, rtol=1e-3)
    assert depth.unit == "m"
    unknown = model.estimate(nearfar.Photo(pixels))
    assert [warning.code for warning in unknown.warnings if warning.code == "focal_unknown"]
