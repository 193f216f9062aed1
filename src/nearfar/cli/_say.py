"""Everything the command line prints. Standard error speaks to people, standard output to programs."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from nearfar.errors import OutputError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nearfar.errors import NearfarError

_EVERY_S = 10.0


def line(text: str) -> None:
    """One line for a person, on standard error."""
    print(f"nearfar: {shown(text)}", file=sys.stderr, flush=True)


def named(name: str, text: str) -> None:
    """One line about a file, on standard error: what steers a terminal in its name is spelled out."""
    line(f"{_one_line(name)}: {_one_line(text)}")


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")


def failure(exc: NearfarError, source: str | None = None, *, is_json: bool) -> None:
    """An error, on standard error; with ``--json`` as a row too. ``source`` names the photo."""
    text = str(exc)
    is_named = source is None or source == "-" or source in text
    if is_named or source is None:
        line(text.replace(source, _one_line(source)) if source else text)
    else:
        named(source, text)
    if is_json:
        error = {"type": type(exc).__name__, "message": exc.message, "hint": exc.hint}
        row({"input": source, "error": error})


def row(values: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own, on standard output."""
    lines([json.dumps(values)])


def document(value: Any) -> None:
    """A JSON document for programs and people, on standard output."""
    lines([json.dumps(value, indent=1, ensure_ascii=False)])


def lines(texts: Iterable[str]) -> None:
    """Plain lines on standard output."""
    with _standard_output():
        for text in texts:
            print(text)
        sys.stdout.flush()


def picture(data: bytes) -> None:
    """The bytes of a picture on standard output."""
    with _standard_output():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _standard_output() -> Iterator[None]:
    """Translate what a full disk behind standard output says; a closed pipe stays BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        silence_stdout()
        raise OutputError(f"Standard output cannot be written: {exc.strerror or exc}.") from exc


def silence_stdout() -> None:
    """Standard output takes no more: keep the interpreter from failing on the rest of it when it ends."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)


def make_streams_forgiving() -> None:
    """Let any file name be printed, and nothing fail where the caller closed a stream."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_unicode = stream.encoding.lower().startswith("utf")
            has_bytes = stream is sys.stdout and is_unicode  # so that a program gets a name's own bytes
            stream.reconfigure(errors="surrogateescape" if has_bytes else "backslashreplace")


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the process


def asked(question: str) -> bool:
    """Whether a person at a terminal says yes; where nobody sits, nobody does."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"nearfar: {question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def transfer() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error while a file comes; gives what is told the name, bytes here, bytes in all."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(name: str, here: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name)
            bar.update(tasks[name], completed=here, total=total or None)

        yield tell


@contextmanager
def tiles(*, is_shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error while a photo is done tile by tile; gives what is told how many are done."""
    if not is_shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("tiles", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def progress(total: int) -> Iterator[Callable[[bool], bool]]:
    """A bar on standard error while several photos are done; nothing where that is no terminal.

    Gives a function that passes its argument through and moves the bar on.
    """
    if total < 2 or not sys.stderr.isatty():
        yield lambda passed: passed
        return
    from rich.console import Console
    from rich.progress import Progress

    # What is printed on this terminal while the bar stands goes above it; a pipe gets its lines untouched.
    is_shared = sys.stdout.isatty()
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=is_shared) as bar:
        task = bar.add_task("photos", total=total)

        def step(passed: bool) -> bool:
            bar.advance(task)
            return passed

        yield step


class Counted(Protocol):
    """Hears how far something is."""

    def __call__(
        self, done: int, total: int | None, rate: float, left_s: float | None, failed: int = 0
    ) -> None:
        """So many are done, of how many (None: nobody knows); how many a second; seconds left."""


@contextmanager
def counted(what: str, *, is_shown: bool) -> Iterator[Counted]:
    """How far many things are, on standard error: a bar on a terminal, else a line each ten seconds.

    Gives what is told of it.
    """
    if not is_shown:
        yield _unheard
        return
    if not sys.stderr.isatty():
        yield _NowAndThen(what).tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    left = "{task.fields[left]} left{task.fields[failed]}"
    words = TextColumn(f"{{task.fields[rate]:.1f}} {what}/s, {left}")
    columns = (BarColumn(), MofNCompleteColumn(), words)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate=0.0, left="?", failed="")

        def tell(done: int, total: int | None, rate: float, left_s: float | None, failed: int = 0) -> None:
            bar.update(task, completed=done + failed, total=total, rate=rate, left=clock(left_s))
            bar.update(task, failed=_failed(failed))

        yield tell


def _unheard(done: int, total: int | None, rate: float, left_s: float | None, failed: int = 0) -> None:
    """Nobody is there to hear it."""


def _failed(count: int) -> str:
    return f", {count} failed" if count else ""


class _NowAndThen:
    """Says a line now and then."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._said_at = time.monotonic()

    def tell(self, done: int, total: int | None, rate: float, left_s: float | None, failed: int = 0) -> None:
        """A line, where the last one was long ago."""
        if time.monotonic() - self._said_at < _EVERY_S:
            return
        self._said_at = time.monotonic()
        of = f" of {total}" if total is not None else ""
        what = self._what
        line(f"{done}{of} {what}, {rate:.1f} {what}/s, {clock(left_s)} left{_failed(failed)}")


def clock(seconds: float | None) -> str:
    """A time as 1:02:03 or 2:03; ? where it is not known."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
