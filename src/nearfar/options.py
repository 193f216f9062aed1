"""Typed options: name, default, range, choices and help, stated once for library, CLI, service and docs.

An options class is a frozen dataclass whose fields are made by :func:`option`::

    @dataclass(frozen=True, slots=True)
    class FogOptions:
        density: float = option(0.5, "How thick the fog is.", low=0, high=10)
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable  # noqa: TC003 - get_type_hints reads it
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any

from nearfar.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMS = {
    "COLOUR": "#rrggbb",
    "PIXEL": "x,y in pixels of the photo",
    "PLACE": "x,y from 0,0 (left, top) to 1,1",
    "SPAN": "a,b in the map's own unit",
    "TEXT": "any words",
}
"""What a text may look like that is no word of a list."""
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_PLAIN: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    bool: ((bool,), "true or false"),
}


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What every face needs to show and check one option."""

    name: str
    type: str
    default: object
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    parse: Callable[[str], object] | None = None
    file: str = ""
    """What a file given for it holds (``picture``, ``mask``, ``calibration``); empty where it is no file."""
    form: str = ""
    """What a text looks like, with ``|`` between: words as they stand, and names of :data:`FORMS`."""


def option(  # noqa: PLR0913 - one row of a table
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    parse: Callable[[str], object] | None = None,
    file: str = "",
    form: str = "",
) -> Any:
    """A dataclass field that knows its help, its range and, for types of its own, how to read a text.

    ``file``: the option is a file; each face reads it (a path in the library and on the command line, an
    upload in the service) and passes what it holds, so that no text from outside ever names a path.
    ``form``: what a text looks like, so that a page can offer more than a line to type in.
    """
    row = {"help": help, "low": low, "high": high, "choices": choices, "parse": parse, "file": file}
    row["form"] = form
    return dataclasses.field(default=default, metadata=row)


def describe(cls: type) -> tuple[OptionInfo, ...]:
    """The options of a class, in order."""
    return _described(cls)


@cache
def _described(cls: Any) -> tuple[OptionInfo, ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        OptionInfo(f.name, _type_of(f, hints[f.name]), f.default, **_metadata(f))
        for f in dataclasses.fields(cls)
        if "help" in f.metadata
    )


def check(options: Any) -> None:
    """Raise ParameterError unless every field of an options object is in its range."""
    for info in describe(type(options)):
        _check_value(info, getattr(options, info.name))


def parse(cls: type, given: Mapping[str, object]) -> Any:
    """An options object from names and texts (or values), as the CLI and the service receive them.

    Raises:
        ParameterError: an unknown name, a text of the wrong type, or a value out of range.
    """
    known = {info.name: info for info in describe(cls)}
    values = {}
    for name, value in given.items():
        key = name.replace("-", "_")
        if key not in known:
            raise ParameterError(f"There is no option '{name}'.", did_you_mean(key, known), parameter=name)
        values[key] = _from_text(known[key], value) if isinstance(value, str) else value
    options = cls(**values)
    check(options)
    return options


def numbers(name: str, count: int) -> Callable[[str], tuple[float, ...]]:
    """A reader of ``count`` finite numbers with commas between, for the option ``name``."""

    def read(text: str) -> tuple[float, ...]:
        try:
            found = tuple(float(part) for part in text.split(","))
        except ValueError:
            found = ()
        if len(found) != count or not all(math.isfinite(n) for n in found):
            raise ParameterError(
                f"{name} is '{text}'.", f"Give {count} numbers with commas between.", parameter=name
            )
        return found

    return read


def _type_of(field: dataclasses.Field[Any], hint: Any) -> str:
    return "file" if field.metadata.get("file") else _type_name(hint)


def _metadata(field: dataclasses.Field[Any]) -> dict[str, Any]:
    return dict(field.metadata)


def _type_name(hint: Any) -> str:
    args = [a for a in typing.get_args(hint) if a is not type(None)]
    base = args[0] if args and type(None) in typing.get_args(hint) else hint
    return base.__name__ if isinstance(base, type) else "str"


def _check_value(info: OptionInfo, value: Any) -> None:
    if value is None and info.default is None:
        return
    if info.choices and not (isinstance(value, str) and value in info.choices):
        raise ParameterError(
            f"{info.name} is '{value}'.", did_you_mean(str(value), info.choices), parameter=info.name
        )
    if info.type in {"int", "float"}:
        _check_number(info, value)
    kind = _PLAIN.get(type(info.default)) if info.parse is None else None
    if isinstance(info.default, bool) and _is_numpy_bool(value):
        return
    if kind is not None and info.type == type(info.default).__name__ and not isinstance(value, kind[0]):
        raise ParameterError(
            f"{info.name} is {type(value).__name__}, but {kind[1]} was expected.", parameter=info.name
        )


def _is_numpy_bool(value: object) -> bool:
    """Whether it is NumPy's truth value; told by name, since the command line reads options without NumPy."""
    return type(value).__module__ == "numpy" and type(value).__name__ in {"bool", "bool_"}


def _check_number(info: OptionInfo, value: Any) -> None:
    is_number = isinstance(value, int) or (isinstance(value, Real) and math.isfinite(value))  # NumPy's too
    is_number = is_number and not isinstance(value, bool)
    if not is_number or (info.type == "int" and int(value) != value):
        kind = "a whole number" if info.type == "int" else "a finite number"
        raise ParameterError(f"{info.name} is {value!r}, but {kind} was expected.", parameter=info.name)
    too_low = info.low is not None and value < info.low
    too_high = info.high is not None and value > info.high
    if too_low or too_high:
        raise ParameterError(
            f"{info.name} is {value}, but {_range_text(info)} was expected.", parameter=info.name
        )


def _range_text(info: OptionInfo) -> str:
    if info.low is not None and info.high is not None:
        return f"{info.low:g} to {info.high:g}"
    return f"at least {info.low:g}" if info.low is not None else f"at most {info.high:g}"


def _from_text(info: OptionInfo, text: str) -> object:
    if info.file:
        raise ParameterError(
            f"{info.name} is a file, but a text was given.", "Send the file itself.", parameter=info.name
        )
    if info.parse is not None:
        return info.parse(text)
    if info.type == "bool":
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise ParameterError(f"{info.name} is '{text}', but true or false was expected.", parameter=info.name)
    if info.type not in {"int", "float"}:
        return text
    try:
        return int(text) if info.type == "int" else float(text)
    except ValueError as exc:
        told = f"{info.name} is '{text}', but a number was expected."
        if info.type == "int":
            told = f"{info.name} is '{text}', but a whole number was expected."
        raise ParameterError(told, parameter=info.name) from exc
