"""``/v1/segment``: the object at a place of a photo."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from nearfar import segment
from nearfar.decode.photo import read_photo
from tiny_sam import save_tiny

RAW = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def cutter(start, tmp_path_factory):
    """A service with a small network."""
    pytest.importorskip("transformers")
    return start(segmenter=str(save_tiny(tmp_path_factory.mktemp("sam"))))


def test_without_a_network_it_says_what_is_missing(service, jpeg) -> None:
    """It tells that there is none, and refuses to cut."""
    assert service.client.get("/v1/segment").json() == {"is_there": False}
    found = service.client.post("/v1/segment?x=0.5", content=jpeg, headers=RAW)
    assert (found.status_code, found.json()["type"]) == (501, "/docs#problem-missing-extra")
    assert "nearfar[sam]" in found.json()["hint"]


def test_a_place_gives_the_mask_of_its_object(cutter, jpeg, monkeypatch) -> None:
    """That of the library, of the photo's size; a held photo is looked at once for two places."""
    looks = []
    look = segment.Segmenter.look
    monkeypatch.setattr(segment.Segmenter, "look", lambda self, photo: looks.append(1) or look(self, photo))
    assert cutter.client.get("/v1/segment").json() == {"is_there": True}
    held = cutter.client.post("/v1/photos", content=jpeg, headers=RAW).json()["photo"]
    network, photo = segment.load_segmenter(cutter.app.state.service.settings.segmenter), read_photo(jpeg)
    for x, y in ((0.25, 0.5), (1, 1)):
        found = cutter.client.post(f"/v1/segment?x={x}&y={y}", headers={"Nearfar-Photo": held})
        assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
        wanted = network.at_points(photo, [(min(x * 128, 127), min(y * 96, 95))])[0]
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(found.content))) > 127, wanted)
    assert len(looks) == 1 + 2  # and two by this test


@pytest.mark.parametrize("query", ["x=2", "x=nan", "y=-1", "z=1"])
def test_a_place_outside_is_refused(cutter, jpeg, query) -> None:
    """With the option that is wrong."""
    found = cutter.client.post(f"/v1/segment?{query}", content=jpeg, headers=RAW)
    assert (found.status_code, found.json()["parameter"]) == (422, query[0])


def test_what_is_no_photo_is_refused(cutter) -> None:
    """As by every route."""
    assert cutter.client.post("/v1/segment", content=b"no", headers=RAW).status_code == 415


def test_those_who_wait_for_it_hold_up_nobody_else(start, jpeg, tmp_path, monkeypatch) -> None:
    """While one photo is looked at, another that waits leaves its place to a photo's depth."""
    pytest.importorskip("transformers")
    busy = start(segmenter=str(save_tiny(tmp_path)), streams=2)
    go, begun = threading.Event(), threading.Event()
    look = segment.Segmenter.look

    def slow(self, photo):
        begun.set()
        assert go.wait(30)
        return look(self, photo)

    monkeypatch.setattr(segment.Segmenter, "look", slow)
    with ThreadPoolExecutor(3) as threads:
        asked = [
            threads.submit(busy.client.post, f"/v1/segment?x=0.{k}", content=jpeg, headers=RAW) for k in "357"
        ]
        assert begun.wait(30)
        assert busy.post(jpeg).status_code == 200
        go.set()
        assert [each.result().status_code for each in asked] == [200] * 3
