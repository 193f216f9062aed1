"""Several processes train as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.team import Team, start_apart, start_team  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path


def _average(team: Team, folder: Path) -> None:
    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = torch.full((3,), float(team.rank + 1))
    time_s = team.agree([parameter], 10.0 if team.is_leader else 99.0)
    (folder / f"{team.rank}").write_text(f"{parameter.grad.tolist()} {time_s}")


@pytest.mark.slow
def test_two_processes_agree_on_gradients_and_time(tmp_path: Path) -> None:
    """Both get the mean of their gradients and the leader's clock."""
    start_team(2, _average, tmp_path)
    assert {(tmp_path / name).read_text() for name in ("0", "1")} == {"[1.5, 1.5, 1.5] 10.0"}


def _note(team: Team, folder: Path, name: str) -> None:
    if name == "broken":
        raise ValueError("no such name")
    (folder / name).write_text(f"{team.rank} of {team.count}")


@pytest.mark.slow
def test_runs_apart_are_alone_and_all_are_made(tmp_path: Path) -> None:
    """Three rows, two at a time, each a team of one; a row that fails is told."""
    start_apart(2, _note, [(tmp_path, name) for name in "abc"])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys("abc", "0 of 1")
    with pytest.raises(Exception, match="no such name"):
        start_apart(2, _note, [(tmp_path, "d"), (tmp_path, "broken")])


def test_one_process_agrees_with_itself() -> None:
    """Nothing is averaged, nothing waits."""
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.ones(2)
    assert Team().agree([parameter], 7.0) == 7.0
    assert parameter.grad.tolist() == [1.0, 1.0]
