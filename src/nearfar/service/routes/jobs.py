"""``/v1/jobs``: many pictures submitted at once, worked on at lower priority than requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from nearfar.errors import ParameterError, WeightsError
from nearfar.jobs.bundle import bundle, file_of
from nearfar.jobs.errors import NoSuchJobError, UnfinishedError
from nearfar.jobs.records import DONE, ENDED
from nearfar.jobs.spool import WORK
from nearfar.keys import ADMIN
from nearfar.outputs import read_outputs
from nearfar.service.http.ranges import check_range, size_of
from nearfar.service.jobs import answers
from nearfar.service.jobs import schemas as documented
from nearfar.service.jobs.upload import BodyLimits, announced_bytes, check_type, feeder_of, read_body
from nearfar.service.jobs.videos import PREVIEW
from nearfar.service.request.ids import timing_of
from nearfar.video.pipeline import check_moving, moving_options
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from nearfar.jobs.intake import Intake
    from nearfar.jobs.records import Job, PictureRow
    from nearfar.jobs.store import JobStore
    from nearfar.outputs import Outputs
    from nearfar.service.context import Service

_NO_STORE = {"Cache-Control": "no-store"}


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["jobs"])
    desk = Desk(service)
    for method, path, work, operation in (
        ("POST", "", desk.submit, documented.submit_operation()),
        ("GET", "", desk.list, documented.list_operation()),
        ("GET", "/{id}", desk.show, documented.show_operation()),
        ("DELETE", "/{id}", desk.remove, documented.remove_operation()),
        ("POST", "/{id}/cancel", desk.cancel, documented.cancel_operation()),
        ("GET", "/{id}/events", desk.watch, documented.events_operation()),
        ("GET", "/{id}/results", desk.results, documented.results_operation()),
        ("GET", "/{id}/results/{picture}", desk.result, documented.result_operation()),
    ):
        routes.add_api_route(f"/v1/jobs{path}", work, methods=[method], response_class=Response, **operation)
    return routes


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Answers what is asked of jobs."""

    service: Service

    async def submit(self, request: Request) -> Response:
        """Take a job in; the answer goes out when all of it is safe."""
        query: answers.SubmitQuery = answers.read_query(request, answers.SubmitQuery)
        key = answers.idempotency_key(request)
        check_type(request)
        wanted = await asyncio.to_thread(self._wanted, query.pipeline)
        jobs, limits, caller = self.service.jobs, self._body_limits(), _caller(request)
        announced = announced_bytes(request, limits)
        with self.service.uploading.place(caller):
            intake = await asyncio.to_thread(self._begin, caller, key, announced)
            try:
                with timing_of(request.scope).stage("upload"):
                    text = await read_body(request, feeder_of(request, intake), limits)
                wanted = await asyncio.to_thread(self._other, wanted, query.pipeline, text)
                job, is_new = await asyncio.to_thread(self._accept, intake, caller, wanted, key)
            finally:
                await asyncio.to_thread(intake.discard)  # nothing is there any more where it was accepted
        jobs.wake()
        shown = answers.show(job, _root(request))
        headers = {"Location": shown["links"]["self"], **_NO_STORE}
        return JSONResponse(shown, 202 if is_new else 200, headers)

    async def list(self, request: Request) -> Response:
        """The caller's jobs; all of them for an admin."""
        query: answers.ListQuery = answers.read_query(request, answers.ListQuery)
        store = (await self.service.jobs.opened()).store
        found = await asyncio.to_thread(
            store.jobs, _own(request), query.state or "", query.after, query.limit
        )
        return _json(answers.show_list(found, query, _root(request)))

    async def show(self, request: Request) -> Response:
        """A job and its pictures."""
        query: answers.ShowQuery = answers.read_query(request, answers.ShowQuery)
        store = (await self.service.jobs.opened()).store
        job = await self._job(request)
        rows = await asyncio.to_thread(store.pictures, job.id, query.after, query.limit)
        return _json(answers.show_with_pictures(job, rows, query, _root(request)))

    async def cancel(self, request: Request) -> Response:
        """Stop a job and keep what is done."""
        store = (await self.service.jobs.opened()).store
        job = await asyncio.to_thread(store.cancel, _id(request), _own(request))
        return _json(answers.show(job, _root(request)))

    async def remove(self, request: Request) -> Response:
        """Stop a job and remove all of it."""
        store = (await self.service.jobs.opened()).store
        await asyncio.to_thread(store.remove, _id(request), _own(request))
        return Response(status_code=204)

    async def watch(self, request: Request) -> Response:
        """Progress as server-sent events."""
        job = await self._job(request)
        given = request.headers.get("last-event-id", "")
        since = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
        if job.is_ended and since >= job.version:
            return Response(status_code=204)  # tells a browser to stop asking
        events = answers.progress(self.service.jobs, job.id, since, _root(request))
        headers = {**_NO_STORE, "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def results(self, request: Request) -> Response:
        """Everything that was made, as a ZIP."""
        job = await self._job(request)
        if not job.is_ended:
            raise _unfinished("The job is not done yet.")
        store = (await self.service.jobs.opened()).store
        headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="job-{job.id}.zip"'}
        return StreamingResponse(bundle(store, job), media_type="application/zip", headers=headers)

    async def result(self, request: Request) -> Response:
        """One file of a picture's result."""
        query: answers.FileQuery = answers.read_query(request, answers.FileQuery)
        store = (await self.service.jobs.opened()).store
        job = await self._job(request)
        position = answers.position_of(request.path_params["picture"])
        row = await asyncio.to_thread(store.picture, job.id, position)
        if row.state != DONE and query.file == PREVIEW:
            return await asyncio.to_thread(_preview, store, row)
        if row.state != DONE:
            raise _no_result(row)
        path, media_type = await asyncio.to_thread(file_of, store, row, query.file)
        check_range(request.scope, await asyncio.to_thread(size_of, path))
        return FileResponse(path, headers=_NO_STORE, media_type=media_type, filename=path.name)

    async def _job(self, request: Request) -> Job:
        """The job of the address, where it is the caller's."""
        store = (await self.service.jobs.opened()).store
        return await asyncio.to_thread(store.job, _id(request), _own(request))

    def _begin(self, caller: str, key: str, announced: int) -> Intake:
        """Where a job arrives; refused before its body is read where there is no room for it."""
        store = self.service.jobs.open().store
        store.check_caller(caller, key)
        store.check_room(announced)
        return self.service.jobs.intake()

    def _accept(self, intake: Intake, caller: str, wanted: Outputs, key: str) -> tuple[Job, bool]:
        _check_files(intake, wanted)
        if intake.has_video():
            check_moving(wanted)
        draft = intake.finish(caller, wanted.plain, key)
        return self.service.jobs.open().store.submit(draft, intake.folder)

    def _wanted(self, text: str) -> Outputs:
        """A pipeline whose network can be run here.

        Raises:
            WeightsError: its weights are not on this machine.
        """
        settings = self.service.settings
        wanted = read_outputs(text, settings.model)
        card = catalogue.card(wanted.model or settings.model)
        moving_options(wanted.video)
        if not open_store(settings).is_installed(card):
            raise WeightsError(
                f"The weights of '{card.name}' are not on this machine.", f"nearfar models pull {card.name}"
            )
        return wanted

    def _other(self, wanted: Outputs, in_query: str, in_form: str) -> Outputs:
        """The pipeline of the form, where the query had none."""
        if not in_form:
            return wanted
        if in_query:
            raise ParameterError("The pipeline is given twice.", "Give it once.", "pipeline")
        return self._wanted(in_form)

    def _body_limits(self) -> BodyLimits:
        read = self.service.settings
        return BodyLimits(read.job_bytes, read.job_pictures, read.upload_timeout, self.service.uploads.room)


def _check_files(intake: Intake, wanted: Outputs) -> None:
    """ParameterError where a file came that nothing in the pipeline takes."""
    for name in sorted(intake.files.keys() - wanted.file_options):
        raise ParameterError(
            f"Nothing that the pipeline makes takes a file '{name}'.",
            "Leave it out, or add the effect.",
            name,
        )


def _caller(request: Request) -> str:
    return str(getattr(request.state, "caller", ""))


def _own(request: Request) -> str | None:
    """Whose jobs the caller may see: their own; all of them where keys are off, or for an admin."""
    return None if ADMIN in getattr(request.state, "scopes", ()) else _caller(request)


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _json(value: dict[str, Any]) -> Response:
    return JSONResponse(value, headers=_NO_STORE)


def _unfinished(message: str) -> UnfinishedError:
    return UnfinishedError(message, "GET /v1/jobs/ID/events tells when it is.")


def _preview(store: JobStore, row: PictureRow) -> Response:
    """The newest picture of a video that is worked on; nothing where there is none yet."""
    try:
        data = (store.spool.folder(row.job) / WORK / str(row.position) / PREVIEW).read_bytes()
    except OSError:
        return Response(status_code=204, headers=_NO_STORE)
    return Response(data, headers=_NO_STORE, media_type="image/jpeg")


def _no_result(row: PictureRow) -> Exception:
    """Why a picture has no result."""
    if row.state not in ENDED:
        return _unfinished(f"Picture {row.position} is not done yet.")
    reason = f"it failed: {row.problem['detail']}" if row.problem else "it was cancelled."
    return NoSuchJobError(f"Picture {row.position} has no result: {reason}")
