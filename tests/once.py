"""What is dear to make, and made once for all processes of a run of the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this run, filled by the first process that asks; a failed ``make`` is tried by the next."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        folder = factory.mktemp(name)
        make(folder)
        return folder
    base = factory.getbasetemp().parent
    folder, done = base / f"{name}-{run}", base / f"{name}-{run}.done"
    with FileLock(base / f"{name}-{run}.lock"):
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder
