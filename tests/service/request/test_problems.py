"""Errors as problem documents."""

from __future__ import annotations

import logging

import pytest

from nearfar import errors as tree
from nearfar.errors import NearfarError, NonFiniteOutputError
from nearfar.service import errors as http_tree
from nearfar.service.http.envelope import SECURITY_HEADERS
from nearfar.service.request.problems import INTERNAL, PROBLEMS, all_problems, problem_of
from serving import loader_of

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}


class _Failing:
    """A network that raises what it was given."""

    fixed_size = batch_limit = None

    def __init__(self, error: Exception) -> None:
        self._error = error

    def run(self, _batch):
        raise self._error


def _classes() -> list[type[NearfarError]]:
    found = [*vars(tree).values(), *vars(http_tree).values()]
    return [cls for cls in found if isinstance(cls, type) and issubclass(cls, NearfarError)]


@pytest.mark.parametrize("cls", _classes())
def test_every_error_has_a_row(cls) -> None:
    """An error takes its own row or its nearest ancestor's; what a client causes is never a 5xx."""
    problem = problem_of(cls("message"))
    assert problem in PROBLEMS.values()
    assert 400 <= problem.status < 600
    if issubclass(cls, tree.InputError):
        assert problem.status < 500


def test_slugs_are_unique() -> None:
    """A type names one problem with one status."""
    rows = {(p.slug, p.status, p.title) for p in all_problems()}
    assert len(rows) == len({slug for slug, _, _ in rows})


def test_a_problem_has_the_members_of_the_standard(service) -> None:
    """Type, title, status, detail and instance (RFC 9457), and what to do next."""
    answer = service.upload(b"text")
    row = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert row.keys() == MEMBERS | {"hint"}
    assert row["status"] == answer.status_code
    assert row["instance"] == f"urn:nearfar:request:{row['request_id']}"
    assert row["request_id"] == answer.headers["X-Request-Id"]


def test_a_type_leads_to_its_explanation(service) -> None:
    """The type is an address on this server, and its anchor is there."""
    page, _, anchor = service.upload(b"text").json()["type"].partition("#")
    assert f'id="{anchor}"' in service.client.get(page).text


@pytest.mark.parametrize("path", ["/nothing", "/v1/depth/", "/v1/", "/static/index.html", "/docs/index.html"])
def test_an_unknown_address_is_a_404_problem(service, path) -> None:
    """Nothing is guessed: no redirects, no listings."""
    answer = service.client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_wrong_method_is_a_405_problem(service) -> None:
    """The methods that are taken stand in Allow."""
    answer = service.client.get("/v1/depth")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_failing_network_is_a_500_problem_with_its_reason(start, jpeg) -> None:
    """An error of the tree is told; the client learns which model failed."""
    failing = _Failing(NonFiniteOutputError("The network 'embedded' answered with NaN."))
    answer = start(loader=loader_of(failing)).upload(jpeg)
    assert (answer.status_code, answer.json()["detail"]) == (500, "The network 'embedded' answered with NaN.")


def test_what_nobody_foresaw_is_a_500_without_its_inside(start, jpeg, caplog) -> None:
    """The client gets an id; the traceback is in the log under it."""
    running = start(loader=loader_of(_Failing(RuntimeError("secret inside"))))
    with caplog.at_level(logging.ERROR, "nearfar.service"):
        answer = running.upload(jpeg)
    assert (answer.status_code, answer.json()["title"]) == (500, INTERNAL.title)
    assert "secret" not in answer.text
    assert answer.headers["X-Frame-Options"] == SECURITY_HEADERS["X-Frame-Options"]
    record = next(r for r in caplog.records if answer.headers["X-Request-Id"] in r.getMessage())
    assert record.exc_info is not None
    assert "secret inside" in str(record.exc_info[1])
    assert running.client.get("/healthz").status_code == 200


def test_allow_names_every_method_of_an_address(service) -> None:
    """Two routes of one address: the router itself would name the methods of the first alone."""
    answer = service.client.put("/v1/jobs/0")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, HEAD"
    assert service.client.put("/v1/jobs").headers["Allow"] == "GET, HEAD, POST"
