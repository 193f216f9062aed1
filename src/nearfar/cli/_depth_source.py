"""Flags that say where depth comes from: a network, or a file that somebody has already."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any

from nearfar.cards import DepthKind
from nearfar.cli import _idle
from nearfar.cli._network import FINE_HELP, MODEL_HELP
from nearfar.decode.depth import INVALID_HELP, read_depth
from nearfar.decode.sensor import (
    CONFIDENCE_HELP,
    LEAST_HELP,
    SENSOR_HELP,
    SENSORS,
    SIZE_HELP,
    Sensor,
    parse_size,
    read_sensor_depth,
)
from nearfar.options import option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.types import DepthMap

DEPTH_KIND_HELP = (
    "What the depth file's values mean, where it does not say: relative_inverse, affine_depth or metric."
)
DEPTH_SCALE_HELP = "Metres (or units) of 1 in such a depth file: 0.001 for millimetres."
DEPTH_ARRAY_HELP = "Name of the array in an NPZ depth file, where several could be meant."

_MEANINGS = ("depth_kind", "depth_scale", "depth_invalid", "depth_array")
_OF_SENSORS = ("depth_confidence", "depth_least", "depth_size")
_OF_NETWORKS = ("model", "fine", "tiles", "tiles_length")


@dataclass(frozen=True)  # without slots, so that it can stand beside other bases
class DepthSource:
    """The result's place, and the network or the file that depth comes from."""

    output: str = option("", "Where the result goes: a file, a folder, or - ; beside the photo otherwise.")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    depth: str = option("", "Depth file to use instead of running a network (see nearfar export).")
    depth_kind: str = option("", DEPTH_KIND_HELP, choices=("", *DepthKind))
    depth_scale: float = option(1.0, DEPTH_SCALE_HELP)
    depth_invalid: str = option("", INVALID_HELP, parse=str)
    depth_array: str = option("", DEPTH_ARRAY_HELP)
    depth_sensor: str = option("", SENSOR_HELP, choices=("", *SENSORS))
    depth_confidence: str = option("", CONFIDENCE_HELP)
    depth_least: float | None = option(None, LEAST_HELP, low=0, high=1)
    depth_size: tuple[int, int] | None = option(None, SIZE_HELP, parse=parse_size)

    def __post_init__(self) -> None:
        self._check("without --depth", (*_MEANINGS, "depth_sensor", *_OF_SENSORS), counts=bool(self.depth))
        self._check("without --depth-sensor", _OF_SENSORS, counts=bool(self.depth_sensor))
        self._check("beside --depth-sensor", _MEANINGS, counts=not self.depth_sensor)
        self._check("beside --depth", _OF_NETWORKS, counts=not self.depth)
        if getattr(self, "own_depth", False):
            self._check("beside --own-depth", ("depth", *_OF_NETWORKS), counts=False)

    def _check(self, where: str, names: Iterable[str], *, counts: bool) -> None:
        """ParameterError where a flag was given that counts for nothing there."""
        if not counts:
            _idle.refuse((name for name in names if self._is_given(name)), where)

    def _is_given(self, name: str) -> bool:
        defaults: dict[str, Any] = {row.name: row.default for row in fields(self)}
        return bool(getattr(self, name, MISSING) != defaults.get(name, MISSING))

    def read_depth(self) -> DepthMap:
        """The map in the depth file that the flags name."""
        if not self.depth_sensor:
            kind, invalid, array = self.depth_kind or None, self.depth_invalid, self.depth_array
            return read_depth(self.depth, kind=kind, scale=self.depth_scale, invalid=invalid, array=array)
        confidence, least = self.depth_confidence or None, self.depth_least
        how = Sensor(self.depth_sensor, confidence, least, self.depth_size)
        return read_sensor_depth(self.depth, how)
