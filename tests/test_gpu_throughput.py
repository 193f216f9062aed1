"""The benchmark for a GPU, as far as it goes without one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu_throughput.py"


def test_figures_are_written_and_a_network_that_fails_is_told(tmp_path: Path) -> None:
    """One row has figures; where transformers cannot be loaded its row says so, and the run goes on."""
    (tmp_path / "transformers.py").write_text("__version__ = 'none'\n", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import runpy; sys.argv = sys.argv[1:]; "
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    words = ["--device", "cpu", "--quick", "--out", str(tmp_path / "out")]
    models = ["--models", "depth-anything-v2-small", "midas-small"]
    done = subprocess.run(
        [sys.executable, "-c", code, str(SCRIPT), *words, *models],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "out" / "gpu_throughput.json").read_text(encoding="utf-8"))["rows"]
    bad, good = rows
    assert bad["error"]
    assert good["per_s"] > 0
    assert 0.4 < good["gflop"] < 0.8  # 9.19 at 256×256, a sixteenth of it at 64×64
    table = (tmp_path / "out" / "gpu_throughput.md").read_text(encoding="utf-8")
    assert "midas-small*" in table
    assert bad["error"] in table
