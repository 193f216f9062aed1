"""A photo with its coarse depth over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import nearfar
from nearfar.settings import Settings
from nearfar.zoo import manage
from small_networks import checkpoint, small_network

if TYPE_CHECKING:
    from pathlib import Path

NAME = "prompt-depth-anything-small"


def prompted_service(start, tmp_path: Path):
    """A service that has the network, small, and the picture of a sensor."""
    home = tmp_path / "home"
    settings = Settings(home=str(home), offline=True, threads=1)
    manage.import_file(NAME, checkpoint(tmp_path / "hub", small_network(NAME)), settings)
    coarse = np.linspace(2000, 6000, 12).reshape(3, 4).astype(np.uint16)
    sensor = nearfar.Picture(coarse).encoded(".png")
    return start(home=str(home), engine="auto", offline=True, threads=1), sensor


def test_prompt_is_a_multipart_field(start, tmp_path: Path, photo_jpeg: Path) -> None:
    """``prompt`` beside ``image``: metres. Other networks refuse it; a damaged one is told."""
    service, sensor = prompted_service(start, tmp_path)
    files = {"image": photo_jpeg.read_bytes(), "prompt": sensor}
    query = f"/v1/depth?model={NAME}&size=98&format=json"
    answer = service.client.post(query, files=files)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["kind"], answer.json()["unit"]) == ("metric", "m")
    alone = service.client.post(query, files={"image": files["image"]})
    assert alone.json()["kind"] == "affine_depth"
    refused = service.client.post("/v1/depth", files=files)
    assert (refused.status_code, refused.json()["parameter"]) == (422, "prompt")
    damaged = service.client.post(query, files=files | {"prompt": b"nothing"})
    assert damaged.status_code == 415


@pytest.mark.parametrize("route", ["effects/heatmap", "exports/npy"])
def test_effects_and_files_of_depth_take_it_too(start, tmp_path: Path, photo_jpeg: Path, route: str) -> None:
    """What is made of the depth is made of the prompted one; other networks refuse it there too."""
    service, sensor = prompted_service(start, tmp_path)
    files = {"image": photo_jpeg.read_bytes(), "prompt": sensor}
    answer = service.client.post(f"/v1/{route}?model={NAME}", files=files)
    assert answer.status_code == 200, answer.text
    assert answer.headers["nearfar-kind"] == "metric"
    refused = service.client.post(f"/v1/{route}", files=files)
    assert (refused.status_code, refused.json()["parameter"]) == (422, "prompt")
