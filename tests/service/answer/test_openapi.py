"""The OpenAPI document and the docs page say what happens."""

from __future__ import annotations

import re

import pytest

from nearfar.cards import DepthKind
from nearfar.options import describe
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer.answers import HEADERS, DepthQuery, formats
from nearfar.zoo import catalogue


@pytest.fixture(scope="module")
def document(service):
    """The document as a client gets it."""
    return service.client.get("/openapi.json").json()


def _depth(document):
    return document["paths"]["/v1/depth"]["post"]


def _resolve(document, schema):
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _check(document, schema, value, place="answer") -> None:
    """A small validator: types, required and named members, choices, alternatives."""
    schema = _resolve(document, schema)
    if "anyOf" in schema:
        kinds = {"null": value is None, "object": isinstance(value, dict), "number": isinstance(value, float)}
        fitting = [row for row in schema["anyOf"] if kinds[_resolve(document, row)["type"]]]
        assert fitting, place
        schema = fitting[0]
    types = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "object": dict}
    types |= {"array": list, "null": type(None)}
    assert isinstance(value, types[schema["type"]]), (place, value)
    assert value in schema.get("enum", [value]), (place, value)
    if isinstance(value, list):
        for item in value:
            _check(document, schema["items"], item, f"{place}[]")
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= value.keys(), place
        named = schema.get("properties", {})
        if named and "additionalProperties" not in schema:
            assert value.keys() <= named.keys(), place
        for key in value.keys() & named.keys():
            _check(document, named[key], value[key], f"{place}.{key}")


def test_all_routes_are_documented(document) -> None:
    """What programs call stands in the document, and nothing else."""
    plugins = {f"/v1/effects/{EFFECTS.load(name).name}" for name in EFFECTS.names()}
    plugins |= {f"/v1/exports/{EXPORTS.load(name).name}" for name in EXPORTS.names()}
    own = {
        "/v1/depth",
        "/v1/compare",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/models/{name}/pull",
        "/v1/models/{name}/pull/events",
        "/v1/effects",
        "/v1/exports",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    own |= {"/v1/compare"}
    jobs = {f"/v1/jobs{rest}" for rest in ("", "/{id}", "/{id}/cancel", "/{id}/events", "/{id}/results")}
    jobs |= {"/v1/jobs/{id}/results/{picture}"}
    assert set(document["paths"]) == own | plugins | jobs


def test_parameters_come_from_the_options(document) -> None:
    """Names, help and choices are those that the service checks."""
    rows = {row["name"]: row for row in _depth(document)["parameters"] if row["in"] == "query"}
    infos = {info.name: info for info in describe(DepthQuery)}
    assert rows.keys() == infos.keys()
    assert all(rows[name]["description"] == info.help for name, info in infos.items())
    assert rows["colormap"]["schema"]["enum"] == list(infos["colormap"].choices)
    assert rows["format"]["schema"]["enum"] == list(formats())
    assert rows["model"]["schema"]["enum"] == list(catalogue.cards())


def test_every_answer_of_depth_is_documented(document, service, jpeg) -> None:
    """Each format's media type and each header of a real answer stand in the document."""
    documented = _depth(document)["responses"]["200"]
    assert set(documented["content"]) == {row.media_type for row in formats().values()}
    for name in formats():
        answer = service.upload(jpeg, f"?format={name}")
        assert answer.headers["Content-Type"] in documented["content"]
        ours = {key for key in answer.headers if key.startswith("nearfar-") or key == "x-request-id"}
        assert ours <= {key.lower() for key in documented["headers"]}
    assert set(HEADERS) <= set(documented["headers"])


def test_json_answers_follow_their_schemas(document, service, jpeg) -> None:
    """Depth, models, health and readiness are as described, with no member left out."""
    row = service.upload(jpeg, "?format=json&parts=heatmap,npy").json()
    _check(document, _depth(document)["responses"]["200"]["content"]["application/json"]["schema"], row)
    for path in ("/v1/models", "/v1/models/{name}", "/healthz", "/readyz"):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        _check(document, schema, service.client.get(path.format(name="embedded")).json(), path)


@pytest.mark.parametrize(
    ("query", "body", "headers"),
    [
        ("", b"", {}),
        ("", b"text", {}),
        ("", b"text", {"Content-Type": "text/plain"}),
        ("?size=0", b"", {}),
        ("", b"", {"Accept": "text/html"}),
    ],
)
def test_refusals_follow_the_problem_schema(document, service, query, body, headers) -> None:
    """Each status that is refused with is documented, and its body is a problem."""
    answer = service.client.post(f"/v1/depth{query}", content=body, headers=headers)
    documented = _depth(document)["responses"][str(answer.status_code)]
    _check(document, documented["content"][answer.headers["Content-Type"]]["schema"], answer.json())


def test_bodies_are_documented(document) -> None:
    """Multipart with its field, and raw."""
    content = _depth(document)["requestBody"]["content"]
    assert set(content) == {"image/*", "application/octet-stream", "multipart/form-data"}
    assert content["multipart/form-data"]["schema"]["required"] == ["image"]


def test_the_document_says_what_keys_do(document, service) -> None:
    """Health needs none; other operations name their scope and refusals. Open now: a key is a choice."""
    assert document["security"] == [{}, {"bearer": []}, {"header": []}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    assert document["paths"]["/healthz"]["get"]["security"] == []
    depth = _depth(document)
    assert depth["x-scope"] == "infer"
    assert {"401", "403", "429"} <= set(depth["responses"])


def test_the_document_says_when_a_key_is_needed(start) -> None:
    """Then the empty choice is gone."""
    answer = start(require_keys=True).client.get("/openapi.json")
    assert answer.json()["security"] == [{"bearer": []}, {"header": []}]


def test_no_schema_is_left_over(document) -> None:
    """The framework's own error schemas are not ours."""
    assert set(document["components"]["schemas"]) == {
        *("Problem", "Depth", "Models", "OneModel", "Pull", "Comparison"),
        *("Job", "JobWithPictures", "JobPicture", "Pipeline"),
    }


def test_models_show_their_cards(service) -> None:
    """The catalogue with everything that is known of each model."""
    row = service.client.get("/v1/models").json()
    card = catalogue.card("embedded")
    first = row["models"][0]
    assert (row["default"], first["name"]) == ("embedded", "embedded")
    assert first["weights"][0]["sha256"] == card.sha256
    assert first["near_is_large"] is (card.kind is DepthKind.RELATIVE_INVERSE)
    assert first["input"]["size"] == card.input.size


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/docs/docs.css"])
def test_the_docs_refer_to_nothing_outside(service, path) -> None:
    """Every address in the docs page and its files is this server's own; no script or style stands inline."""
    text = service.client.get(path).text.replace("http://127.0.0.1:8080", "")
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)
    assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|style=", text)
    for address in re.findall(r'(?:src|href)="([^"#:]+)["#]', text):
        assert service.client.get(f"/{address}").status_code == 200, address
