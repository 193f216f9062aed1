"""``docs/reference/http.md`` names everything that the service has."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from nearfar.ops.colormap import COLORMAPS
from nearfar.options import describe
from nearfar.service.answer.answers import HEADERS, DepthQuery, formats
from nearfar.service.request.problems import all_problems
from nearfar.settings import Settings

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text(encoding="utf-8")


def test_every_route_is_there(service) -> None:
    """Each documented path with its method, and the pages."""
    paths = service.client.get("/openapi.json").json()["paths"]
    rows = [f"`{method.upper()} {path}`" for path, row in paths.items() for method in row]
    for row in [*rows, "`GET /`", "`GET /docs`", "`GET /openapi.json`"]:
        assert row in TEXT


@pytest.mark.parametrize("name", [*HEADERS, "X-Request-Id", "Server-Timing", "Retry-After", "Allow"])
def test_every_header_is_there(name) -> None:
    """Whoever reads an answer can look its headers up."""
    assert f"`{name}`" in TEXT


def test_every_parameter_format_and_colour_is_there() -> None:
    """The query's table is complete."""
    names = [info.name for info in describe(DepthQuery)]
    for name in [*names, *formats(), *COLORMAPS]:
        assert f"`{name}`" in TEXT, name


def test_every_problem_is_there_with_its_status() -> None:
    """The table of problems is the code's table, and has no row beyond it."""
    rows = set(re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \|", TEXT, re.MULTILINE))
    assert rows == {(str(problem.status), problem.slug) for problem in all_problems()}


def test_the_settings_it_names_exist() -> None:
    """No NEARFAR_ variable of the text is made up."""
    known = {f"NEARFAR_{field.name.upper()}" for field in fields(Settings)}
    assert set(re.findall(r"NEARFAR_[A-Z_]+", TEXT)) <= known
