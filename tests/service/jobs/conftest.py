"""Services with jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from serving import Running

    Send = Callable[..., httpx.Response]
    Finished = Callable[[Running, str], dict[str, Any]]


@pytest.fixture
def send(jpeg) -> Send:
    """Hand a job in: ``send(service, jpeg, b"broken", pipeline="{}", key="k")``."""

    def call(service: Running, *pictures: bytes, pipeline: str = "", key: str = "", **more: Any):
        files = [("images", (f"photo{n}.jpg", data)) for n, data in enumerate(pictures)]
        headers = {"Idempotency-Key": key} if key else {}
        form = {"pipeline": pipeline} if pipeline else {}
        return service.client.post("/v1/jobs", files=files, data=form, headers=headers, **more)

    return call


@pytest.fixture
def finished() -> Finished:
    """Wait until a job has ended, and give it."""

    def call(service: Running, id: str) -> dict[str, Any]:
        end = time.monotonic() + 60
        while (job := service.client.get(f"/v1/jobs/{id}").json())["state"] in {"queued", "running"}:
            assert time.monotonic() < end, job
            time.sleep(0.02)
        return job

    return call
