"""What callers give in other types than the usual ones: taken where plain, else an error of the tree."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import NearfarError, OutputError, ParameterError
from nearfar.types import Clip, DepthKind, DepthMap, Photo, Picture
from pictures import draw

VALUES = np.linspace(1, 9, 20 * 30, dtype=np.float32).reshape(20, 30)
DEPTH = DepthMap(VALUES, DepthKind.METRIC)
PHOTO = draw(30, 20)


@pytest.fixture
def depth_file(tmp_path: Path) -> Path:
    """A depth file that says what it holds."""
    path = tmp_path / "depth.tiff"
    DEPTH.save(path)
    return path


CALLS = {
    "heatmap": nearfar.heatmap,
    "effect": lambda depth: nearfar.effect("fog", PHOTO, depth),
    "export": lambda depth: nearfar.export("npy", depth, PHOTO),
    "fuse": lambda depth: nearfar.fuse(depth, np.eye(20, 30, dtype=bool)),
    "overlay": lambda depth: nearfar.overlay(PHOTO, depth),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_depth_file_is_depth(call, depth_file: Path) -> None:
    """A path, its text, bytes and an open file are the depth in them."""
    with depth_file.open("rb") as file:
        for given in (depth_file, str(depth_file), depth_file.read_bytes(), file):
            assert call(given) is not None


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (VALUES, "DepthMap"),
        (Photo(PHOTO), "Estimate its depth first"),
        (Image.fromarray(PHOTO), "Estimate its depth first"),
        (5, "int"),
        ([1, 2], "list"),
        ("gone.npy", "gone.npy"),
    ],
)
def test_other_things_are_no_depth(call, given: object, said: str) -> None:
    """An array does not say what it means, a photo is to be estimated first: errors of the tree."""
    with pytest.raises(NearfarError, match=said):
        call(given)


def test_heatmap_of_a_photo_says_to_estimate(photo_jpeg: Path) -> None:
    """The name of a photo is told apart from that of a depth file, with what to write."""
    with pytest.raises(ParameterError, match=r"nearfar\.heatmap\(nearfar\.estimate"):
        nearfar.heatmap(photo_jpeg)


@pytest.mark.parametrize("kind", ["metric", DepthKind.METRIC])
@pytest.mark.parametrize(
    "values",
    [VALUES.astype(np.float64), VALUES.tolist(), VALUES.astype(np.int16), Image.fromarray(VALUES), DEPTH],
    ids=["float64", "list", "int16", "pil", "map"],
)
def test_depth_map_of_other_numbers(values: object, kind: str) -> None:
    """Numbers in other types become float32, the name of a kind its kind."""
    depth = DepthMap(values, kind)  # type: ignore[arg-type]
    assert (depth.kind, depth.values.dtype) == (DepthKind.METRIC, np.float32)
    assert np.abs(depth.values - VALUES).max() < 1


def test_kind_that_is_none_is_told() -> None:
    """A mistyped kind offers the nearest."""
    with pytest.raises(ParameterError, match="metric"):
        DepthMap(VALUES, "metrc")  # type: ignore[arg-type]


def test_points_of_other_forms_calibrate() -> None:
    """Tuples, lists and texts are points."""
    points = [(0, 0, 2.0), [29, 19, 18.0], "15,10=10.41"]
    fit = nearfar.calibrate(DEPTH, points)
    assert fit.scale == pytest.approx(2, rel=0.1)
    with pytest.raises(ParameterError, match="x, y, metres"):
        nearfar.calibrate(DEPTH, [(1, 2)])


def test_loaded_model_estimates(photo_jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``estimate(model=...)`` takes a loaded model; a size belongs to loading it."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    model = nearfar.load()
    found = nearfar.estimate(photo_jpeg, model=model)
    assert np.array_equal(found.values, model.estimate(photo_jpeg).values)
    with pytest.raises(ParameterError, match=r"nearfar\.load"):
        nearfar.estimate(photo_jpeg, model=model, size=64)


@pytest.mark.parametrize("name", [Path("x/embedded.onnx"), 5])
def test_model_of_another_type_is_told(name: object) -> None:
    """A path or a number names no model; a path like a name offers it."""
    with pytest.raises(ParameterError, match="model is named by a text"):
        nearfar.load(name)  # type: ignore[arg-type]


def test_loaded_model_is_pickled(photo_jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads again on the other side, with what was asked for, and gives the same."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    model = nearfar.load(size=128)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    assert again.card == model.card
    assert np.array_equal(again.estimate(photo_jpeg).values, model.estimate(photo_jpeg).values)


@pytest.mark.parametrize("thing", [DEPTH, Picture(PHOTO), Photo(PHOTO)])
def test_results_are_arrays_and_pickled(thing: object) -> None:
    """Maps, pictures and photos are what np.asarray makes of them, and come back from a pickle."""
    whole = getattr(thing, "values", getattr(thing, "pixels", None))
    assert np.array_equal(np.asarray(thing), whole)
    assert np.array_equal(np.asarray(pickle.loads(pickle.dumps(thing))), whole)  # noqa: S301 - our own
    assert np.asarray(thing, np.float64).dtype == np.float64


def test_holes_are_nan_in_arrays() -> None:
    """What is not valid is NaN for everybody else."""
    valid = VALUES > 2
    depth = DepthMap(VALUES, DepthKind.METRIC, valid)
    for array in (np.asarray(depth), depth.numpy()):
        assert np.array_equal(np.isnan(array), ~valid)
    depth.numpy()[:] = 0
    assert depth.value_range[1] == 9


def test_tensors_both_ways() -> None:
    """A tensor is a photo with its channels first or last, and a map is a tensor."""
    torch = pytest.importorskip("torch")
    floats = torch.from_numpy(PHOTO).float() / 255
    for tensor in (floats, floats.permute(2, 0, 1), torch.from_numpy(PHOTO).permute(2, 0, 1)):
        assert np.array_equal(nearfar.read(tensor).rgb8(), PHOTO)
    assert torch.equal(torch.as_tensor(DEPTH.numpy()), torch.from_numpy(VALUES))
    assert np.array_equal(DepthMap(torch.from_numpy(VALUES), "metric").values, VALUES)


def test_maps_and_pictures_are_drawn_by_matplotlib() -> None:
    """``imshow`` takes a map as it is: its values, holes left out, in the figure's own colours."""
    pytest.importorskip("matplotlib")
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    depth = DepthMap(VALUES, DepthKind.METRIC, VALUES > 2)
    figure = Figure(figsize=(3, 2), dpi=10, frameon=False)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    image = axes.imshow(depth, cmap="viridis", interpolation="nearest", aspect="auto")
    drawn = image.get_array()
    assert np.array_equal(np.ma.getmaskarray(drawn), VALUES <= 2)
    assert np.array_equal(drawn.compressed(), VALUES[VALUES > 2])
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    assert pixels.shape == (20, 30, 4)
    assert np.array_equal(pixels[-1, -1], colormaps["viridis"](1.0, bytes=True))
    assert pixels[0, 0, 3] == 0
    for thing in (Picture(PHOTO), Photo(PHOTO)):
        assert np.array_equal(axes.imshow(thing).get_array(), PHOTO)


