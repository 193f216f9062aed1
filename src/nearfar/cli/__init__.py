"""The command line: parsing and printing only, one verb a file.

A file of this folder that does not begin with an underscore is a verb; its ``command`` is what runs, made
with :func:`nearfar.cli._verb.verb`. Where no verb is named, ``depth`` is meant.

Exit codes: 0 all done; 1 something failed (of several photos the others are done); 2 the command line cannot
be carried out as given and nothing was done; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from nearfar import __version__
from nearfar.cli import _say
from nearfar.cli._verbs import verbs
from nearfar.errors import NearfarError, ParameterError, SettingsError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cyclopts import App

COMPLETION = "--install-completion"
SHELLS = ("bash", "zsh", "fish")
DEFAULT_VERB = "depth"
FAILED, USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141
_NO_HELPERS = ("OPENBLAS_NUM_THREADS", "1")
"""NumPy and OpenCV each bring threads for large matrices, which nothing here multiplies: 30 ms of a start."""
_USAGE_ERRORS = (ParameterError, UnknownNameError, SettingsError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code; ``argv`` is without the program's name."""
    tokens = list(sys.argv[1:] if argv is None else argv)
    if tokens[:1] != ["bench"]:  # it measures how fast this machine multiplies
        os.environ.setdefault(*_NO_HELPERS)
    _say.make_streams_forgiving()
    try:
        code = _run(tokens)
        sys.stdout.flush()
    except NearfarError as exc:
        _say.failure(exc, is_json="--json" in tokens)
        return USAGE if isinstance(exc, _USAGE_ERRORS) else FAILED
    except KeyboardInterrupt:
        _say.line("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _say.silence_stdout()
        return BROKEN_PIPE
    return code


def build(tokens: Sequence[str]) -> App:
    """The parser for a command line; verbs that it does not name are loaded only for the help."""
    from cyclopts import App

    app = App(
        name="nearfar",
        help=f"Tells near from far in any single photo. Completion: nearfar {COMPLETION} {'|'.join(SHELLS)}",
        usage="Usage: nearfar [OPTIONS] PHOTO...\n       nearfar COMMAND [OPTIONS]",
        version=__version__,
        suppress_keyboard_interrupt=False,
    )
    needs_all = not {"-h", "--help", COMPLETION}.isdisjoint(tokens)
    for name in verbs():
        home = f"{__name__}.{name}"
        is_here = needs_all or home in sys.modules
        command = _command(name) if is_here else f"{home}:command"
        app.command(command, name=name.replace("_", "-"))
    if not tokens or tokens[0].replace("-", "_") not in verbs():
        app.default(_command(DEFAULT_VERB))
    return app


def _command(verb: str) -> Any:
    """The command of a verb, as the parser reads it."""
    command = importlib.import_module(f"{__name__}.{verb}").command
    command.sign()
    return command


def _without_parser(tokens: list[str]) -> Callable[[], int] | None:
    """What a plain command line runs; None where the parser must look at it."""
    verb = tokens[0].replace("-", "_") if tokens else ""
    is_named = verb in verbs()
    if not tokens or not {"-h", "--help", "--version", "--"}.isdisjoint(tokens):
        return None
    command = importlib.import_module(f"{__name__}.{verb if is_named else DEFAULT_VERB}").command
    run: Callable[[], int] | None = command.plain(tokens[1:] if is_named else tokens)
    return run


def _install_completion(words: list[str]) -> int:
    """Put the completion of a shell where it finds it: of the one named, or of the one that this runs in."""
    if len(words) > 1 or (words and words[0] not in SHELLS):
        raise ParameterError(
            f"'{' '.join(words)}' is no shell that is completed.", f"Name one of {', '.join(SHELLS)}."
        )
    try:
        shell: Any = words[0] if words else None
        path = build([COMPLETION]).install_completion(shell=shell)
    except (OSError, RuntimeError, ValueError) as exc:
        raise ParameterError(
            f"The completion could not be installed: {exc}.",
            f"Name the shell: nearfar {COMPLETION} {'|'.join(SHELLS)}.",
        ) from exc
    _say.lines([str(path)])
    _say.line("Open a new shell, and the Tab key completes commands and options.")
    return 0


def _run(tokens: list[str]) -> int:
    if tokens[:1] == ["--version"]:  # without the libraries that show help
        _say.lines([__version__])
        return 0
    if tokens[:1] == [COMPLETION]:
        return _install_completion(tokens[1:])
    plain = _without_parser(tokens)
    if plain is not None:
        return plain()
    from cyclopts import CycloptsError

    from nearfar.cli._verb import hide_dashes

    app = build(tokens)
    try:
        done: Any = app(
            hide_dashes(tokens), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as exc:
        raise ParameterError(str(exc), "See nearfar --help.") from exc
    return int(done or 0)
