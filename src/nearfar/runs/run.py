"""A run: photos of a source, each made once, whatever happens meanwhile."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from nearfar.errors import OutputError, OutputExistsError, ParameterError, SourceError
from nearfar.machine.files import locked
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import RECORDS, SETUP, Known, Manifest
from nearfar.runs.pipeline import digest_of, setup_of
from nearfar.runs.progress import Progress
from nearfar.runs.rows import LOST, Row
from nearfar.runs.runner import LocalRunner
from nearfar.runs.sources import Source
from nearfar.runs.span import find_span, span_of
from nearfar.runs.targets import LAYOUTS, damaged, remove_strays, shard_of, target_of
from nearfar.runs.where import place_of
from nearfar.runs.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nearfar.errors import NearfarError
    from nearfar.runs.items import Item
    from nearfar.runs.pipeline import Pipeline
    from nearfar.runs.places import Place
    from nearfar.runs.runner import Runner
    from nearfar.runs.targets import Target

_NO_PHOTO = "The source holds no photo."
_SOURCES = "Name a folder, list, pattern, table, tar or ZIP."
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes.

    ``into``: layout of the target. ``shard``: photos of a shard. ``retry_errors``: what failed is done again.
    ``limit``: photos at most, 0 for all. ``verify``: results are read and hashed first, and damaged ones made
    again. ``replace``: a target made by other weights or options is made anew. ``follow_s``: seconds after
    which the source is looked at again, until somebody ends it; 0 for once. ``rounds``: how often at most, 0
    without end.
    """

    into: str = "tree"
    shard: int = 1000
    retry_errors: bool = False
    limit: int = 0
    verify: bool = False
    replace: bool = False
    follow_s: float = 0.0
    rounds: int = 0

    def __post_init__(self) -> None:
        if self.into not in LAYOUTS:
            raise ParameterError(
                f"There is no layout '{self.into}'.", f"Known: {', '.join(LAYOUTS)}.", "into"
            )
        if self.shard < 1 or self.limit < 0 or self.follow_s < 0:
            raise ParameterError("shard, limit and follow are counts and times above 0.", parameter="shard")


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went: photos that are done and that failed, in all and now; what was found damaged.

    ``doubled``: names that came twice, and are done once. ``failed_before``: photos of the source that failed
    in a run before and were not tried again; ``examples``: rows of some of them. ``manifest``: where the rows
    are. ``todo``: photos that a dry run would do.
    """

    done: int
    failed: int
    done_now: int = 0
    failed_now: int = 0
    damaged: int = 0
    doubled: int = 0
    todo: int = 0
    manifest: str = ""
    failed_before: int = 0
    examples: tuple[Row, ...] = ()


@dataclass(slots=True)
class Run:
    """Photos of ``source`` go through ``pipeline`` into ``target``.

    Example:
        >>> from nearfar.runs import LocalRunner, Pipeline, Run, Source
        >>> Run(Source("photos"), "depth", Pipeline()).go(LocalRunner())  # doctest: +SKIP
    """

    source: Iterable[Item]
    target: str
    pipeline: Pipeline
    options: RunOptions = field(default_factory=RunOptions)
    tell: Callable[[Progress, Row], object] = lambda _progress, _row: None
    warn: Callable[[NearfarError], object] = lambda _error: None
    """Hears of a followed source that cannot be listed for now."""

    def go(self, runner: Runner | None = None) -> Report:
        """Do all that is not done yet; what is killed goes on the next time.

        Raises:
            ParameterError: the target holds results of other weights or options.
            OutputExistsError: it holds something else.
            OutputError: it cannot be written to.
            SourceError: the source cannot be listed.
            BusyError: another run works there.
        """
        runner = runner or LocalRunner()
        self._check_source()
        with self._opened() as desk:
            work = self._work(desk, runner)
            lost = self._verified(desk) if self.options.verify else 0
            if self.options.into != "tree":
                remove_strays(desk.place, desk.manifest.rows())
            if desk.manifest.is_scattered():
                desk.manifest.compact()
            progress = self._begin(desk, work)
            self._rounds(desk, work, runner, progress)
            manifest = desk.manifest.compact()
            progress.keep(desk.place, is_finished=True)
            return Report(
                progress.done,
                progress.failed,
                progress.done_now,
                progress.failed_now,
                lost,
                doubled=desk.known.doubled,
                manifest=f"{self.target}/{manifest}",
                failed_before=desk.known.failed_before,
                examples=_rows_of(desk),
            )

    def look(self) -> Report:
        """What :meth:`go` would do, and how it stands; nothing is written."""
        place = place_of(self.target)
        manifest = Manifest(place)
        setup = self._setup()
        self._check(place, setup)
        lost = 0
        if self.options.verify:
            lost = sum(1 for _ in damaged(place, manifest.latest()))
        span = span_of(place) if self.pipeline.one_range else None
        known = Known.of(manifest, digest_of(setup, span), retry_errors=self.options.retry_errors)
        done, failed = known.done, known.failed
        todo = sum(1 for _ in self._todo(known))
        return Report(done, failed, damaged=lost, todo=todo)

    @contextmanager
    def _opened(self) -> Iterator[_Desk]:
        """The target, checked, and held by this run alone where it is on this machine."""
        place = place_of(self.target)
        setup = self._setup()
        self._check(place, setup)
        with ExitStack() as stack:
            if isinstance(place, LocalPlace):
                try:
                    stack.enter_context(locked(place.path(f"{RECORDS}/lock"), waiting=False))
                except OutputError as exc:
                    raise OutputError(exc.message, "Name another target.") from exc
                self._check(place, setup)  # it may be another's by now
            text = json.dumps({"format": _FORMAT, "into": self.options.into, "setup": setup}, indent=1)
            place.write(SETUP, text.encode())
            yield _Desk(place, Manifest(place), setup)

    def _check_source(self) -> None:
        """Refuse a source that is not there before the target is."""
        with closing(item for item in self.source) as items:
            if next(items, None) is None and not self.options.follow_s:
                raise SourceError(_NO_PHOTO, _SOURCES)

    def _setup(self) -> dict[str, Any]:
        return setup_of(self.pipeline, self.pipeline.load(0))

    def _check(self, place: Place, setup: dict[str, Any]) -> None:
        """Refuse a target of something else, or of other weights and options."""
        if place.entry(SETUP) is None:
            others = (entry for entry in place.entries() if not entry.name.startswith(f"{RECORDS}/"))
            if next(others, None) is not None and not self.options.replace:
                raise OutputExistsError(
                    f"{self.target} holds files that are not of a run.",
                    "Name another target; with --replace results go there, over what is called so.",
                )
            return
        there = json.loads(place.read(SETUP))
        now = {"format": _FORMAT, "into": self.options.into, "setup": json.loads(json.dumps(setup))}
        if there == now:
            return
        if self.options.replace and there.get("into") == self.options.into:
            return
        raise ParameterError(
            f"{self.target} holds a run of another kind: {_difference(there, now)}.",
            "Name another target, or pass --replace to make all of it anew.",
            "target",
        )

    def _work(self, desk: _Desk, runner: Runner) -> Work:
        """What is done with each photo; with one range for all, that is looked for first."""
        pipeline = self.pipeline
        span = None
        if pipeline.one_range:
            if self.options.limit or self.options.follow_s:
                raise ParameterError(
                    "One range is of the whole source.", "Leave --limit and --follow out.", "one_range"
                )
            span = span_of(desk.place)
            if span is None:
                first = Work(pipeline, digest_of(desk.setup), only_range=True)
                span = find_span(self.source, desk.place, first, runner)
            pipeline = replace(pipeline, span=span)
        return Work(pipeline, digest_of(desk.setup, span))

    def _begin(self, desk: _Desk, work: Work) -> Progress:
        desk.known = Known.of(desk.manifest, work.setup, retry_errors=self.options.retry_errors)
        source, grows = self.source, self.options.follow_s > 0
        total = source.count() if isinstance(source, Source) and not grows else None
        return Progress(desk.known.done, desk.known.failed, total)

    def _rounds(self, desk: _Desk, work: Work, runner: Runner, progress: Progress) -> None:
        """Go through the source, once or again and again."""
        journal = desk.manifest.journal()

        def keep(rows: Sequence[Row]) -> None:
            journal.add(rows)
            for row in rows:
                desk.known.note(row)
                progress.count(row, desk.known)
                self.tell(progress, row)
            progress.keep(desk.place)

        target = target_of(desk.place, self.options.into, keep, self.options.shard)
        work = replace(work, keep=target.keep)
        try:
            self._once(desk, work, runner, target)
            seen, is_gone = 1, False
            while self.options.follow_s and seen != self.options.rounds:
                time.sleep(self.options.follow_s)
                is_gone = self._again(desk, work, runner, target, is_told=is_gone)
                seen += 1
        finally:
            journal.close()

    def _again(self, desk: _Desk, work: Work, runner: Runner, target: Target, *, is_told: bool) -> bool:
        """Look at a followed source once more; gives whether it could not be listed, which is told once."""
        try:
            self._once(desk, work, runner, target)
        except SourceError as exc:  # a disk that is not mounted, a storage that is away: it comes back
            if not is_told:
                self.warn(exc)
            return True
        return False

    def _once(self, desk: _Desk, work: Work, runner: Runner, target: Target) -> None:
        with closing(runner.run(work, self._todo(desk.known))) as found:
            for done in found:
                target.add(done)
        target.flush()
        if not desk.known.seen and not self.options.follow_s:
            raise SourceError(_NO_PHOTO, _SOURCES)

    def _todo(self, known: Known) -> Iterator[Item]:
        """The photos that are to be done: the anti-join of the source and the manifest."""
        known.begin()
        todo = (item for item in self.source if known.claim(item.name, item.stamp))
        return islice(todo, self.options.limit) if self.options.limit else todo

    def _verified(self, desk: _Desk) -> int:
        """Read and hash every result; rows whose results are damaged are told to be lost. Gives how many."""
        found = list(damaged(desk.place, desk.manifest.latest()))
        shards = {shard_of(row.results[0].path) for row, _ in found} - {""}
        lost = {row.source: why for row, why in found}
        if shards:  # what else is in such a shard goes with it, and is made again
            for row in desk.manifest.latest():
                if row.results and shard_of(row.results[0].path) in shards:
                    lost.setdefault(row.source, f"{shard_of(row.results[0].path)} is damaged.")
        journal = desk.manifest.journal()
        journal.add([Row(name, error=why, error_type=LOST) for name, why in lost.items()])
        journal.close()
        for shard in shards:
            desk.place.remove(shard)
        return len(lost)


@dataclass(slots=True)
class _Desk:
    """What a run works with."""

    place: Place
    manifest: Manifest
    setup: dict[str, Any]
    known: Known = field(default_factory=lambda: Known(""))


def _rows_of(desk: _Desk) -> tuple[Row, ...]:
    """Rows of the photos that failed before, of those that are told by name."""
    names = set(desk.known.examples)
    return tuple(row for row in desk.manifest.latest() if row.source in names) if names else ()


def _difference(there: dict[str, Any], now: dict[str, Any]) -> str:
    """What differs, in words."""
    if not isinstance(there.get("setup"), dict) or there.get("format") != _FORMAT:
        return "version of nearfar"
    if there.get("into") != now["into"]:
        return f"layout: {there.get('into')}, not {now['into']}"
    before = there["setup"]
    words = [word for word in now["setup"] if before.get(word) != now["setup"][word]]
    return ", ".join(f"{word} ({before.get(word)!s:.80}, not {now['setup'][word]!s:.80})" for word in words)
