"""The mean of several runs: their weights, what they saw, and what cannot be averaged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from finished_runs import run_folder  # noqa: E402
from nearfar_lab.blend import blend  # noqa: E402
from nearfar_lab.checkpoint import Progress, load_net, load_state  # noqa: E402
from nearfar_lab.cli import main  # noqa: E402
from nearfar_lab.errors import CheckpointError  # noqa: E402
from nearfar_lab.net import NetOptions  # noqa: E402
from nearfar_lab.recipes import Recipe, Stage  # noqa: E402
from nearfar_lab.train import Budget, Run  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

TINY = Recipe(
    name="tiny",
    shares={"scenes": 1.0},
    stages=(Stage(1.0, ((32, 64, 4, 1.0),)),),
    net=NetOptions((8, 8, 16, 16, 24), (0, 0, 0, 0, 0), (1, 0, 0, 0), 1, 2),
)

DONE = Progress(10, 100, 100.0)


def test_the_mean_lies_between_its_members(tmp_path: Path) -> None:
    """Weight by weight; steps and pictures add up, the time is the longest."""
    first = run_folder(tmp_path / "a", TINY, Progress(10, 100, 100.0))
    second = run_folder(tmp_path / "b", replace(TINY, seed=2), Progress(12, 120, 101.0))
    path = blend([first, second], tmp_path / "mean")
    state = load_state(path)
    for name, value in load_net(path)[0].state_dict().items():
        parts = [load_state(run / "last.pt")["average"][name] for run in (first, second)]
        wanted = sum(parts) / 2 if value.is_floating_point() else parts[0]
        assert torch.allclose(value, wanted)
    assert state["progress"] == {"step": 22, "pictures": 220, "elapsed_s": 101.0}
    assert state["members"][1] == {"seed": 2, "steps": 12, "pictures_seen": 120}
    assert "optimiser" not in state


def test_other_networks_are_refused(tmp_path: Path) -> None:
    """With both named, and nothing written."""
    other = replace(TINY, seed=2, net=replace(TINY.net, attention_blocks=2))
    runs = [run_folder(tmp_path / "a", TINY, DONE), run_folder(tmp_path / "b", other, DONE)]
    with pytest.raises(CheckpointError, match="Only runs of one recipe"):
        blend(runs, tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_one_run_has_no_mean(tmp_path: Path) -> None:
    """Said, rather than copied."""
    with pytest.raises(CheckpointError, match="two runs at least"):
        blend([run_folder(tmp_path / "a", TINY, DONE)], tmp_path / "mean")


def test_only_finished_runs_with_seeds_of_their_own(tmp_path: Path) -> None:
    """An unfinished one would look finished; the same run twice is no mean; no member is overwritten."""
    first, twin = run_folder(tmp_path / "a", TINY, DONE), run_folder(tmp_path / "b", TINY, DONE)
    other = run_folder(tmp_path / "c", replace(TINY, seed=2), DONE)
    half = run_folder(tmp_path / "d", replace(TINY, seed=3), Progress(5, 50, 50.0))
    for second, out, words in (
        (twin, "mean", "the same seed"),
        (half, "mean", "not finished"),
        (other, "a", "one of the runs"),
    ):
        with pytest.raises(CheckpointError, match=words):
            blend([first, second], tmp_path / out)
    assert not (tmp_path / "mean").exists()


def test_statistics_that_moved_are_refused(tmp_path: Path) -> None:
    """The mean of two variances is not the variance of the mean network."""
    first = run_folder(tmp_path / "a", TINY, DONE)
    folder = tmp_path / "b"
    folder.mkdir()
    run = Run(replace(TINY, seed=2), folder, Budget(100.0))
    run.average.values["encoder.0.0.1.running_var"] += 1
    run.progress = DONE
    run.save()
    with pytest.raises(CheckpointError, match="statistics moved"):
        blend([first, folder], tmp_path / "mean")


def test_the_command_writes_the_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`nearfar-lab blend` prints the file; what cannot be averaged is one line and exit code 1."""
    runs = [str(run_folder(tmp_path / str(seed), replace(TINY, seed=seed), DONE)) for seed in (1, 2)]
    out = tmp_path / "mean"
    with pytest.raises(SystemExit, match="0"):
        main(["blend", *runs, "--out", str(out)])
    assert capsys.readouterr().out.strip() == str(out / "last.pt")
    with pytest.raises(SystemExit, match="1"):
        main(["blend", *runs, "--out", runs[0]])
    assert "one of the runs" in capsys.readouterr().err
