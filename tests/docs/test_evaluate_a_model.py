"""What ``docs/how-to/evaluate-a-model.md`` tells people to do works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import small_sets
from nearfar.cli import main
from nearfar.evaluation.catalogue import protocols
from nearfar.evaluation.predictions import Kind
from scripts import script

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "evaluate-a-model.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Every command, one after the other, beside the folders that the page names."""
    small_sets.folder(tmp_path / "photos")
    small_sets.kitti(tmp_path / "kitti")
    (tmp_path / "eigen.txt").write_text(small_sets.kitti_list(), encoding="utf-8")
    (tmp_path / "maps").mkdir()
    for n in range(3):
        np.save(tmp_path / "maps" / f"{n:04d}.npy", np.nan_to_num(small_sets.depth_of(n), nan=5))
    monkeypatch.chdir(tmp_path)
    lines = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert len(lines) >= 9
    for line in lines:
        assert main(shlex.split(line)[1:]) == 0, f"{line}: {capsys.readouterr().err}"
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, PAGE.name, "exec"), {})  # noqa: S102 - it is our own page
    assert 0.1 < float(capsys.readouterr().out.splitlines()[-1]) < 2
    assert json.loads(Path("maps.json").read_text("utf-8"))["figures"]["abs_rel"]["mean"] < 1e-3
    assert Path("card.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_table_of_sets_is_current() -> None:
    """Run python tools/evaluation_page.py where this fails."""
    pytest.importorskip("torch")  # the workshop needs it
    block = re.search(r"<!-- figures: sets -->\n(.*?)\n<!-- end", TEXT, re.DOTALL)
    assert block is not None
    assert block[1] == script("tools/evaluation_page.py").sets_block()


def test_every_protocol_and_kind_is_explained() -> None:
    """A row each."""
    for name in (*protocols(), *Kind):
        assert f"\n| `{name}` |" in TEXT, name
