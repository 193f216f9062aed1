"""Flags that would change nothing where they were given: they are refused, not passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable


def flag(name: str) -> str:
    """An option's name as it is typed."""
    return f"--{name.replace('_', '-')}"


def refuse(names: Iterable[str], where: str, hint: str = "Leave it out.") -> None:
    """ParameterError for the first of the options, which were given and count for nothing ``where``."""
    for name in names:
        raise ParameterError(f"{flag(name)} counts for nothing {where}.", hint, name)
