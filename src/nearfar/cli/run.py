"""``nearfar run SOURCE -o TARGET``: any number of photos, each made once, whatever happens meanwhile."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.cli import _idle, _runners, _say
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._verb import Flag, verb
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.runs.pipeline import Pipeline, pipeline_of, read_pipeline
from nearfar.runs.plan import PlanOptions, lines_of, plan_of
from nearfar.runs.run import Run, RunOptions
from nearfar.runs.sources import Source
from nearfar.runs.status import status_of
from nearfar.runs.targets import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.cli._say import Counted
    from nearfar.runs.progress import Progress
    from nearfar.runs.rows import Row
    from nearfar.runs.run import Report


@dataclass(frozen=True, slots=True)
class RunFlags(_runners.RunnerFlags):
    """The flags of the verb; those of ``plan`` and of who does the work come first."""

    output: str = option("", "The target: a folder, or an address such as s3://bucket/depth.")
    pipeline: str = option("", "TOML file that says what is made of each photo; else the flags below.")
    effect: str = option("", "Effects, with commas between; heatmap where nothing is asked for.")
    export: str = option("", "Formats, with commas between (see nearfar exports).")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    size: int | None = option(None, "Length of the network's input in pixels; the network's own otherwise.")
    tiles: bool = option(False, "Finer detail in big pictures: overlapping tiles fitted to the whole.")
    own_depth: bool = option(False, "Take the depth that photos carry themselves instead of a network's.")
    fast: bool = option(False, "Rather fast than exact: scaled JPEG decode, int8 where there is a file.")
    engine: str = option("", "auto, onnxruntime, openvino or torch; else the setting, auto.")
    precision: str = option("", "auto, float32, bfloat16 or int8; else the setting, auto.")
    device: str = option("", "auto, cpu, cuda or mps; else the setting, auto.")
    one_range: bool = option(False, "Two passes: colours span the same values in all photos of the run.")
    column: str = option("", "Of a table: the column that holds the photos (paths, addresses or bytes).")
    names: str = option("", "Of a table: the column that names them.")
    into: str = option("tree", "Layout of the target.", choices=LAYOUTS)
    shard: int = option(1000, "Photos of a shard, at most; it is full at 64 MiB too.", low=1, high=1_000_000)
    retry_errors: bool = option(False, "Do again what failed.")
    dry_run: bool = option(False, "Say what would be done, and write nothing.")
    verify: bool = option(False, "Read and hash all results first; damaged ones are made again.")
    replace: bool = option(False, "Make anew what other weights or options made in this target.")
    limit: int = option(0, "Photos at most, this time; 0 for all.", low=0)
    follow: float = option(
        0.0, "Look at the source again after so many seconds, until interrupted; 0 for once.", low=0
    )
    json: bool = option(False, "A JSON object a photo on standard output, then one of the whole.")


_FLAGS = {
    "output": Flag("-o", "TARGET"),
    "pipeline": Flag(value="FILE"),
    "effect": Flag("-e", "NAMES"),
    "export": Flag(value="NAMES"),
    "model": Flag(value="NAME"),
    "engine": Flag(value="NAME"),
    "precision": Flag(value="NAME"),
    "device": Flag(value="NAME"),
    "column": Flag(value="NAME"),
    "names": Flag(value="NAME"),
    "address": Flag(value="HOST:PORT"),
}
_SHAPE = ("model", "fine", "size", "effect", "export", "tiles", "own_depth", "fast", "one_range")


@verb(
    RunFlags,
    (
        "SOURCE",
        (
            "A folder, list (.txt), pattern, table (.csv, .jsonl, .parquet), tar or ZIP of photos; each also "
            "as an address. The same command goes on where it was cut off. "
            "Or what to do: status TARGET, plan SOURCE."
        ),
    ),
    _FLAGS,
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Do any number of photos, each once, with a manifest; goes on where it was cut off."""
    flags: RunFlags = parse(RunFlags, given)
    if len(words) == 2 and words[0] in _ACTIONS:
        return _ACTIONS[words[0]](words[1], flags, given)
    if len(words) != 1:
        raise ParameterError(
            "One source was expected.", "For example: nearfar run photos -o depth, or run status depth."
        )
    if not flags.output:
        hint = f"For example: nearfar run {words[0]} -o depth."
        raise ParameterError("No target was named.", hint, "output")
    run = Run(
        Source(words[0], flags.column, flags.names, but=flags.output),
        flags.output,
        _pipeline(flags, given),
        _options(flags),
    )
    return _looked(run, flags) if flags.dry_run else _gone(run, flags, given)


