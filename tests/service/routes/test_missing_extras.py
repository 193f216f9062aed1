"""An absent extra over HTTP: told before the body is read, as a job is handed in, and in the lists."""

from __future__ import annotations

import json
import sys

import pytest

BROKEN, JPEG = b"no picture at all", {"Content-Type": "image/jpeg"}


@pytest.fixture
def lacking(monkeypatch, service):
    """A service without the extra ``video``."""
    monkeypatch.setitem(sys.modules, "av", None)
    return service


def test_a_route_tells_before_it_looks_at_the_photo(lacking) -> None:
    """501 with the extra's name, though what was sent is no picture."""
    found = lacking.client.post("/v1/effects/parallax", content=BROKEN, headers=JPEG)
    assert found.status_code == 501
    assert found.json()["type"].endswith("missing-extra")
    assert "nearfar[video]" in found.text


def test_a_job_is_refused_as_it_is_handed_in(lacking, jpeg) -> None:
    """Nothing is queued that could not be done."""
    body = {"pipeline": json.dumps({"effects": ["parallax"]})}
    found = lacking.client.post("/v1/jobs", data=body, files={"images": ("a.jpg", jpeg)})
    assert (found.status_code, "nearfar[video]" in found.text) == (501, True)


def test_a_depth_in_a_format_that_cannot_run(monkeypatch, service) -> None:
    """Asked for as the answer or as a part of it: 501 before the photo is looked at."""
    from dataclasses import replace

    from nearfar.exports import npy

    monkeypatch.setattr(npy, "PLUGIN", replace(npy.PLUGIN, libraries=("no_such_library_of_ours",)))
    for query in ("format=npy", "format=json&parts=npy"):
        found = service.client.post(f"/v1/depth?{query}", content=BROKEN, headers=JPEG)
        assert (found.status_code, "no_such_library_of_ours" in found.text) == (501, True)


def test_the_list_tells_what_cannot_run(lacking) -> None:
    """A page need not offer it; the document says what the member means."""
    rows = {row["name"]: row for row in lacking.client.get("/v1/effects").json()}
    assert (rows["parallax"]["missing"], rows["parallax"]["extra"]) == (["av"], "video")
    assert rows["bokeh"]["missing"] == []
    answer = lacking.client.get("/openapi.json").json()["paths"]["/v1/effects"]["get"]["responses"]["200"]
    row = answer["content"]["application/json"]["schema"]["items"]
    assert set(rows["parallax"]) >= set(row["required"]) >= {"missing", "extra"}
