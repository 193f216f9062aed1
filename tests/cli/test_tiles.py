"""Tiles on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from command_line import rows
from pictures import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A photo that one look of the network does not exhaust."""
    path = tmp_path / "big.png"
    path.write_bytes(encoded(draw(640, 480)))
    return path


@pytest.mark.parametrize("flag", [("--tiles",), ("--tiles-length", "400")])
def test_depth_by_tiles(run: Run, big: Path, flag: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The values are the library's, and the description says of how many tiles."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    code, out, _ = run(big, *flag, "--json", "--raw", "big.npy")
    tiles = int(flag[1]) if flag[1:] else True
    expected = nearfar.estimate(big, tiles=tiles)
    assert (code, rows(out)[0]["tiles"]) == (0, expected.provenance.tiles)
    assert np.array_equal(np.load(big.with_name("big.npy")), expected.values)
    assert expected.provenance.tiles > 1


@pytest.mark.parametrize("words", [("effect", "heatmap"), ("export", "sidecar")])
def test_effects_and_exports_by_tiles(run: Run, big: Path, words: tuple[str, str]) -> None:
    """Whatever is made of depth can be made of finer depth."""
    code, out, err = run(*words, big, "--tiles")
    assert code == 0, err
    if words[1] == "sidecar":
        assert json.loads(big.with_name(out.strip().rpartition("/")[2]).read_text())["tiles"] > 1


def test_too_fine_is_refused(run: Run, big: Path) -> None:
    """More tiles than are run is an error that says so, and nothing is written."""
    big.write_bytes(encoded(draw(6000, 40)))
    code, _, err = run(big, "--tiles-length", "6000", "--size", "32")
    assert code == 1
    assert "at most 256" in err
    assert not big.with_name("big.depth.png").exists()
