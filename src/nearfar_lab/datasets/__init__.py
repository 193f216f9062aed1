"""Readers of data sets, one file each; a file that lists `DATA_SETS` or `ORDER_SETS` is found by itself."""

from __future__ import annotations

from nearfar.registry import Rows, named
from nearfar_lab.datasets.frames import DataSet, Frame, Item
from nearfar_lab.datasets.order_photos import OrderSet

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


def data_sets() -> dict[str, DataSet]:
    """Every set with measured depth by name; SettingsError where two have one name."""
    return Rows("data set", __name__, "DATA_SETS").by_name()


def order_sets() -> dict[str, OrderSet]:
    """Every set of photos with ordered pairs by name; SettingsError where two have one name."""
    return Rows("set of ordered photos", __name__, "ORDER_SETS").by_name()


def data_set(name: str) -> DataSet:
    """The set with measured depth of that name; UnknownNameError where there is none."""
    return named("data set", data_sets(), name)


def order_set(name: str) -> OrderSet:
    """The set of photos with ordered pairs of that name; UnknownNameError where there is none."""
    return named("set of ordered photos", order_sets(), name)


def terms_of(name: str) -> str:
    """The terms of a set of either kind."""
    return order_set(name).terms if name in order_sets() else data_set(name).terms
