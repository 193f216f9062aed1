"""``nearfar run``: the command line of runs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from pictures import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos and one that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(encoded(draw(30 + number, 20)))
    (folder / "bad.png").write_bytes(b"no photo")
    return folder


def test_a_run_and_how_it_stands(run, photos, tmp_path) -> None:
    """What failed is said and makes the exit code 1: by the next run too, which does nothing."""
    code, out, err = run("run", photos, "-o", tmp_path / "out", "--export", "npy", "--effect", "heatmap")
    assert (code, "bad.png is not a picture" in err, "3 done (3 now), 1 failed" in err) == (1, True, True)
    assert out.strip().startswith(str(tmp_path / "out" / "nearfar-run" / "manifest."))
    assert (tmp_path / "out" / "2.png.heatmap.png").exists()
    assert (tmp_path / "out" / "2.png.npy.npy").exists()
    code, _, err = run("run", photos, "-o", tmp_path / "out", "--export", "npy", "--effect", "heatmap")
    assert (code, "3 done (0 now), 1 failed" in err) == (1, True)
    assert "bad.png is not a picture" in err
    assert "1 failed in a run before; --retry-errors tries them again" in err
    code, out, _ = run("run", "status", tmp_path / "out")
    assert out.splitlines()[0].startswith("3 of 4 done, 1 failed")
    code, out, _ = run("run", "status", tmp_path / "out", "--json")
    assert (code, json.loads(out)["errors"]) == (0, {"UnsupportedFormatError": 1})


def test_what_failed_before_and_is_gone_fails_no_run(run, photos, tmp_path) -> None:
    """The exit code is about the photos that the source holds now; mended ones are done."""
    assert run("run", photos, "-o", tmp_path / "out")[0] == 1
    (photos / "bad.png").unlink()
    code, _, err = run("run", photos, "-o", tmp_path / "out")
    assert (code, "failed in a run before" in err) == (0, False)
    (photos / "bad.png").write_bytes(encoded(draw(20, 20)))
    code, _, err = run("run", photos, "-o", tmp_path / "out")
    assert (code, "4 done (1 now), 0 failed" in err) == (0, True)


@pytest.mark.skipif(os.name == "nt", reason="names of files cannot hold these there")
def test_names_write_no_lines_of_their_own(run, photos, tmp_path) -> None:
    """What steers a terminal is spelled out in a photo's name."""
    (photos / "bad\nnearfar: 0 failed.png").write_bytes(b"no picture")
    (photos / "\x1b[31mred.png").write_bytes(b"no picture")
    code, _, said = run("run", str(photos), "-o", str(tmp_path / "out"), "--engine", "fake")
    assert code == 1
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("nearfar: 0 failed")]
    assert "\nnearfar: bad\\nnearfar: 0 failed.png: " in f"\n{said}"


def test_rows_as_json(run, photos, tmp_path) -> None:
    """A row a photo, then one of the whole."""
    code, out, _ = run("run", photos, "-o", tmp_path / "out", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, len(rows), rows[-1]["done"], rows[-1]["failed"]) == (1, 5, 3, 1)
    assert {row["source"] for row in rows[:-1]} == {"0.png", "1.png", "2.png", "bad.png"}


def test_a_dry_run(run, photos, tmp_path) -> None:
    """Says what would be done."""
    code, out, _ = run("run", photos, "-o", tmp_path / "out", "--dry-run")
    assert (code, out) == (0, "4 photos to do; 0 are done, 0 failed\n")
    assert not (tmp_path / "out").exists()


def test_a_pipeline_out_of_a_file(run, photos, tmp_path) -> None:
    """With options of its effects; what is wrong with it is told before any work."""
    (tmp_path / "a.toml").write_text('effects = [{name = "heatmap", options = {colormap = "turbo"}}]\n')
    assert run("run", photos, "-o", tmp_path / "out", "--pipeline", tmp_path / "a.toml")[0] == 1
    assert (tmp_path / "out" / "1.png.heatmap.png").exists()
    (tmp_path / "a.toml").write_text("effect = 3\n")
    code, _, err = run("run", photos, "-o", tmp_path / "out", "--pipeline", tmp_path / "a.toml")
    assert (code, "no member 'effect'" in err) == (2, True)


def test_a_plan(run, photos) -> None:
    """Multiplies what a sample took."""
    flags = ("--photos", "8000", "--machines", "2", "--share", "1", "--price-hour", "3", "--sample", "4")
    code, out, _ = run("run", "plan", photos, "--json", *flags)
    plan = json.loads(out)
    assert (code, plan["sample"], plan["failed"], plan["writes"]) == (0, 4, 1, 6000)
    assert plan["machine_hours"] == pytest.approx(8000 / plan["rate"] / 3600)
    assert plan["price_machines"] == pytest.approx(3 * plan["machine_hours"])
    assert plan["hours"] == pytest.approx(plan["machine_hours"] / 2)
    code, out, _ = run("run", "plan", photos)
    assert "time: 4 photos on 1 machine(s):" in out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("run",), "One source was expected"),
        (("run", "photos"), "No target was named"),
        (("run", "photos", "-o", "out", "--into", "tars"), "Known: parquet,"),
        (("run", "photos", "-o", "out", "--effect", "boke"), "Did you mean 'bokeh'"),
        (
            ("run", "photos", "-o", "out", "--pipeline", "a.toml", "--fast"),
            "--fast counts for nothing beside",
        ),
        (("run", "photos", "-o", "out", "--export", "npy", "--one-range"), "No result has colours"),
        (("run", "photos", "-o", "out", "--one-range", "--limit", "3"), "One range is of the whole source"),
    ],
)
def test_wrong_command_lines(run, photos, tmp_path, monkeypatch, words, text) -> None:
    """Nothing is done, and the message says what to do."""
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*words)
    assert code == 2
    assert text in err
    assert not list((tmp_path / "out").rglob("*.png"))
