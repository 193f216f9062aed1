"""Everything the command line prints. Standard error speaks to people, standard output to programs."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from nearfar.errors import NearfarError


def line(text: str) -> None:
    """One line for a person, on standard error."""
    print(f"nearfar: {text}", file=sys.stderr, flush=True)


def row(values: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own, on standard output."""
    print(json.dumps(values), flush=True)


def failure(exc: NearfarError, source: str | None = None, *, is_json: bool) -> None:
    """An error, on standard error; with ``--json`` as a row too. ``source`` names the photo."""
    text = str(exc)
    is_named = source is None or source == "-" or source in text
    line(text if is_named else f"{source}: {text}")
    if is_json:
        error = {"type": type(exc).__name__, "message": exc.message, "hint": exc.hint}
        row({"input": source, "error": error})


def make_streams_forgiving() -> None:
    """Let a file name that the terminal's encoding lacks be printed with escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def silence_stdout() -> None:
    """Nobody reads standard output any more: keep the interpreter from failing on it when it ends."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)


def lines(texts: Iterable[str]) -> None:
    """Plain lines on standard output."""
    for text in texts:
        print(text)


def document(value: Any) -> None:
    """A JSON document for programs and people, on standard output."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


def paths(written: Iterable[Path]) -> None:
    """The files of one photo, a line each, on standard output."""
    for path in written:
        print(path, flush=True)


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

    # Standard output and error are redirected by rich while the bar stands, so lines appear above it.
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("photos", total=total)

        def step(passed: bool) -> bool:
            bar.advance(task)
            return passed

        yield step
