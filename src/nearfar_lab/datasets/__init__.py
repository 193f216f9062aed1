"""Readers of data sets, one file each; a file that lists `DATA_SETS` or `ORDER_SETS` is found by itself."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from nearfar_lab.datasets.frames import DataSet, Frame, Item
from nearfar_lab.datasets.order_photos import OrderSet
from nearfar_lab.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DataSet",
    "Frame",
    "Item",
    "OrderSet",
    "data_set",
    "data_sets",
    "order_set",
    "order_sets",
    "terms_of",
]

Kind = TypeVar("Kind", DataSet, OrderSet)


@cache
def data_sets() -> dict[str, DataSet]:
    """Every set with measured depth by name; two of one name are an error."""
    return _listed("DATA_SETS", DataSet)


@cache
def order_sets() -> dict[str, OrderSet]:
    """Every set of photos with ordered pairs by name; two of one name are an error."""
    return _listed("ORDER_SETS", OrderSet)


def data_set(name: str) -> DataSet:
    """The set with measured depth of that name."""
    return _find(data_sets(), name)


def order_set(name: str) -> OrderSet:
    """The set of photos with ordered pairs of that name."""
    return _find(order_sets(), name)


def terms_of(name: str) -> str:
    """The terms of a set of either kind."""
    return order_set(name).terms if name in order_sets() else data_set(name).terms


def _listed(attribute: str, kind: type[Kind]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(__path__):
        for row in getattr(import_module(f"{__name__}.{module.name}"), attribute, ()):
            if row.name in found:
                raise ValueError(f"{kind.__name__} {row.name!r} is listed twice; rename one of them")
            found[row.name] = row
    return found


def _find(known: Mapping[str, Kind], name: str) -> Kind:
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
        raise UnknownNameError(f"no data set named {name!r}; {hint}")
    return known[name]
