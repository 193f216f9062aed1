"""The parameters of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection


_NAMES = ("model", "format")
MOST_PARAMETERS = 64
MOST_VALUE = 4096
"""Characters of a parameter's value; of a pipeline, which has a bound of its own, more."""
_LONG = frozenset({"pipeline"})


def single_values(connection: HTTPConnection) -> dict[str, str]:
    """What a request's or a websocket's query gives, by name.

    Raises:
        ParameterError: a parameter is given twice: which of the two was meant is not guessed. Or a name is
            empty: what chooses nothing is left out. Or there are too many, or one is too long.
    """
    if connection.scope["query_string"].count(b"&") >= MOST_PARAMETERS:
        raise ParameterError(f"There are more than {MOST_PARAMETERS} parameters.", "Give each one once.")
    pairs = connection.query_params.multi_items()
    given = dict(pairs)
    for name, value in pairs:
        if name not in _LONG and len(name) + len(value) > MOST_VALUE:
            raise ParameterError(
                f"{name[:60]} has {len(value):,} characters, but at most {MOST_VALUE:,} were expected.",
                "Send files as multipart fields.",
                name[:60],
            )
    if len(given) != len(pairs):
        raise ParameterError("A parameter is given twice.", "Give each one once.")
    for name in _NAMES:
        if given.get(name) == "":
            raise ParameterError(f"{name} is empty.", "Name one, or leave it out.", parameter=name)
    return given
