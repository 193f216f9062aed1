"""The seam of the verbs: an options class becomes the flags of a command."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from nearfar.options import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nearfar.options import OptionInfo

    Given = dict[str, str | bool]
    Body = Callable[[tuple[str, ...], Given], int]

_HIDDEN_DASH = "\0"  # no file name holds it


@dataclass(frozen=True, slots=True)
class Flag:
    """How one option looks on the command line: its short form, and the word for its value in the help."""

    short: str = ""
    value: str = ""


def verb(
    options: type, arguments: tuple[str, str] | None = None, flags: Mapping[str, Flag] | None = None
) -> Callable[[Body], Callable[..., int]]:
    """Turn ``body(arguments, given)`` into a command that the parser reads the flags of.

    Args:
        options: every field made by :func:`nearfar.options.option` is a flag. ``given`` holds those that
            were named, as texts (flags that take no value: True), for :func:`nearfar.options.parse`.
        arguments: word and help of what stands without a flag; None where nothing may.
        flags: looks that differ from ``--name TEXT``.
    """

    def bind(body: Body) -> Callable[..., int]:
        def command(*words: str, **given: Any) -> int:
            named = {name: show_dash(value) for name, value in given.items() if value is not None}
            return body(tuple(show_dash(word) for word in words), named)

        command.__doc__ = body.__doc__
        command.__annotations__ = {}  # the signature carries them; hints found here would win over it
        command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [*_words(arguments), *(_option(info, (flags or {}).get(info.name)) for info in describe(options))]
        )
        return command

    return bind


def hide_dashes(tokens: Iterable[str]) -> list[str]:
    """Tokens in which a lone ``-`` (standard input or output) does not look like a flag to the parser."""
    return [_HIDDEN_DASH if word == "-" else word for word in tokens]


def show_dash(value: Any) -> Any:
    """The value as it was typed."""
    return "-" if value == _HIDDEN_DASH else value


def _words(arguments: tuple[str, str] | None) -> list[inspect.Parameter]:
    if arguments is None:
        return []
    word, help = arguments
    note = Annotated[str, Parameter(name=word, help=help, negative="")]
    return [inspect.Parameter("words", inspect.Parameter.VAR_POSITIONAL, annotation=note)]


def _option(info: OptionInfo, flag: Flag | None) -> inspect.Parameter:
    flag = flag or Flag()
    long = "--" + info.name.replace("_", "-")
    note = Parameter(
        name=[long, flag.short] if flag.short else [long],
        help=_help(info),
        metavar=flag.value or _VALUES.get(info.type, "TEXT"),
        negative=f"--no-{long[2:]}" if info.type == "bool" and info.default is True else "",
        show_default=False,
        allow_leading_hyphen=info.parse is not None,  # a range may begin with a minus
    )
    kind = bool if info.type == "bool" else str
    return inspect.Parameter(
        info.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, note]
    )


_VALUES = {"int": "N", "float": "X", "bool": "", "file": "FILE"}


def _help(info: OptionInfo) -> str:
    has_default = info.type != "bool" and info.default not in (None, "")
    parts = [
        info.help,
        f"One of: {', '.join(info.choices)}." if info.choices else "",
        f"{info.low:g} to {info.high:g}." if info.low is not None and info.high is not None else "",
        f"(default: {info.default})" if has_default else "",
    ]
    return " ".join(part for part in parts if part)
