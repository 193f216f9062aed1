"""Jobs through both clients: what is to be done stands once, as steps; each client takes them its way."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from nearfar.client import answers
from nearfar.client.calls import Call
from nearfar.client.errors import JobTimeoutError
from nearfar.client.job_files import Results, parts_of, parts_of_options, results_folder
from nearfar.client.job_records import read_job, read_page
from nearfar.errors import ParameterError
from nearfar.outputs import plain_entry

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Iterable, Sequence
    from pathlib import Path
    from typing import Unpack

    from nearfar.client.calls import Bounds
    from nearfar.client.job_records import Job
    from nearfar.decode.photo import PhotoSource
    from nearfar.outputs import Named

T = TypeVar("T")
Step = Call[Any] | float | Callable[[], Any]
"""A call to be sent, seconds to be waited, or work for this machine."""
Steps = Generator[Step, Any, T]
Tell = Callable[["Job"], object]
_ROWS = 1000
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SOON_S, _LATE_S = 0.1, 2.0


class Pipeline(TypedDict, total=False):
    """What is made of each photo: ``effects`` and ``exports`` are names, or names with their options.

    ``files``: of those of their options that are files, by the option's name.
    """

    model: str | None
    size: int | None
    effects: Sequence[Named]
    exports: Sequence[Named]
    files: Mapping[str, PhotoSource]


class Jobs:
    """``Client.jobs``: many photos and one pipeline, worked on in the background."""

    def __init__(self, send: Callable[[Call[Any]], Any], bounds: Bounds) -> None:
        self._send = send
        self._bounds = bounds

    def submit(
        self,
        photos: Iterable[PhotoSource],
        *,
        idempotency_key: str | None = None,
        **pipeline: Unpack[Pipeline],
    ) -> Job:
        """Submit photos, or ZIPs of them; the answer comes when all of it is safe on the service's disk.

        Args:
            photos: paths, bytes, binary files, PIL images, arrays or Photos.
            idempotency_key: the same key with the same job gives the job that it gave before. Without one a
                new one is made, so that asking again because of a lost answer makes no second job.
            pipeline: ``model``, ``size``, ``effects``, ``exports``; without the last two, a heat map.
                ``files`` are those of options: ``{"glb": "chair.glb"}``.

        Example:
            >>> client.jobs.submit(["a.jpg"], effects=[("bokeh", {"strength": 2})])  # doctest: +SKIP
        """
        return self._take(_submit(photos, self._bounds, idempotency_key, pipeline))

    def get(self, id: str) -> Job:
        """A job with all its pictures; NoSuchJobError where there is none."""
        return self._take(_get(id))

    def list(self, state: str | None = None) -> tuple[Job, ...]:
        """All jobs that the caller may see, or those in a state; the newest first, without pictures."""
        return self._take(_list(state))

    def wait(self, id: str, tell: Tell | None = None, timeout: float | None = None) -> Job:
        """Wait until a job has ended, and give it with its pictures.

        Args:
            id: of the job.
            tell: is called with the job, without pictures, whenever its counts change.
            timeout: seconds; JobTimeoutError when they are over, and the job goes on.
        """
        return self._take(_wait(id, tell, timeout))

    def cancel(self, id: str) -> Job:
        """Stop a job and keep what is done; one that has ended stays as it is."""
        return self._take(_one("POST", id, "/cancel", read_job))

    def delete(self, id: str) -> None:
        """Stop a job and remove all of it."""
        self._take(_one("DELETE", id, "", _nothing))

    def result(self, id: str, picture: int, file: str = "") -> bytes:
        """One file of a picture that is done, the first of the pipeline where none is named."""
        return self._take(_result(id, picture, file))

    def results(self, id: str, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write all results of a job that has ended into a folder, over files of the same name.

        The folder is made where it is absent; ``manifest.json`` says what became of each picture. Nothing is
        in its place before all of it is on the disk.

        Raises:
            UnfinishedError: the job has not ended.
            OutputError: the folder cannot be written to.
            ServiceError: what came is no results, or more than the bounds allow.
        """
        return self._take(_results(id, folder, self._bounds))

    def _take(self, steps: Steps[T]) -> T:
        given: Any = None
        with closing(steps):
            while True:
                try:
                    step = steps.send(given)
                except StopIteration as end:
                    done: T = end.value
                    return done
                if isinstance(step, float):
                    time.sleep(step)
                else:
                    given = self._send(step) if isinstance(step, Call) else step()


