"""``tools/test.sh``: what fails once beside others is run by itself, and named; what fails twice fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scripts import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

INI = "[pytest]\nmarkers =\n    browser: a\n    soak: b\n"
BROWSER = "import pytest\n\n@pytest.mark.browser\ndef test_page(): ...\n"
FINE = "def test_fine(): ...\n"
WRONG = "def test_wrong():\n    assert 1 == 2\n"
UNSTEADY = """
from pathlib import Path

def test_late():
    seen = Path(__file__).with_name("seen")
    is_second = seen.exists()
    seen.touch()
    assert is_second
"""


def make_test(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project that has these tests beside one of a browser."""
    for place in ("tools", "tests/browser"):
        (folder / place).mkdir(parents=True)
    shutil.copy(REPOSITORY / "tools" / "test.sh", folder / "tools")
    (folder / "pytest.ini").write_text(INI)
    (folder / "tests" / "test_some.py").write_text(tests)
    (folder / "tests" / "browser" / "test_page.py").write_text(BROWSER)
    words = ["sh", str(folder / "tools" / "test.sh"), sys.executable]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("tests", "status", "is_unsteady"),
    [
        (FINE + UNSTEADY, 0, True),
        (WRONG + UNSTEADY, 1, False),
        ("import nothing_of_this_name\n", 1, False),
    ],
    ids=["one at the second try", "one of two", "cannot be read"],
)
def test_only_what_fails_by_itself_fails(tmp_path: Path, tests: str, status: int, is_unsteady: bool) -> None:
    """And what passed at the second try only is named."""
    done = make_test(tmp_path, tests)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("UNSTEADY" in done.stdout) is is_unsteady
    if is_unsteady:
        assert done.stdout.rstrip().endswith("tests/test_some.py::test_late")


def test_many_failures_are_not_run_again(tmp_path: Path) -> None:
    """Six are no matter of a busy machine."""
    done = make_test(
        tmp_path,
        UNSTEADY.replace("test_late", "test_0")
        + WRONG.replace("wrong", "1")
        + "\n".join(WRONG.replace("wrong", str(number)) for number in range(2, 6)),
    )
    assert (done.returncode, "by itself" in done.stdout) == (1, False)
