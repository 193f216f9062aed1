"""``nearfar jobs``: the jobs of a home, from the shell; a service need not run for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import settings
from nearfar.cli import _say
from nearfar.cli._verb import Flag, verb
from nearfar.errors import OutputError, OutputExistsError, ParameterError
from nearfar.jobs.errors import NoSuchJobError, UnfinishedError
from nearfar.jobs.records import shown
from nearfar.options import option, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nearfar.jobs.records import Job
    from nearfar.jobs.store import JobStore
    from nearfar.settings import Settings

CALLER = "shell"
_HEADS = ("id", "state", "pictures", "done", "failed", "MB", "created", "caller")
_MOST = 1000
_DISTINCT = 6  # digits of an id that are enough, where no other job begins so


@dataclass(frozen=True, slots=True)
class JobsOptions:
    """The flags of the verb."""

    pipeline: str = option("", "With submit: the pipeline as JSON, or a file that holds it.")
    files: str = option("", "With submit: files of its options: glb=chair.glb, with commas between.")
    output: str = option("", "With results: the ZIP to write; job-ID.zip otherwise.")
    overwrite: bool = option(False, "With results: replace a ZIP that exists already.")
    json: bool = option(False, "JSON on standard output.")


@dataclass(frozen=True, slots=True)
class Order:
    """What a command line asks of a store."""

    store: JobStore
    names: tuple[str, ...]
    options: JobsOptions
    read: Settings

    def job(self) -> Job:
        """The job that it names."""
        return _find(self.store, self.names[0])


@verb(
    JobsOptions,
    ("ACTION", "list, show ID, submit PHOTO|ZIP..., cancel ID, remove ID, results ID, or backup FOLDER."),
    {"output": Flag("-o", "FILE"), "pipeline": Flag(value="JSON|FILE"), "files": Flag(value="NAME=FILE")},
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """List the jobs of a service, submit, cancel, fetch their results, and back them up."""
    options: JobsOptions = parse(JobsOptions, given)
    action, names = (words[0], words[1:]) if words else ("list", ())
    if action not in _ACTIONS:
        raise ParameterError(f"jobs has no action '{action}'.", f"Known: {', '.join(_ACTIONS)}.")
    run, count = _ACTIONS[action]
    if (count is None and not names) or (count is not None and len(names) != count):
        raise ParameterError(f"jobs {action} takes {count or ('no name' if count == 0 else 'photos')}.", _SEE)
    read = settings.load()
    if not _exists(read) and action == "list":
        _say.document([]) if options.json else _say.line(_NONE)
        return 0
    if not _exists(read) and action != "submit":
        raise ParameterError(_NONE, "NEARFAR_HOME names another one.")
    store = _open(read)
    try:
        run(Order(store, names, options, read))
    finally:
        store.close()
    return 0


_SEE = "See nearfar jobs --help."
_NONE = "There are no jobs in this home."


def _exists(read: Settings) -> bool:
    from nearfar.jobs.store import spool_of

    return spool_of(read).database.exists()


def _open(read: Settings) -> JobStore:
    from nearfar.jobs.store import open_jobs

    return open_jobs(read)


def _list(order: Order) -> None:
    jobs = order.store.jobs(limit=_MOST)
    if order.options.json:
        _say.document([_plain(job) for job in jobs])
    elif jobs:
        _table(_HEADS, [_row(job) for job in jobs])
    else:
        _say.line(_NONE)


def _show(order: Order) -> None:
    from nearfar.jobs.bundle import describe, rows_of

    job = order.job()
    pictures = [describe(row) for row in rows_of(order.store, job.id)]
    if order.options.json:
        _say.document(_plain(job) | {"pictures": pictures})
        return
    _table(_HEADS, [_row(job)])
    rows = [(row["picture"], row["name"], row["state"], _fate(row)) for row in pictures]
    _table(("picture", "name", "state", "result"), rows)


def _submit(order: Order) -> None:
    from nearfar.jobs.intake import Intake, IntakeLimits
    from nearfar.jobs.owner import Owner
    from nearfar.outputs import read_outputs

    wanted = read_outputs(_pipeline(order.options.pipeline), order.read.model)
    files = _files(order.options.files, wanted.file_options)
    owner = Owner(order.store.spool.owners)
    try:
        read = order.read
        limits = IntakeLimits(read.job_bytes, read.job_pictures, read.max_bytes, read.video_bytes)
        intake = Intake(order.store.spool, owner.name, limits)
        try:
            for name in order.names:
                _take(intake, name)
            for option_name, name in files.items():
                _take(intake, name, option_name)
            job, _ = order.store.submit(intake.finish(CALLER, wanted.plain), intake.folder)
        finally:
            intake.discard()
    finally:
        owner.close()
    if order.options.json:
        _say.document(_plain(job))
        return
    _say.line(f"{job.counts['total']} pictures are accepted; nearfar serve with this home works on them.")
    _say.lines([job.id])


def _files(text: str, taken: frozenset[str]) -> dict[str, str]:
    """Option to path; ParameterError where one is written otherwise, or nothing takes it."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, path = part.partition("=")
        if not equals or name in found or name not in taken:
            hint = f"The pipeline takes: {', '.join(sorted(taken)) or 'none'}. Write NAME=FILE, each once."
            raise ParameterError(f"--files has '{part[:80]}'.", hint, "files")
        found[name] = path
    return found


