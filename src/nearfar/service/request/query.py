"""The parameters of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection


_NAMES = ("model", "format")


def single_values(connection: HTTPConnection) -> dict[str, str]:
    """What a request's or a websocket's query gives, by name.

    Raises:
        ParameterError: a parameter is given twice: which of the two was meant is not guessed. Or a name is
            empty: what chooses nothing is left out.
    """
    pairs = connection.query_params.multi_items()
    given = dict(pairs)
    if len(given) != len(pairs):
        raise ParameterError("A parameter is given twice.", "Give each one once.")
    for name in _NAMES:
        if given.get(name) == "":
            raise ParameterError(f"{name} is empty.", "Name one, or leave it out.", parameter=name)
    return given
