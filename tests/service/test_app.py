"""How the application shares out the processors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nearfar import api, settings
from nearfar.service.app import create_app
from nearfar.zoo import catalogue


@pytest.mark.parametrize(
    ("parameters", "given", "threads"),
    [
        (1_000_000, {}, 1),
        (1_000_000, {"streams": 2}, 3),
        (1_000_000, {"streams": 35}, 1),
        (300_000_000, {}, 6),
        (300_000_000, {"threads": 4}, 4),
        (1_000_000, {"threads": 4}, 4),
    ],
)
def test_threads_follow_the_network_s_size(monkeypatch, parameters, given, threads) -> None:
    """Small networks take their share of six processors, large ones all; a set number is kept."""
    seen = []
    card = replace(catalogue.card("embedded"), parameters=parameters)
    monkeypatch.setattr(catalogue, "card", lambda _: card)
    monkeypatch.setattr(api, "load", lambda *_, settings, **__: seen.append(settings.threads))
    monkeypatch.setattr("nearfar.service.app.usable_cpus", lambda: 6)
    create_app(replace(settings.load({}), **given)).state.service.tools.loader("", None)
    assert seen == [threads]


def test_streams_are_the_processors_unless_set(monkeypatch) -> None:
    """One worker for each usable processor."""
    monkeypatch.setattr("nearfar.service.app.usable_cpus", lambda: 6)
    assert create_app(settings.load({})).state.service.pool.workers == 6
    assert create_app(settings.load({"NEARFAR_STREAMS": "2"})).state.service.pool.workers == 2
