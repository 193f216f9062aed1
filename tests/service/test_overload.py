"""Far more clients than places: every one gets its right answer or a 503, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nearfar.engines.fake import FakeSession
from serving import loader_of, running, until

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "service_overload.py"
REQUESTS = 200


class Steady:
    """A network that takes its time."""

    fixed_size = None
    batch_limit = None

    def run(self, batch):
        """What the fake network gives, a moment later."""
        time.sleep(0.03)
        return FakeSession().run(batch)


def _crowd(url: str) -> dict:
    command = [sys.executable, SCRIPT, "--address", url, "--clients", "32", "--requests", str(REQUESTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout.partition("\n")[0])


@pytest.mark.slow
def test_a_crowd_is_answered_or_refused_and_leaves_nothing_behind() -> None:
    """Broken, slow and leaving clients among good ones; afterwards no place, thread or byte is held."""
    with running(loader_of(Steady()), streams=1, queue=4) as service:
        seen = _crowd(service.url)
        assert seen["wrong"] == []
        counts = seen["counts"]
        assert sum(counts.values()) == REQUESTS
        assert sum(n for key, n in counts.items() if key.startswith("broken")) == REQUESTS // 10
        assert counts["leaving left"] == REQUESTS // 20
        assert counts["good 200"] > 0
        assert counts["good 503"] > 0
        assert 0 < seen["refused_median_ms_of_service"] <= seen["refused_median_ms"] + 5
        shared = service.app.state.service
        until(lambda: (shared.pool.waiting, shared.pool.running, shared.uploads.room.used) == (0, 0, 0))
        rejected = {key.rpartition(" ")[2] for key in counts if key.startswith("broken")}
        assert rejected <= {"400", "415", "422", "503"}
        told = service.client.get("/metrics").text
        assert 'nearfar_rejections_total{reason="client-left"}' in told
        assert 'nearfar_rejections_total{reason="busy"}' in told
