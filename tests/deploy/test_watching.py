"""Dashboard, alerts and example of ``deploy/``: they ask for what the service tells, and for all of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from nearfar import settings
from nearfar.service import create_app
from nearfar.service.readings import READINGS
from nearfar.service.request.problems import LEFT, all_problems
from nearfar.service.request.timing import STAGES
from nearfar.service.watch.metrics import EVENTS, render

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "nearfar.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
ADDED = {"instance", "job", "le", "worker"}
"""Labels that Prometheus, histograms and several processes have by themselves."""


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """Every name that a query may use, as /metrics writes it, and the labels of its family."""
    app = create_app(replace(settings.load({}), engine="fake"))
    service = app.state.service
    found = {"up": set()}
    for family in text_string_to_metric_families(render(service.metrics.families()).decode()):
        for row in family.samples:
            found.setdefault(row.name, set()).update(row.labels)
    for row in [*EVENTS, *READINGS]:  # those that have no sample yet
        for suffix in ("_bucket", "_sum", "_count") if getattr(row, "buckets", ()) else ("",):
            found.setdefault(row.name + suffix, set()).update(row.labels)
    return found


def _names(query: str) -> set[str]:
    return set(re.findall(r"\b(?:nearfar|process|python)_\w+|\bup\b", query))


def _labels(query: str) -> set[str]:
    listed = {label.strip() for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(",")}
    return listed | set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*\"", query))


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in RULES)])
def test_a_query_asks_for_what_there_is(told, query) -> None:
    """Each metric exists, each label is one of its own, brackets are closed."""
    names = _names(query)
    assert names
    assert names <= told.keys()
    assert _labels(query) - ADDED <= set().union(*(told[name] for name in names))
    assert [query.count(a) - query.count(b) for a, b in ("()", "[]", "{}")] == [0, 0, 0]


def test_every_metric_has_a_panel() -> None:
    """What the service counts can be seen."""
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for query in QUERIES for name in _names(query)}
    assert {row.name for row in [*EVENTS, *READINGS]} <= shown


def test_values_in_queries_can_occur() -> None:
    """Reasons are names of problems, stages are stages."""
    text = "\n".join([*QUERIES, *(rule["expr"] for rule in RULES)])
    known = {"reason": {LEFT, *(problem.slug for problem in all_problems())}, "stage": set(STAGES)}
    for label, values in known.items():
        for found in re.findall(rf"\b{label}=~?\"([^\"]*)\"", text):
            assert set(found.split("|")) <= values


def test_the_dashboard_can_be_imported() -> None:
    """It has an id, a source to choose, and panels whose ids differ and whose places do not overlap."""
    assert DASHBOARD["uid"] == "nearfar-service"
    assert {row["name"] for row in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23


def test_alerts_say_what_happened() -> None:
    """Each has a name of its own, a severity, and sentences for whoever is woken."""
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 6
    for rule in RULES:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert {"summary", "description"} == rule["annotations"].keys()


def test_the_example_asks_where_the_metrics_are() -> None:
    """Its path is the service's, its rules are the file beside it."""
    (job,) = PROMETHEUS["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("nearfar", "/metrics")
    assert [(DEPLOY / "prometheus" / name).is_file() for name in PROMETHEUS["rule_files"]] == [True]