class AsyncJobs:
    """``AsyncClient.jobs``: as :class:`Jobs`, every method awaited."""

    def __init__(self, send: Callable[[Call[Any]], Awaitable[Any]], bounds: Bounds) -> None:
        self._send = send
        self._bounds = bounds

    async def submit(
        self,
        photos: Iterable[PhotoSource],
        *,
        idempotency_key: str | None = None,
        **pipeline: Unpack[Pipeline],
    ) -> Job:
        """As :meth:`Jobs.submit`."""
        return await self._take(_submit(photos, self._bounds, idempotency_key, pipeline))

    async def get(self, id: str) -> Job:
        """As :meth:`Jobs.get`."""
        return await self._take(_get(id))

    async def list(self, state: str | None = None) -> tuple[Job, ...]:
        """As :meth:`Jobs.list`."""
        return await self._take(_list(state))

    async def wait(self, id: str, tell: Tell | None = None, timeout: float | None = None) -> Job:  # noqa: ASYNC109 - as in Jobs
        """As :meth:`Jobs.wait`; ``tell`` is not awaited."""
        return await self._take(_wait(id, tell, timeout))

    async def cancel(self, id: str) -> Job:
        """As :meth:`Jobs.cancel`."""
        return await self._take(_one("POST", id, "/cancel", read_job))

    async def delete(self, id: str) -> None:
        """As :meth:`Jobs.delete`."""
        await self._take(_one("DELETE", id, "", _nothing))

    async def result(self, id: str, picture: int, file: str = "") -> bytes:
        """As :meth:`Jobs.result`."""
        return await self._take(_result(id, picture, file))

    async def results(self, id: str, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """As :meth:`Jobs.results`."""
        return await self._take(_results(id, folder, self._bounds))

    async def _take(self, steps: Steps[T]) -> T:
        given: Any = None
        with closing(steps):
            while True:
                try:
                    step = steps.send(given)
                except StopIteration as end:
                    done: T = end.value
                    return done
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, Call):
                    given = await self._send(step)
                else:
                    given = await asyncio.to_thread(step)


def _submit(
    photos: Iterable[PhotoSource], bounds: Bounds, key: str | None, pipeline: Mapping[str, Any]
) -> Steps[Job]:
    files = pipeline.get("files") or {}
    parts = yield lambda: parts_of(photos, bounds) + parts_of_options(files, bounds)
    given = {name: value for name, value in pipeline.items() if value is not None and name != "files"}
    if given:
        for kind in {"effects", "exports"} & given.keys():
            given[kind] = [plain_entry(entry) for entry in given[kind]]
        parts = (("pipeline", (None, json.dumps(given).encode())), *parts)
    headers = {"Idempotency-Key": key if key is not None else uuid.uuid4().hex}
    job: Job = yield Call("POST", "/v1/jobs", read_job, parts=parts, headers=headers)
    return job


def _get(id: str) -> Steps[Job]:
    page = yield Call("GET", _path(id), read_page, {"limit": str(_ROWS)})
    pictures = page.jobs[0].pictures
    while page.after:
        page = yield Call("GET", _path(id), read_page, {"limit": str(_ROWS), "after": page.after})
        pictures += page.jobs[0].pictures
    job: Job = page.jobs[0]
    return replace(job, pictures=pictures)


def _list(state: str | None) -> Steps[tuple[Job, ...]]:
    query = {"limit": str(_ROWS)} | ({"state": state} if state else {})
    page = yield Call("GET", "/v1/jobs", read_page, query)
    jobs: tuple[Job, ...] = page.jobs
    while page.after:
        page = yield Call("GET", "/v1/jobs", read_page, query | {"after": page.after})
        jobs += page.jobs
    return jobs


def _wait(id: str, tell: Tell | None, timeout: float | None) -> Steps[Job]:
    end = float("inf") if timeout is None else time.monotonic() + timeout
    told: Mapping[str, int] = {}
    pause_s = _SOON_S
    while True:
        job: Job = yield Call("GET", _path(id), read_job, {"limit": "0"})
        if job.counts != told:
            told, pause_s = job.counts, _SOON_S
            if tell:
                tell(job)
        if job.is_ended:
            return (yield from _get(id))
        left_s = end - time.monotonic()
        if left_s <= 0:
            raise JobTimeoutError(f"The job is {job.state} after {timeout:g} s.", "It goes on: wait again.")
        yield min(pause_s, left_s)
        pause_s = min(1.5 * pause_s, _LATE_S)


def _one(method: str, id: str, end: str, read: Callable[[answers.Answer], T]) -> Steps[T]:
    done: T = yield Call(method, _path(id) + end, read)
    return done


def _result(id: str, picture: int, file: str) -> Steps[bytes]:
    path = f"{_path(id)}/results/{int(picture)}"
    data: bytes = yield Call("GET", path, answers.read_bytes, {"file": file} if file else {})
    return data


def _results(id: str, folder: str | os.PathLike[str], bounds: Bounds) -> Steps[tuple[Path, ...]]:
    path = f"{_path(id)}/results"
    with results_folder(folder) as part:
        results = Results(part, bounds)
        yield Call("GET", path, _nothing, sink=results.write)
        written: tuple[Path, ...] = yield results.unpack
    return written


def _nothing(_: answers.Answer) -> None:
    """There is nothing to read."""


def _path(id: str) -> str:
    if not _ID.fullmatch(id):
        raise ParameterError(f"{id[:60]!r} is no id of a job.", "Give the id of a Job.", "id")
    return f"/v1/jobs/{id}"
