"""Parameters of a ROS node as options: ROS knows no absent value, so a number that is not told is NaN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nearfar.options import describe, parse
from nearfar.ros.stream import RosOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


def defaults() -> dict[str, Any]:
    """Each option's name and the value with which its parameter is declared."""
    return {info.name: math.nan if info.default is None else info.default for info in describe(RosOptions)}


def options_of(values: Mapping[str, Any]) -> RosOptions:
    """The options that the parameters say.

    Raises:
        ParameterError: a name that is none, or a value out of its range.
    """
    given = {
        name: value for name, value in values.items() if not (isinstance(value, float) and math.isnan(value))
    }
    found: RosOptions = parse(RosOptions, given)
    return found
