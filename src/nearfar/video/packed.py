"""State as plain arrays by name, so that a run can be saved without pickles and go on bit for bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    Arrays = dict[str, np.ndarray[Any, Any]]


def pack(name: str, record: Any) -> Arrays:
    """The fields of a dataclass, nested ones too, as arrays called ``name.field``; None is left out."""
    found: Arrays = {}
    for field in fields(record):
        value, key = getattr(record, field.name), f"{name}.{field.name}"
        if is_dataclass(value):
            found |= pack(key, value)
        elif value is not None:
            found[key] = np.array(value)
    return found


def unpack(name: str, cls: Any, arrays: Mapping[str, Any], nested: Mapping[str, Any]) -> Any:
    """A dataclass out of such arrays. ``nested``: the classes of fields that are dataclasses themselves."""
    values = {}
    for field in fields(cls):
        key = f"{name}.{field.name}"
        if field.name in nested:
            inside = any(other.startswith(f"{key}.") for other in arrays)
            values[field.name] = unpack(key, nested[field.name], arrays, {}) if inside else None
        elif key in arrays:
            values[field.name] = _plain(arrays[key])
        else:
            values[field.name] = None
    return cls(**values)


def _plain(value: Any) -> Any:
    """Planes as they are, few numbers as Python's own."""
    array = np.asarray(value)
    if array.ndim >= 2:
        return array
    return array.item() if array.ndim == 0 else tuple(array.tolist())
