"""Metrics of several processes as one."""

from __future__ import annotations

import asyncio
import sys

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from nearfar.service.watch.siblings import Siblings, join, pack, unpack

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="several processes need POSIX")


def _families(count: float) -> list:
    asked = CounterMetricFamily("asked", "Asked.", labels=["route"])
    asked.add_metric(["/a"], count)
    jobs = GaugeMetricFamily("jobs", "Jobs.")
    jobs.add_metric([], 7)
    return [asked, jobs]


def _values(families: list) -> dict:
    return {(row.name, *sorted(row.labels.items())): row.value for f in families for row in f.samples}


def test_families_travel_unchanged() -> None:
    """Names, labels and values come out as they went in; what is cut short is an error."""
    assert _values(unpack(pack(_families(3)))) == _values(_families(3))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        unpack(pack(_families(3))[:-5])


def test_samples_are_labelled_and_shared_ones_told_once() -> None:
    """Each process counts for itself, but there is one table of jobs."""
    joined = join({0: _families(1), 1: _families(2)}, frozenset({"jobs"}))
    assert _values(joined) == {
        ("asked_total", ("route", "/a"), ("worker", "0")): 1,
        ("asked_total", ("route", "/a"), ("worker", "1")): 2,
        ("jobs",): 7,
    }


def test_one_that_is_gone_is_left_out(tmp_path) -> None:
    """A socket that nobody listens on costs nothing but its metrics; one's own is not asked."""

    async def talk() -> dict:
        first, second = Siblings(tmp_path, 0), Siblings(tmp_path, 1)
        await first.open(lambda: _families(1))
        await second.open(lambda: _families(2))
        (tmp_path / "2.sock").touch()
        told = await first.ask()
        first.close()
        second.close()
        return told

    told = asyncio.run(talk())
    assert list(told) == [1]
    assert _values(told[1]) == _values(_families(2))
