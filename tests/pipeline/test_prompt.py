"""A photo and its coarse depth through a network that takes both: library, command line, service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import nearfar  # noqa: E402 - after the checks
from nearfar.cli import main  # noqa: E402
from nearfar.errors import ParameterError  # noqa: E402
from nearfar.settings import Settings  # noqa: E402
from nearfar.zoo import manage  # noqa: E402
from small_networks import checkpoint, small_network  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

NAME = "prompt-depth-anything-small"
COARSE = np.linspace(2, 6, 12, dtype=np.float32).reshape(3, 4)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small random network of that row."""
    folder = tmp_path_factory.mktemp("prompt")
    settings = Settings(home=str(folder / "home"), offline=True, threads=1)
    manage.import_file(NAME, checkpoint(folder / "hub", small_network(NAME)), settings)
    return folder / "home"


@pytest.fixture
def model(home: Path) -> nearfar.Model:
    """It, loaded small."""
    return nearfar.load(NAME, size=98, settings=Settings(home=str(home), offline=True, threads=1))


@pytest.fixture
def sensor(tmp_path: Path) -> Path:
    """What a sensor saw, in millimetres."""
    path = tmp_path / "sensor.png"
    nearfar.Picture(np.round(COARSE * 1000).astype(np.uint16)).save(path)
    return path


def test_answer_is_what_the_library_computes(model: nearfar.Model, photo_jpeg: Path) -> None:
    """In metres, and another one than without; a map on its own stays relative."""
    depth = model.estimate(photo_jpeg, prompt=COARSE)
    alone = model.estimate(photo_jpeg)
    assert (depth.kind, depth.unit, alone.kind) == ("metric", "m", "affine_depth")
    assert (depth.width, depth.height) == (128, 96)
    from nearfar.pipeline.preprocess import prepare

    network: Any = model.estimator.session._network  # type: ignore[attr-defined]  # the library's own way
    prepared = prepare(model.read(photo_jpeg), model.estimator.input)
    with torch.inference_mode():
        picture, coarse = torch.from_numpy(prepared.tensor), torch.from_numpy(COARSE[None, None])
        expected = network.inner(pixel_values=picture, prompt_depth=coarse).predicted_depth[0].numpy()
    raw = model.estimator.answer(nearfar.Photo(model.read(photo_jpeg).pixels, prompt=COARSE))
    assert np.allclose(raw, expected, rtol=1e-5)


def test_span_of_the_prompt_is_that_of_the_metres(model: nearfar.Model, photo_jpeg: Path) -> None:
    """Ten times as far a prompt gives ten times as far a map; a flat one is taken too."""
    near = model.estimate(photo_jpeg, prompt=COARSE)
    far = model.estimate(photo_jpeg, prompt=10 * COARSE)
    assert np.allclose(far.values, 10 * near.values, rtol=1e-3)
    flat = model.estimate(photo_jpeg, prompt=np.full((3, 4), 5, np.float32))
    assert np.allclose(flat.values, 5, rtol=1e-3)


def test_those_with_a_prompt_run_alone_in_a_batch(model: nearfar.Model, photo_jpeg: Path) -> None:
    """The same as one by one, in order."""
    plain = model.read(photo_jpeg)
    with_prompt = nearfar.Photo(plain.pixels, prompt=COARSE)
    found = model.estimate_batch([plain, with_prompt, plain])
    assert [depth.kind for depth in found] == ["affine_depth", "metric", "affine_depth"]
    assert np.allclose(found[1].values, model.estimate(photo_jpeg, prompt=COARSE).values, rtol=1e-5)


def test_what_takes_no_prompt_says_so(model: nearfar.Model, photo_jpeg: Path) -> None:
    """Other networks, and tiles."""
    with pytest.raises(ParameterError, match="'embedded' takes no prompt"):
        nearfar.estimate(photo_jpeg, prompt=COARSE)
    with pytest.raises(ParameterError, match="neither with tiles"):
        model.estimate(photo_jpeg, prompt=COARSE, tiles=True)


def test_command_line(
    home: Path, sensor: Path, photo_jpeg: Path, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    """``nearfar PHOTO --model NAME --prompt FILE``: metres; one prompt is of one photo."""
    monkeypatch.setenv("NEARFAR_HOME", str(home))
    words = ["--model", NAME, "--size", "98", "--prompt", str(sensor), "--json", "-o", str(tmp_path)]
    assert main([str(photo_jpeg), *words]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (told["kind"], told["unit"]) == ("metric", "m")
    other = tmp_path / "other.jpg"
    other.write_bytes(photo_jpeg.read_bytes())
    assert main([str(photo_jpeg), str(other), *words]) == 2
    assert "of one photo" in capsys.readouterr().err
