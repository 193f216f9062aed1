"""``nearfar eval``: how good depth is, by published protocols on published sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.cli import _eval, _say
from nearfar.cli._eval import EvalOptions
from nearfar.cli._verb import Flag, verb
from nearfar.options import parse

if TYPE_CHECKING:
    from collections.abc import Callable

_FLAGS = {
    "protocol": Flag("-p", "NAME"),
    "set": Flag("-s", "NAME"),
    "data": Flag("-d", "DIR"),
    "split": Flag(value="NAME"),
    "split_file": Flag(value="FILE"),
    "predictions": Flag(value="DIR"),
    "kind": Flag(value="KIND"),
    "array": Flag(value="NAME"),
    "invalid": Flag(value="LIST"),
    "output": Flag("-o", "FILE"),
}
_WORDS = (
    "MODEL",
    (
        "A network of nearfar models, or ramp (none at all). Or what to do: sets, protocols, compare A.json "
        "B.json, report RESULT.json... -o FILE.html."
    ),
)


@verb(EvalOptions, _WORDS, _FLAGS)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Judge a network, or maps in a folder, by a published protocol; compare and report results."""
    options: EvalOptions = parse(EvalOptions, given)
    action = _ACTIONS.get(words[0]) if words else None
    if action is not None:
        _eval.check_action(given, words[0])
        return action(words[1:], options)
    _eval.check_heeded(given, options)
    return _eval.judge(words, options, _say.line)


_ACTIONS: dict[str, Callable[[tuple[str, ...], EvalOptions], int]] = {
    "sets": _eval.show_sets,
    "protocols": _eval.show_protocols,
    "compare": _eval.compare,
    "report": _eval.report,
}
