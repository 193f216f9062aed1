"""What a plan makes of a runner that begins anew elsewhere for each run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nearfar.errors import ParameterError
from nearfar.runs import LocalRunner, Source, plan
from nearfar.runs.plan import PlanOptions, plan_of


@dataclass(frozen=True)
class Far(LocalRunner):
    """Says that it is elsewhere."""

    def processors(self) -> int:
        """As of a runner elsewhere."""
        return 48


def took(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """Pretend that the runs of a plan took so long."""
    rest = iter(seconds)
    monkeypatch.setattr(plan, "_timed", lambda run, runner: (run.go(runner), next(rest))[1])


@pytest.mark.parametrize(("runner", "rate"), [(LocalRunner(), 8 / 9), (Far(), (8 - 2) / (9 - 5))])
def test_what_it_takes_to_begin_is_left_out(photos, pipeline, monkeypatch, runner, rate) -> None:
    """Where it begins anew: two photos took 5 seconds, eight took 9."""
    took(monkeypatch, 5, 9)
    found = plan_of(Source(str(photos)), pipeline, PlanOptions(sample=8), runner)
    assert found.rate == rate
    assert (found.processors == 48) == isinstance(runner, Far)


def test_a_sample_that_tells_nothing_is_refused(photos, pipeline, monkeypatch) -> None:
    """It took no longer than two photos."""
    took(monkeypatch, 5, 5)
    with pytest.raises(ParameterError, match="Raise --sample"):
        plan_of(Source(str(photos)), pipeline, PlanOptions(sample=8), Far())
