"""Every public function, given what it cannot take: an error of the tree that names it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import NearfarError, ParameterError
from nearfar.types import Camera, DepthKind, DepthMap, Photo, Picture
from pictures import draw

WIDTH, HEIGHT = 32, 24
PHOTO = Photo(draw(WIDTH, HEIGHT))
DEPTH = DepthMap(np.tile(np.linspace(0, 1, WIDTH, dtype=np.float32), (HEIGHT, 1)), DepthKind.RELATIVE_INVERSE)
LABELS = np.eye(HEIGHT, WIDTH, dtype=np.uint8)
POINTS = [(1, 1, 9.0), (30, 5, 3.0)]


class Odd:
    """An object that is nothing of ours."""


THINGS = {
    "none": None,
    "number": 3,
    "share": 1.5,
    "true": True,
    "empty text": "",
    "path": Path("gone/away.png"),
    "no bytes": b"",
    "bytes": b"abc",
    "list": [],
    "dict": {},
    "object": Odd(),
    "array": np.zeros((HEIGHT, WIDTH)),
    "colours": np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    "image": Image.new("RGB", (WIDTH, HEIGHT)),
    "file": io.BytesIO(),
    "photo": PHOTO,
    "depth": DEPTH,
}
CALLS = {
    "heatmap depth": nearfar.heatmap,
    "heatmap colormap": lambda it: nearfar.heatmap(DEPTH, it),
    "heatmap range": lambda it: nearfar.heatmap(DEPTH, range=it),
    "overlay photo": lambda it: nearfar.overlay(it, DEPTH),
    "overlay depth": lambda it: nearfar.overlay(PHOTO, it),
    "overlay opacity": lambda it: nearfar.overlay(PHOTO, DEPTH, it),
    "effect name": lambda it: nearfar.effect(it, PHOTO, DEPTH),
    "effect option": lambda it: nearfar.effect("bokeh", PHOTO, DEPTH, strength=it),
    "effect text": lambda it: nearfar.effect("cutout", PHOTO, DEPTH, background=it),
    "export name": lambda it: nearfar.export(it, DEPTH, PHOTO),
    "export depth": lambda it: nearfar.export("npy", it),
    "export photo": lambda it: nearfar.export("ply", DEPTH, it),
    "fuse depth": lambda it: nearfar.fuse(it, LABELS),
    "fuse masks": lambda it: nearfar.fuse(DEPTH, it),
    "fuse band": lambda it: nearfar.fuse(DEPTH, LABELS, band_px=it),
    "fuse photo": lambda it: nearfar.fuse(DEPTH, LABELS, photo=it),
    "calibrate depth": lambda it: nearfar.calibrate(it, POINTS),
    "calibrate points": lambda it: nearfar.calibrate(DEPTH, it),
    "calibration apply": lambda it: nearfar.Calibration(DepthKind.RELATIVE_INVERSE, 1.0, 1.0).apply(it),
    "calibration load": nearfar.Calibration.load,
    "known point": lambda it: nearfar.KnownPoint(it, 1, 1),
    "compare photo": lambda it: nearfar.compare(it, ["embedded"]),
    "compare models": lambda it: nearfar.compare(PHOTO, it),
    "read": nearfar.read,
    "read intrinsics": lambda it: nearfar.read(PHOTO, intrinsics=it),
    "read_depth": lambda it: nearfar.read_depth(it, kind="metric"),
    "read_depth kind": lambda it: nearfar.read_depth(b"Pf\n1 1\n-1\n" + bytes(4), kind=it),
    "load name": nearfar.load,
    "load size": lambda it: nearfar.load(size=it),
    "load engine": lambda it: nearfar.load(engine=it),
    "load precision": lambda it: nearfar.load(precision=it),
    "load device": lambda it: nearfar.load(device=it),
    "estimate model": lambda it: nearfar.estimate(PHOTO, model=it),
    "estimate tiles": lambda it: nearfar.estimate(PHOTO, tiles=it),
    "depth values": lambda it: DepthMap(it, "metric"),
    "depth kind": lambda it: DepthMap(DEPTH.values, it),
    "depth valid": lambda it: DepthMap(DEPTH.values, "metric", it),
    "photo pixels": Photo,
    "photo alpha": lambda it: Photo(PHOTO.pixels, it),
    "picture pixels": Picture,
    "camera": lambda it: Camera(it, 1, 1, 1),
    "picture save": lambda it: Picture(PHOTO.pixels).save(it),
    "depth save": DEPTH.save,
}


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("call", CALLS)
def test_it_is_taken_or_refused_by_the_tree(call: str, thing: str, tmp_path: Path, monkeypatch) -> None:
    """Whatever is given is taken, or refused with a text that says what was wrong."""
    monkeypatch.chdir(tmp_path)
    found: object = None
    try:
        CALLS[call](THINGS[thing])
    except Exception as exc:
        found = exc
    assert found is None or isinstance(found, NearfarError)
    assert found is None or len(str(found)) > 15


@pytest.mark.parametrize(
    ("call", "thing", "said"),
    [
        ("effect name", "number", "named by a text, not by int"),
        ("export name", "path", "named by a text, not by PosixPath"),
        ("load engine", "array", "named by a text, not by ndarray"),
        ("load size", "empty text", "size is ''"),
        ("load size", "true", "size is True"),
        ("compare models", "number", "named by a text, not by int"),
        ("calibrate depth", "photo", "A depth map was expected, not Photo"),
        ("calibrate points", "path", "Points are"),
        ("known point", "empty text", "A point is"),
        ("fuse band", "empty text", "band_px is ''"),
        ("fuse band", "share", "band_px is 1.5"),
        ("fuse photo", "number", "not int"),
        ("photo pixels", "image", "not Image. Files, images and tensors become photos with nearfar.read"),
        ("picture pixels", "list", "NumPy array, not list"),
        ("depth valid", "number", "of bool, not int"),
        ("camera", "empty text", "four numbers in pixels"),
        ("picture save", "number", "not written to int"),
        ("read intrinsics", "bytes", "cannot be read from bytes"),
        ("estimate tiles", "array", "tiles is ndarray"),
        ("effect text", "depth", "background is DepthMap, but a text was expected"),
        ("calibration load", "none", "cannot be read from NoneType"),
        ("heatmap colormap", "colours", "colormap is"),
    ],
)
def test_what_was_wrong_is_said(call: str, thing: str, said: str) -> None:
    """The message names what was given and what would do."""
    with pytest.raises(ParameterError) as caught:
        CALLS[call](THINGS[thing])
    assert said in str(caught.value)


def test_models_in_one_text() -> None:
    """Names with commas between are several models, not letters."""
    found = nearfar.compare(PHOTO, "embedded, embedded")
    assert [row.card.name for row in found.rows] == ["embedded"]


@pytest.mark.parametrize("make", [list, np.asarray, lambda it: np.asarray(it, np.bool_)])
def test_valid_of_another_array(make) -> None:
    """Truth values in rows are a mask; a tensor too."""
    rows = (DEPTH.values > 0.5).tolist()
    assert np.array_equal(DepthMap(DEPTH.values, "metric", make(rows)).valid, DEPTH.values > 0.5)


@pytest.mark.parametrize("band", [0, 10**9, np.int64(3)])
def test_width_of_a_rim(band: int) -> None:
    """No rim leaves depth as it was; one wider than the photo is that wide, and takes no memory beyond."""
    fused = nearfar.fuse(DEPTH, LABELS, band_px=band).depth
    assert fused.values.shape == DEPTH.values.shape
    if band == 0:
        assert np.array_equal(fused.values, DEPTH.values)


def test_photo_stands_for_its_name() -> None:
    """Masks of several images are told apart by the photo itself."""
    rows = [
        {"image_id": i, "segmentation": {"size": [HEIGHT, WIDTH], "counts": [i, HEIGHT * WIDTH - i]}}
        for i in (4, 9)
    ]
    data = json.dumps({"annotations": rows}).encode()
    found = nearfar.fuse(DEPTH, data, photo=Photo(PHOTO.pixels, name="000009.jpg"))
    assert found.objects[0].pixels == HEIGHT * WIDTH - 9