def test_short_words_and_pictures_for_notebooks() -> None:
    """The repr is one short line, and notebooks show the picture."""
    clip = Clip(b"GIF89a", ".gif")
    for thing in (DEPTH, Picture(PHOTO), Photo(PHOTO), clip):
        assert len(repr(thing)) < 100
    assert repr(DEPTH) == "<DepthMap 30×20 metric 1 to 9 m>"
    for thing in (DEPTH, Picture(PHOTO), Photo(PHOTO)):
        assert Image.open(io.BytesIO(thing._repr_png_())).size == (30, 20)
    assert clip._repr_html_().startswith('<img src="data:image/gif;base64,R0lG')


def test_saving_to_open_files(tmp_path: Path) -> None:
    """An open file takes what a name takes; its name or the suffix chooses the format."""
    out = io.BytesIO()
    DEPTH.save(out, suffix=".npy")
    assert np.array_equal(np.load(io.BytesIO(out.getvalue())), VALUES)
    with (tmp_path / "depth.tiff").open("wb") as file:
        DEPTH.save(file)
    assert nearfar.read_depth(tmp_path / "depth.tiff").kind is DepthKind.METRIC
    picture = io.BytesIO()
    Picture(PHOTO).save(picture)
    assert picture.getvalue().startswith(b"\x89PNG")
    with pytest.raises(ParameterError, match="suffix"):
        DEPTH.save(io.BytesIO())
    with pytest.raises(OutputError, match="text"):
        Picture(PHOTO).save(io.StringIO())  # type: ignore[arg-type]
