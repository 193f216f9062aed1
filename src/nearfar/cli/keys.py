"""``nearfar keys``: who may use the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar import settings
from nearfar.cli import _say
from nearfar.cli._verb import Flag, verb
from nearfar.errors import ParameterError
from nearfar.keys import SCOPES, open_keys
from nearfar.options import option, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.keys import Key, KeyFile

_HEADS = ("id", "name", "scopes", "rate", "created")


@dataclass(frozen=True, slots=True)
class KeysOptions:
    """The flags of the verb."""

    scopes: str = option("infer,jobs", f"With add: what it allows, commas between: {', '.join(SCOPES)}.")
    rate: int | None = option(
        None,
        "With add: requests a minute, 0 for no limit; else the service's setting.",
        low=0,
        high=1_000_000,
    )
    config: str = option("", "TOML file of settings that the service is started with.")
    file: str = option("", "File of the keys; else that of the settings.")
    json: bool = option(False, "JSON on standard output.")


@verb(
    KeysOptions,
    ("ACTION", "add NAME, list, or revoke NAME (or its id)."),
    {
        "scopes": Flag(value="LIST"),
        "rate": Flag(value="N"),
        "config": Flag(value="FILE"),
        "file": Flag(value="FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Make, list and revoke the keys of the service. With the first one, keys become needed."""
    options: KeysOptions = parse(KeysOptions, given)
    action, names = (words[0], words[1:]) if words else ("list", ())
    if action not in _ACTIONS:
        raise ParameterError(f"keys has no action '{action}'.", f"Known: {', '.join(_ACTIONS)}.")
    run, count = _ACTIONS[action]
    if len(names) != count:
        raise ParameterError(f"keys {action} takes {count or 'no'} name.", "See nearfar keys --help.")
    flags = {"keys": options.file} if options.file else {}
    run(open_keys(settings.load(config=options.config, flags=flags)), names, options)
    return 0


def _add(file: KeyFile, names: tuple[str, ...], options: KeysOptions) -> None:
    scopes = [scope.strip() for scope in options.scopes.split(",") if scope.strip()]
    key, text = file.add(names[0], scopes, options.rate)
    if options.json:
        _say.document({**_row(key), "key": text})
        return
    _say.line(
        f"The key of '{key.name}' for {', '.join(key.scopes)}. It is shown this once, and kept nowhere:"
    )
    _say.lines([text])


def _list(file: KeyFile, names: tuple[str, ...], options: KeysOptions) -> None:  # noqa: ARG001 - one shape
    rows = [_row(key) for key in file.read().keys]
    if options.json:
        _say.document(rows)
        return
    if not rows:
        _say.line(f"There are no keys in {file.path}.")
        return
    table = [_HEADS, *(tuple(_cell(row[head]) for head in _HEADS) for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEADS))]
    _say.lines("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table)


def _revoke(file: KeyFile, names: tuple[str, ...], options: KeysOptions) -> None:
    key = file.revoke(names[0])
    if options.json:
        _say.document(_row(key))
        return
    _say.line(f"The key of '{key.name}' ({key.id}) is revoked; a running service knows within a second.")


_ACTIONS: dict[str, tuple[Callable[[KeyFile, tuple[str, ...], KeysOptions], None], int]] = {
    "add": (_add, 1),
    "list": (_list, 0),
    "revoke": (_revoke, 1),
}


def _row(key: Key) -> dict[str, Any]:
    """What may be shown of a key: neither its text nor its hash."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "rate": key.rate,
        "created": key.created,
    }


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return ",".join(value) if isinstance(value, list) else str(value)
