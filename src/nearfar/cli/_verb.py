"""The seam of the verbs: an options class becomes the flags of a command."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from nearfar.options import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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

        command.plain = partial(  # type: ignore[attr-defined]
            _plain, options, flags or {}, body, takes_words=arguments is not None
        )
        command.__doc__ = body.__doc__
        command.__annotations__ = {}  # the signature carries them; hints found here would win over it
        command.sign = partial(_sign, command, options, arguments, flags or {})  # type: ignore[attr-defined]
        if "cyclopts" in sys.modules:  # the parser is here, and will ask
            command.sign()  # type: ignore[attr-defined]
        return command

    return bind


def _sign(command: Any, options: type, arguments: tuple[str, str] | None, flags: Mapping[str, Flag]) -> None:
    """Give a command the signature that the parser reads; its library is imported for that alone."""
    rows = (_option(info, flags.get(info.name)) for info in describe(options))
    command.__signature__ = inspect.Signature([*_words(arguments), *rows])


def _plain(
    options: type, flags: Mapping[str, Flag], body: Body, tokens: Sequence[str], *, takes_words: bool = True
) -> Callable[[], int] | None:
    """What a command line without surprises runs, read without the parser: its import is slow.

    None where anything is unusual: an unknown or repeated flag, a value that looks like a flag or is absent,
    a word where the verb takes none.
    The parser says then what is wrong, or what is meant.
    """
    rows = {name: info for info in describe(options) for name in _names(info, flags)}
    words: list[str] = []
    given: Given = {}
    left = list(tokens)
    while left:
        word = left.pop(0)
        if not word.startswith("-") or word == "-":
            if not takes_words:
                return None
            words.append(word)
            continue
        name, has_value, value = word.partition("=")
        info = rows.get(name)
        if info is None or info.name in given or (has_value and not name.startswith("--")):
            return None
        if info.type == "bool":
            if has_value:
                return None
            given[info.name] = True
            continue
        if not has_value:
            value = left.pop(0) if left else "-?"
        if not value or (value.startswith("-") and value != "-"):
            return None
        given[info.name] = value
    return partial(body, tuple(words), given)


def _names(info: OptionInfo, flags: Mapping[str, Flag]) -> list[str]:
    short = flags[info.name].short if info.name in flags else ""
    return [f"--{info.name.replace('_', '-')}", *([short] if short else [])]


def hide_dashes(tokens: Iterable[str]) -> list[str]:
    """Tokens in which a lone ``-`` (standard input or output) does not look like a flag to the parser."""
    return [_HIDDEN_DASH if word == "-" else word for word in tokens]


def show_dash(value: Any) -> Any:
    """The value as it was typed."""
    return "-" if value == _HIDDEN_DASH else value


def _words(arguments: tuple[str, str] | None) -> list[inspect.Parameter]:
    if arguments is None:
        return []
    from cyclopts import Parameter

    word, help = arguments
    note = Annotated[str, Parameter(name=word, help=help, negative="")]
    return [inspect.Parameter("words", inspect.Parameter.VAR_POSITIONAL, annotation=note)]


def _option(info: OptionInfo, flag: Flag | None) -> inspect.Parameter:
    from cyclopts import Parameter

    flag = flag or Flag()
    long = "--" + info.name.replace("_", "-")
    note = Parameter(
        name=[long, flag.short] if flag.short else [long],
        help=_help(info),
        metavar=flag.value or _VALUES.get(info.type, "TEXT"),
        negative=f"--no-{long[2:]}" if info.type == "bool" and info.default is True else "",
        show_default=False,
        allow_leading_hyphen=_may_be_negative(info),
    )
    kind = bool if info.type == "bool" else str
    return inspect.Parameter(
        info.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, note]
    )


def _may_be_negative(info: OptionInfo) -> bool:
    """Whether a value may begin with a minus: a range, or a number without a lower end."""
    return info.parse is not None or (info.type in {"int", "float"} and info.low is None)


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
