"""Readers of data sets, one file each; a file that lists `DATA_SETS` is found by itself."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib import import_module

from nearfar_lab.datasets.frames import DataSet, Frame, Item
from nearfar_lab.errors import UnknownNameError

__all__ = ["DataSet", "Frame", "Item", "data_set", "data_sets"]


@cache
def data_sets() -> dict[str, DataSet]:
    """Every data set by name; two of one name are an error."""
    found: dict[str, DataSet] = {}
    for module in pkgutil.iter_modules(__path__):
        for row in getattr(import_module(f"{__name__}.{module.name}"), "DATA_SETS", ()):
            if row.name in found:
                raise ValueError(f"data set {row.name!r} is listed twice; rename one of them")
            found[row.name] = row
    return found


def data_set(name: str) -> DataSet:
    """The data set of that name."""
    known = data_sets()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
        raise UnknownNameError(f"no data set named {name!r}; {hint}")
    return known[name]
