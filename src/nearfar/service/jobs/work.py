"""One picture of a job, from its bytes to the files of its result. Runs in a worker thread."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar.decode.metadata import metadata_of
from nearfar.errors import NearfarError
from nearfar.jobs.records import ResultFile
from nearfar.one_photo import EstimateOptions, look
from nearfar.outputs import check_outputs
from nearfar.plugins import Effect
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer.estimation import TicketWatch
from nearfar.service.answer.memory import needed_bytes
from nearfar.service.answer.written import FileWish, file_written
from nearfar.service.request.problems import problem_of, public
from nearfar.video.limits import VideoLimits

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.jobs.records import Claim
    from nearfar.jobs.spool import Spool
    from nearfar.service.answer.estimation import Tools
    from nearfar.service.work.ticket import Ticket

_log = logging.getLogger("nearfar.service")


@dataclass(frozen=True, slots=True, eq=False)
class JobTools:
    """What pictures and videos are worked on with."""

    tools: Tools
    default_model: str
    video: VideoLimits = VideoLimits()


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The files of a picture's result (name, media type, bytes), and what its depth means.

    Of a video they lie in ``folder``, and ``moving`` names them (name, media type).
    """

    files: tuple[tuple[str, str, bytes], ...]
    depth: dict[str, Any]
    folder: Path | None = None
    moving: tuple[tuple[str, str], ...] = ()

    @property
    def described(self) -> tuple[ResultFile, ...]:
        """The files as the store keeps them."""
        known = [ResultFile(name, kind, len(data)) for name, kind, data in self.files]
        if self.folder is not None:
            known += [
                ResultFile(name, kind, (self.folder / name).stat().st_size) for name, kind in self.moving
            ]
        return tuple(known)


def make(claim: Claim, spool: Spool, tools: JobTools, ticket: Ticket) -> Made:
    """Read, decode, estimate, and make every file of the pipeline.

    Raises:
        NearfarError: whatever is wrong with the picture, the pipeline or the network.
        ClientLeftError: the result is not wanted any more.
    """
    wanted = check_outputs(claim.asked, tools.default_model)
    given = {name: spool.picture(claim.job, slot) for name, slot in claim.files.items()}
    data = spool.picture(claim.job, claim.slot)
    need = max(needed_bytes(data, [output.plugin.name]) for output in wanted.files)
    with tools.tools.room(need, ticket) as lease:
        watch = TicketWatch(ticket, lease)
        seen = look(
            lambda: data,
            lambda: tools.tools.loader(wanted.model, wanted.size),
            EstimateOptions(name="the picture"),
            tools.tools.limits,
            watch,
        )
        files, kept = [], watch.do(metadata_of, seen.photo)
        for output in wanted.files:
            ticket.check()
            registry = EFFECTS if isinstance(output.plugin, Effect) else EXPORTS
            own = {name: given[name] for name in output.takes & given.keys()}
            wish = FileWish(registry, output.plugin.name, output.options, kept, own, tools.tools.limits)
            made = watch.do(file_written, seen.photo, seen.depth, wish)
            files.append((output.file, output.media_type, made))
    return Made(tuple(files), seen.depth.describe())


def problem_row(claim: Claim, error: Exception) -> dict[str, Any]:
    """What a picture failed with, as a problem object; an unforeseen error is told in the log only."""
    problem = problem_of(error)
    row: dict[str, Any] = {"type": problem.type, "title": problem.title, "status": problem.status}
    if not isinstance(error, NearfarError):
        _log.error("picture %d of job %s failed", claim.position, claim.job, exc_info=error)
        return row | {"detail": "An unexpected error; the service's log has it under the job's id."}
    if problem.status >= 500:
        _log.warning("picture %d of job %s failed: %s", claim.position, claim.job, error)
    row["detail"] = public(error.message)
    return row | ({"hint": public(error.hint)} if error.hint else {})
