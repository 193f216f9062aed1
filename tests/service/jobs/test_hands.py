"""How many pictures of jobs are worked on at once: all streams while no request comes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from nearfar.service.jobs.worker import Jobs
from nearfar.settings import Settings


class Counting(Jobs):
    """Notes which of its workers look for a picture."""

    def __init__(self, settings: Settings, pool: Any) -> None:
        super().__init__(settings, pool, None)  # type: ignore[arg-type]
        self.looked: set[str] = set()

    async def _next(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.looked.add(task.get_name())

    async def _keep(self) -> None:
        await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("streams", "is_quiet", "expected"), [(0, True, 3), (0, False, 2), (2, False, 2), (5, True, 5)]
)
def test_jobs_take_the_last_stream_while_it_is_quiet(streams: int, is_quiet: bool, expected: int) -> None:
    """Three streams: all of them, or all but one; a number that was set counts as it is."""

    async def run() -> int:
        pool = SimpleNamespace(workers=3, is_quiet=lambda _: is_quiet)
        jobs = Counting(Settings(job_streams=streams), pool)
        jobs.start()
        await asyncio.sleep(0.05)
        found = len(jobs.looked)
        await jobs.close(0.1)
        return found

    assert asyncio.run(run()) == expected