def _options(flags: RunFlags) -> RunOptions:
    same = ("into", "shard", "retry_errors", "limit", "verify", "replace")
    return RunOptions(**{word: getattr(flags, word) for word in same}, follow_s=flags.follow)


def _looked(run: Run, flags: RunFlags) -> int:
    found = run.look()
    if flags.json:
        _say.row({word: getattr(found, word) for word in ("done", "failed", "damaged", "todo")})
        return 0
    damaged = f", {found.damaged} of them damaged" if flags.verify else ""
    _say.lines([f"{found.todo} photos to do; {found.done} are done{damaged}, {found.failed} failed"])
    return 0


def _gone(run: Run, flags: RunFlags, given: dict[str, str | bool]) -> int:
    with (
        _runners.runner_of(flags, given) as runner,
        _say.counted("photos", is_shown=not flags.json) as tell,
    ):
        run.tell = _teller(flags, tell)
        run.warn = lambda exc: _say.line(f"{exc.message} It is looked for again.")
        found = run.go(runner)
    if flags.json:
        _say.row(
            {"done": found.done, "failed": found.failed, "failed_before": found.failed_before}
            | {"now": found.done_now, "manifest": found.manifest}
        )
    else:
        _tell_before(found)
        made_again = f", {found.damaged} damaged results made again" if found.damaged else ""
        _say.line(f"{found.done} done ({found.done_now} now), {found.failed} failed{made_again}")
        if found.doubled:
            _say.line(f"{found.doubled} photos had a name that came before, and were left out")
        _say.lines([found.manifest])
    return 1 if found.failed_now or found.failed_before else 0


def _tell_before(found: Report) -> None:
    """What failed in a run before, and is left as it is."""
    for row in found.examples:
        _say.named(row.source, row.error)
    if found.failed_before:
        more = found.failed_before - len(found.examples)
        others = f", {more} of them not named here (nearfar run status)" if more else ""
        _say.line(f"{found.failed_before} failed in a run before{others}; --retry-errors tries them again")


def _teller(flags: RunFlags, tell: Counted) -> Callable[[Progress, Row], None]:
    def told(progress: Progress, row: Row) -> None:
        if flags.json:
            _say.row(row.plain)
        elif row.is_failed:
            _say.named(row.source, row.error)
        tell(progress.done, progress.total, progress.rate, progress.left_s, progress.failed)

    return told


def _pipeline(flags: RunFlags, given: dict[str, str | bool]) -> Pipeline:
    """What is made of each photo: by the file, or by the flags."""
    if flags.pipeline:
        both = [word for word in _SHAPE if given.get(word)]
        _idle.refuse(both, "beside --pipeline", "Say it in the file.")
        return read_pipeline(Path(flags.pipeline))
    plain: dict[str, Any] = {
        "model": network(flags.model, fine=flags.fine, fast=flags.fast) or "",
        "effects": _names(flags.effect),
        "exports": _names(flags.export),
        **({"size": flags.size} if flags.size is not None else {}),
    }
    same = ("tiles", "own_depth", "fast", "engine", "precision", "device", "one_range")
    return pipeline_of(plain | {word: getattr(flags, word) for word in same})


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _status(target: str, flags: RunFlags, _: dict[str, str | bool]) -> int:
    found = status_of(target)
    if flags.json:
        _say.document(asdict(found))
        return 0
    state = found.state
    of = f" of {state['total']}" if state.get("total") else ""
    _say.lines([f"{found.done}{of} done, {found.failed} failed, {found.bytes / 1e6:.1f} MB of results"])
    if found.lost:
        _say.lines([f"{found.lost} results were damaged, and are made again by the next run"])
    _say.lines(f"  {count} {kind}" for kind, count in sorted(found.errors.items()))
    if state and not state["finished"]:
        _say.lines(
            [f"{state['rate']:.1f} photos/s, {_say.clock(state['left_s'])} left, when it was told last"]
        )
    return 0


def _plan(source: str, flags: RunFlags, given: dict[str, str | bool]) -> int:
    options = PlanOptions(**{row.name: getattr(flags, row.name) for row in fields(PlanOptions)})
    taken = Source(source, flags.column, flags.names, but=flags.output)
    with _runners.runner_of(flags, given) as runner:
        found = plan_of(taken, _pipeline(flags, given), options, runner)
    _say.document(asdict(found)) if flags.json else _say.lines(lines_of(found))
    return 0


_ACTIONS: dict[str, Callable[[str, RunFlags, dict[str, str | bool]], int]] = {
    "status": _status,
    "plan": _plan,
}
