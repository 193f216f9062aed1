"""What the tests of jobs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jobbing import Bench, open_bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A store in a folder of the test's own, and one who works on it."""
    bench = open_bench(tmp_path / "jobs")
    yield bench
    bench.store.close()
    bench.owner.close()
