"""The public names at work on the real embedded network."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar import api
from nearfar.errors import ParameterError, SettingsError, TooLargeError, UnknownNameError
from nearfar.settings import Settings
from pictures import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path


def test_five_lines(photo_jpeg: Path, tmp_path: Path) -> None:
    """The example of the README."""
    depth = nearfar.estimate(photo_jpeg)
    nearfar.heatmap(depth).save(tmp_path / "heat.png")
    nearfar.overlay(photo_jpeg, depth).save(tmp_path / "overlay.jpg")
    depth.save(tmp_path / "depth.npy")
    assert np.load(tmp_path / "depth.npy").shape == (96, 128)
    for name in ("heat.png", "overlay.jpg"):
        with Image.open(tmp_path / name) as image:
            assert image.size == (128, 96)


@pytest.mark.parametrize("size", [(1, 1), (20000, 10), (10, 20000), (3, 1000), (641, 427)])
@pytest.mark.parametrize("kind", ["drawn", "flat"])
def test_any_photo_gives_a_finite_map(size: tuple[int, int], kind: str) -> None:
    """Tiny, thin, long and flat photos give a finite map of their own size."""
    pixels = draw(*size) if kind == "drawn" else np.full((size[1], size[0], 3), 128, np.uint8)
    depth = nearfar.estimate(pixels)
    assert depth.values.shape == (size[1], size[0])
    assert np.isfinite(depth.values).all()
    assert nearfar.heatmap(depth).pixels.shape == pixels.shape


def test_flat_photo_carries_a_warning() -> None:
    """A photo without detail is estimated, and the result says what to think of it."""
    depth = nearfar.estimate(np.full((40, 50, 3), 128, np.uint8))
    assert [warning.code for warning in depth.warnings] == ["flat"]


def test_the_network_tells_ground_from_sky(shared: Path) -> None:
    """On a real photo the lower part is nearer than the upper."""
    values = nearfar.estimate(shared / "data" / "kitti_tiny" / "00.jpg").near_is_large()
    third = len(values) // 3
    assert values[-third:].mean() > values[:third].mean() + 0.1


def test_same_photo_same_map(photo_png: Path) -> None:
    """Nothing is left to chance."""
    assert np.array_equal(nearfar.estimate(photo_png).values, nearfar.estimate(photo_png).values)


def test_size_changes_what_the_network_sees(drawing: np.ndarray) -> None:
    """Another size is told in the result; one that is out of range is refused."""
    assert nearfar.estimate(drawing, size=130).provenance.input_size == (128, 96)
    with pytest.raises(ParameterError, match="size is 5"):
        nearfar.estimate(drawing, size=5)


def test_unknown_names(drawing: np.ndarray) -> None:
    """A model, an engine or a colour map that there is not is answered with the nearest."""
    with pytest.raises(UnknownNameError, match="Did you mean 'embedded'"):
        nearfar.estimate(drawing, model="embeded")
    with pytest.raises(UnknownNameError, match="Did you mean 'fake'"):
        nearfar.load(engine="fak")
    with pytest.raises(ParameterError, match="Did you mean 'inferno'"):
        nearfar.heatmap(nearfar.load(engine="fake").estimate(drawing), colormap="infreno")


def test_settings_are_obeyed(drawing: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model keeps the settings it was loaded with; the environment is read otherwise."""
    model = nearfar.load(engine="fake", settings=Settings(max_pixels=100))
    with pytest.raises(TooLargeError):
        model.estimate(drawing)
    monkeypatch.setenv("NEARFAR_MAX_PIXELS", "100")
    with pytest.raises(TooLargeError):
        nearfar.read(drawing)
    monkeypatch.setenv("NEARFAR_MAX_PIXEL", "100")
    with pytest.raises(SettingsError, match="NEARFAR_MAX_PIXELS"):
        nearfar.read(drawing)


def test_loading_again_is_free() -> None:
    """Two loads share one session; another size does too."""
    first, second = nearfar.load(), nearfar.load(size=128)
    assert first.estimator.session is second.estimator.session


def test_threads_share_one_model(drawing: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads that begin at once load one network and get equal maps."""
    api._session_cache.cache_clear()
    results: list[nearfar.DepthMap] = []
    threads = [threading.Thread(target=lambda: results.append(nearfar.estimate(drawing))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(np.array_equal(results[0].values, other.values) for other in results)
    assert len(api._sessions(Settings())) == 1


def test_heatmap_is_warm_where_near(drawing: np.ndarray) -> None:
    """The brightest pixel of the heat map is the nearest of the map."""
    depth = nearfar.load(engine="fake").estimate(drawing)
    heat = nearfar.heatmap(depth).pixels.astype(int).sum(axis=2)
    assert heat[np.unravel_index(depth.values.argmax(), depth.values.shape)] == heat.max()


@pytest.mark.parametrize("opacity", [0, 1])
def test_overlay_ends(drawing: np.ndarray, opacity: float) -> None:
    """Opacity 0 is the photo, 1 is the heat map."""
    depth = nearfar.load(engine="fake").estimate(drawing)
    expected = nearfar.heatmap(depth).pixels if opacity else drawing
    assert np.array_equal(nearfar.overlay(drawing, depth, opacity).pixels, expected)


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_overlay_opacity_out_of_range(drawing: np.ndarray, opacity: float) -> None:
    """Opacity runs from 0 to 1."""
    depth = nearfar.load(engine="fake").estimate(drawing)
    with pytest.raises(ParameterError, match="opacity"):
        nearfar.overlay(drawing, depth, opacity)


def test_overlay_of_another_photo(drawing: np.ndarray) -> None:
    """A photo of another size cannot lie under the map."""
    depth = nearfar.load(engine="fake").estimate(drawing)
    with pytest.raises(ParameterError, match="but its depth"):
        nearfar.overlay(encoded(draw(20, 20)), depth)


def test_models_are_cards() -> None:
    """The catalogue lists what can be loaded, without loading it."""
    assert nearfar.list_models()[0].name == nearfar.load().card.name == "embedded"


def test_card_cannot_be_changed() -> None:
    """A card is a record; a changed copy is another one."""
    card = nearfar.list_models()[0]
    assert replace(card, title="other") != card