def _take(intake: Any, name: str, option_name: str = "") -> None:
    """Put a file into a job, piece by piece."""
    from nearfar.errors import SourceError

    intake.begin(Path(name).name, option_name)
    try:
        with Path(name).open("rb") as file:
            while piece := file.read(2**20):
                intake.write(piece)
    except FileNotFoundError as exc:
        raise SourceError(f"{name} does not exist.", "Check the name.") from exc
    except (IsADirectoryError, PermissionError) as exc:
        raise SourceError(f"{name} cannot be read: {exc.strerror}.") from exc
    intake.end()


def _pipeline(text: str) -> str:
    """The JSON itself, or what the file of that name holds."""
    if not text or text.lstrip().startswith("{"):
        return text
    try:
        return Path(text).read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise ParameterError(
            f"--pipeline is '{text[:80]}', neither a JSON object nor a file of one.", _SEE, "pipeline"
        ) from exc


def _cancel(order: Order) -> None:
    job = order.store.cancel(order.job().id)
    if order.options.json:
        _say.document(_plain(job))
        return
    _say.line(f"{job.id} is {job.state}: {job.counts['done']} of {job.counts['total']} pictures are done.")


def _remove(order: Order) -> None:
    job = order.job()
    order.store.remove(job.id)
    if order.options.json:
        _say.document(_plain(job))
        return
    _say.line(f"{job.id} is gone: {job.bytes / 1e6:.1f} MB are free again.")


def _results(order: Order) -> None:
    job = order.job()
    if not job.is_ended:
        raise UnfinishedError(f"{job.id} is {job.state}.", f"Wait, or: nearfar jobs cancel {job.id}.")
    target = Path(order.options.output or f"job-{job.id}.zip")
    if target.exists() and not order.options.overwrite:
        raise OutputExistsError(f"{target} exists already.", "Pass --overwrite, or choose another name.")
    _write(order.store, job, target)
    if order.options.json:
        _say.document({"output": str(target), **_plain(job)})
        return
    _say.lines([str(target)])


def _write(store: JobStore, job: Job, target: Path) -> None:
    """Write the ZIP beside its place, then rename: it is whole or not there."""
    from nearfar.jobs.bundle import bundle

    part = target.with_name(f".nearfar-{os.urandom(8).hex()}.part")
    try:
        with part.open("xb") as file:
            for piece in bundle(store, job):
                file.write(piece)
        part.replace(target)
    except OSError as exc:
        raise OutputError(f"Cannot write {target}: {exc.strerror or exc}.", "Choose another place.") from exc
    finally:
        part.unlink(missing_ok=True)


def _backup(order: Order) -> None:
    from nearfar.jobs.backup import back_up

    target = Path(order.names[0])
    count = back_up(order.store, target)
    if order.options.json:
        _say.document({"output": str(target), "jobs": count})
        return
    _say.line(f"{count} jobs are copied; put the folder into a home as its folder jobs to go on with them.")
    _say.lines([str(target)])


_ACTIONS: dict[str, tuple[Callable[[Order], None], int | None]] = {
    "list": (_list, 0),
    "show": (_show, 1),
    "submit": (_submit, None),
    "cancel": (_cancel, 1),
    "remove": (_remove, 1),
    "results": (_results, 1),
    "backup": (_backup, 1),
}


def _find(store: JobStore, text: str) -> Job:
    """The job of an id, or of its beginning where only one begins so."""
    if len(text) >= _DISTINCT:
        found = [job for job in store.jobs(limit=_MOST) if job.id.startswith(text)]
        if len(found) == 1:
            return found[0]
    try:
        return store.job(text)
    except NoSuchJobError as exc:
        raise ParameterError(exc.message, "nearfar jobs list shows them all.") from exc


def _plain(job: Job) -> dict[str, Any]:
    keep = ("id", "caller", "state", "counts", "created_at", "started_at", "ended_at", "expires_at")
    values = {name: getattr(job, name) for name in keep}
    return values | {"bytes": job.bytes, "skipped": job.skipped, "pipeline": shown(job.pipeline)}


def _row(job: Job) -> tuple[object, ...]:
    counts = job.counts
    created = _moment(job.created_at)
    size = f"{job.bytes / 1e6:.1f}"
    return job.id, job.state, counts["total"], counts["done"], counts["failed"], size, created, job.caller


def _fate(row: dict[str, Any]) -> str:
    if row["problem"]:
        return str(row["problem"]["detail"])
    return ", ".join(file["name"] for file in row["files"])


def _moment(seconds: float) -> str:
    """In this machine's own time."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    """Rows under their heads: drawn on a terminal, plain columns elsewhere."""
    texts = [tuple(str(cell) for cell in row) for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(*heads)
        for cells in texts:
            drawn.add_row(*map(Text, cells))  # names in square brackets are no markup
        Console().print(drawn)
        return
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    _say.lines("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in (heads, *texts))
