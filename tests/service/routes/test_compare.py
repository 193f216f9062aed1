"""``POST /v1/compare``."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from nearfar.options import describe
from nearfar.service.routes.compare import MOST, CompareQuery
from nearfar.zoo import catalogue


def post(service, jpeg: bytes, query: str):
    """The answer to a photo."""
    return service.client.post(f"/v1/compare{query}", files={"image": ("a.jpg", jpeg, "image/jpeg")})


def test_sheet(service, jpeg) -> None:
    """A PNG by default; timed like every other work."""
    answer = post(service, jpeg, "?models=embedded,midas-small")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.content)).width > 320
    assert "engine" in answer.headers["Server-Timing"]


def test_json_holds_table_and_sheet(service, jpeg) -> None:
    """Each network with its kind, time and agreement; the sheet is the one of the picture."""
    row = post(service, jpeg, "?models=embedded,midas-small&format=json&colormap=grey").json()
    assert row["reference"] == "embedded"
    assert [(m["model"], m["agreement"] is not None, m["error"]) for m in row["models"]] == [
        ("embedded", True, None),
        ("midas-small", True, None),
    ]
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(row["sheet"]["base64"]))))
    assert sheet.ndim == 3


def test_network_without_weights_is_one_row(start, jpeg, tmp_path) -> None:
    """The request succeeds; the row says what to do."""
    real = start(engine="onnxruntime", home=str(tmp_path))
    answer = post(real, jpeg, "?models=embedded,dpt-large&format=json")
    failed = answer.json()["models"][1]
    assert answer.status_code == 200
    assert failed["error"]["hint"] == "Run: nearfar models pull dpt-large"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?models=", 422),
        ("?models=nothing", 422),
        ("?models=embedded&models=embedded", 422),
        ("?models=embedded&size=3", 422),
        ("?models=embedded&format=gif", 422),
        ("?models=" + ",".join(list(catalogue.cards())[: MOST + 1]), 422),
    ],
)
def test_refusals(service, jpeg, query, status) -> None:
    """Checked before the body is read, and told as problems."""
    answer = post(service, jpeg, query)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_broken_photo(service) -> None:
    """What is wrong with the photo is one problem, not one for each network."""
    assert post(service, b"\xff\xd8\xff rubbish", "?models=embedded").status_code == 400


def test_it_is_documented(service, jpeg) -> None:
    """Query, media types and the members of the table stand in the OpenAPI document."""
    document = service.client.get("/openapi.json").json()
    row = document["paths"]["/v1/compare"]["post"]
    names = {p["name"] for p in row["parameters"] if p["in"] == "query"}
    assert names == {info.name for info in describe(CompareQuery)}
    assert set(row["responses"]["200"]["content"]) == {"image/png", "application/json"}
    schema = document["components"]["schemas"]["Comparison"]["properties"]
    found = post(service, jpeg, "?models=embedded&format=json").json()
    assert set(found) == set(schema)
    assert set(found["models"][0]) == set(schema["models"]["items"]["properties"])
