"""What was skipped is kept for the end of ``make test``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import skips
from scripts import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_left(n):
    pytest.skip("no such\\n  card here")

@pytest.mark.skipif(True, reason="of another day")
def test_marked(): ...

def test_runs(): ...
"""
WHOLE = 'import pytest\npytest.skip("no torch", allow_module_level=True)\n'


def pytest_on(folder: Path, *options: str, kept: Path | None) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder, their skips kept in a file."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tests")}
    environment.pop(skips.VARIABLE, None)
    if kept:
        environment[skips.VARIABLE] = str(kept)
    words = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(folder), "-p", "skips"]
    words += ["-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_each_skip_is_a_line_with_its_file_and_reason(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Skips within a test, by a mark, and of a whole file; in one process and in several."""
    folder, kept = tmp_path / "tests", tmp_path / "kept"
    folder.mkdir()
    (folder / "test_some.py").write_text(TESTS)
    (folder / "test_whole.py").write_text(WHOLE)
    kept.write_text("of the run before\n")
    done = pytest_on(folder, *options, kept=kept)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(kept.read_text().splitlines()) == [
        "of the run before",
        "test_some.py: no such card here",
        "test_some.py: no such card here",
        "test_some.py: of another day",
        "test_whole.py: no torch",
    ]


def test_nothing_is_kept_unasked(tmp_path: Path) -> None:
    """Without the variable a run is as it always was."""
    (tmp_path / "test_whole.py").write_text(WHOLE)
    assert "1 skipped" in pytest_on(tmp_path, kept=None).stdout


@pytest.mark.parametrize(("status", "last"), [(0, "1 tests/test_a.py: no card"), (1, "Some tests failed")])
def test_the_last_lines_tell_what_was_skipped(tmp_path: Path, status: int, last: str) -> None:
    """Over all runs, and the exit status is that of the worst one."""
    python = tmp_path / "python"
    python.write_text(
        f"""#!/bin/sh
case "$*" in
    *tests/browser) echo "tests/test_a.py: no card" >>"$NEARFAR_LAB_SKIPS" ;;
    *) exit {status} ;;
esac
"""
    )
    python.chmod(0o755)
    script = ["sh", str(REPOSITORY / "tools" / "test.sh"), str(python)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == status
    lines = done.stdout.splitlines()
    assert "1 tests/test_a.py: no card" in {line.strip() for line in lines[-2:]}
    assert last in lines[-1]


def test_where_node_cannot_be_had_that_is_said(tmp_path: Path) -> None:
    """No Node, no pip that brings it, no apt: a clear line, and the other tests go on."""
    for name in ("dirname", "id"):
        (tmp_path / name).symlink_to(shutil.which(name))
    commands = tmp_path / "venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "python").write_text("#!/bin/sh\nexit 1\n")
    (commands / "python").chmod(0o755)
    script = [shutil.which("sh"), str(REPOSITORY / "tools" / "node.sh"), str(tmp_path / "venv")]
    done = subprocess.run(script, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "No Node 20.19 with npm, neither here nor by pip or apt: the page's own tests will be skipped."
    ]
