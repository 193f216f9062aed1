"""Which network for which task."""

from __future__ import annotations

import json

import pytest

from nearfar.cards import DepthKind
from nearfar.cli import main
from nearfar.errors import UnknownNameError
from nearfar.zoo.catalogue import cards
from nearfar.zoo.recommend import ADVICE, TASKS, recommend

METRIC = {"indoors": {"indoor", "any"}, "outdoors": {"outdoor", "any"}}


@pytest.mark.parametrize("row", ADVICE, ids=lambda row: f"{row.task}-{row.model}")
def test_advice_agrees_with_the_card(row) -> None:
    """Metres where metres are asked for, of the right places; a licence for work where work is asked for."""
    card = cards()[row.model]
    if row.task in METRIC:
        assert card.kind is DepthKind.METRIC
        assert card.domain in METRIC[row.task]
    else:
        assert card.kind is not DepthKind.METRIC
    if row.task == "commercial":
        assert card.is_commercial_use_allowed
    if row.task == "fast":
        assert card.speed_class == "fast"
    for licence in ("MIT", "Apache-2.0"):
        if licence in row.why:
            assert card.licence == licence
    if "not for commercial" in row.why:
        assert not card.is_commercial_use_allowed


def test_every_task_has_advice() -> None:
    """And no advice is for another task."""
    assert {row.task for row in recommend()} == set(TASKS)
    assert {row.task for row in recommend("video")} == {"video"}
    with pytest.raises(UnknownNameError, match=r"There is no task 'vido'\..*video"):
        recommend("vido")


def test_command_tells_row_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """For one task or all, as lines or JSON, on request for commercial use only."""
    assert main(["models", "recommend", "relative"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("relative")
    assert rest[0].split()[0] == "depth-anything-v2-large"
    assert main(["models", "recommend", "relative", "--commercial", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in rows] == ["dpt-beit-large-512", "dpt-large"]
    assert all(row["is_installed"] is False for row in rows)
