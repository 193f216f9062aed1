"""Metres from known distances: two clicks make a relative map metric."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError, SourceError
from nearfar.machine.files import write_whole
from nearfar.machine.texts import parse_json
from nearfar.types import Camera, DepthKind, DepthMap

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMAT = "nearfar calibration 1"
_WORST = 0.25  # relative error of a point's distance from which the points contradict each other
_SPREAD = 1e-3  # of the map's range: nearer values cannot fix a slope


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """A pixel and its distance along the optical axis in metres."""

    x: float
    y: float
    distance_m: float

    def __post_init__(self) -> None:
        if not all(isinstance(number, Real) for number in (self.x, self.y, self.distance_m)):
            raise ParameterError(
                f"A point is {(self.x, self.y, self.distance_m)!r}.", "Give x and y in pixels, and metres."
            )
        if not (np.isfinite([self.x, self.y, self.distance_m]).all() and self.distance_m > 0):
            raise ParameterError(
                f"A point is {self.x:g},{self.y:g}={self.distance_m:g}, but a distance above 0 was expected."
            )

    @classmethod
    def parse(cls, text: str) -> KnownPoint:
        """The point in ``x,y=metres``.

        Raises:
            ParameterError: another form.
        """
        try:
            place, distance = text.split("=")
            x, y = place.split(",")
            numbers = float(x), float(y), float(distance)
        except ValueError as exc:
            raise ParameterError(
                f"A point is '{text}'.", "Give x,y=metres, for example 320,240=2.5."
            ) from exc
        return cls(*numbers)


def _point(given: Any) -> KnownPoint:
    """A point in any form; ParameterError where it is none."""
    if isinstance(given, KnownPoint):
        return given
    if isinstance(given, str):
        return KnownPoint.parse(given)
    try:
        x, y, distance_m = (float(number) for number in given)
    except (TypeError, ValueError) as exc:
        raise ParameterError(
            f"A point is {given!r}.", "Give (x, y, metres), for example (320, 240, 2.5)."
        ) from exc
    return KnownPoint(x, y, distance_m)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a map's values become metres, and for which maps that holds.

    With v the value of a pixel: 1/distance = scale · v + shift for relative inverse depth, and distance =
    scale · v + shift for affine and metric depth. ``errors_m``: fitted minus known distance of each point.
    ``camera`` belongs to pictures of ``width`` pixels. ``error``: relative error of distances that is to be
    expected, where the floor told it.
    """

    kind: DepthKind
    scale: float
    shift: float
    points: tuple[KnownPoint, ...] = ()
    errors_m: tuple[float, ...] = ()
    model: str = ""
    weights_sha256: str = ""
    camera: Camera | None = None
    width: int = 0
    error: float | None = None

    def apply(self, depth: DepthMap) -> DepthMap:
        """The map in metres; pixels that come out behind infinity, or at no distance, are not valid.

        Raises:
            ParameterError: the map is of another kind, or another network made it.
        """
        _require_map(depth)
        self._check_fits(depth)
        line = self.scale * depth.values.astype(np.float64) + self.shift
        valid = line > 1e-9 if depth.valid is None else (line > 1e-9) & depth.valid
        safe = np.where(valid, line, 1)
        metres = 1 / safe if self.kind is DepthKind.RELATIVE_INVERSE else safe
        camera = depth.camera if self.camera is None else _scaled(self.camera, self.width, depth.width)
        return replace(
            depth,
            values=metres.astype(np.float32),
            kind=DepthKind.METRIC,
            valid=None if valid.all() else valid,
            camera=camera,
        )

    def _check_fits(self, depth: DepthMap) -> None:
        if depth.kind is not self.kind:
            raise ParameterError(
                f"The calibration is for {self.kind.value}, but this map is {depth.kind.value}.",
                "Calibrate this map itself.",
            )
        made_by = depth.provenance.weights_sha256
        if self.weights_sha256 and made_by and made_by != self.weights_sha256:
            raise ParameterError(
                f"The calibration is for weights {self.weights_sha256[:12]}, but the map was made by "
                f"{made_by[:12]}.",
                "Use the same network, or calibrate again.",
            )

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the camera profile as JSON."""
        row = {"format": _FORMAT, **asdict(self)}
        return write_whole(path, json.dumps(row, indent=1).encode(), overwrite=overwrite)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes | Calibration) -> Calibration:
        """The calibration in a JSON file (or its bytes).

        Raises:
            SourceError: the file cannot be read.
            BrokenImageError: it holds no calibration.
        """
        if isinstance(source, Calibration):
            return source
        if not isinstance(source, (str, os.PathLike, bytes)):
            raise ParameterError(
                f"A calibration cannot be read from {type(source).__name__}.", "Give its file."
            )
        name = "the calibration" if isinstance(source, bytes) else str(source)
        try:
            data = source if isinstance(source, bytes) else Path(source).read_bytes()
        except OSError as exc:
            raise SourceError(f"{name} cannot be read: {exc.strerror or exc}.") from exc
        try:
            return _from_row(parse_json(data))
        except (KeyError, TypeError, ValueError) as exc:
            raise BrokenImageError(f"{name} holds no calibration: {exc}.") from exc


def _from_row(row: dict[str, Any]) -> Calibration:
    if row.pop("format") != _FORMAT:
        raise ValueError(f"its format is not '{_FORMAT}'")
    camera = row.pop("camera")
    points = tuple(KnownPoint(**p) for p in row.pop("points"))
    kind, errors = DepthKind(row.pop("kind")), tuple(row.pop("errors_m"))
    return Calibration(
        kind=kind, points=points, errors_m=errors, camera=Camera(**camera) if camera else None, **row
    )


def calibrate(
    depth: DepthMap, points: Sequence[KnownPoint | Sequence[float] | str], camera: Camera | None = None
) -> Calibration:
    """Scale and shift that put the points at their distances, in inverse depth where the map is inverse.

    Args:
        depth: (H, W) of any kind. One point rescales a metric map; otherwise two or more are needed.
        points: pixels and their distances along the optical axis; more than two are fitted by least squares.
            Each a :class:`KnownPoint`, (x, y, metres) or a text ``x,y=metres``.
        camera: kept in the profile, and given to maps it is applied to.

    Raises:
        ParameterError: too few points, points outside or not valid, equal values, or points that contradict
            the map or each other.
    """
    _require_map(depth)
    known_points = _points(points)
    values = np.array([_value_at(depth, point) for point in known_points], np.float64)
    known = np.array([point.distance_m for point in known_points], np.float64)
    target = 1 / known if depth.kind is DepthKind.RELATIVE_INVERSE else known
    scale, shift = _line(depth, values, target)
    line = scale * values + shift
    if scale <= 0 or (line <= 0).any():
        raise ParameterError(
            "The points contradict the depth map: what was said to be nearer is farther in it.",
            "Check the pixels and distances.",
        )
    fitted = 1 / line if depth.kind is DepthKind.RELATIVE_INVERSE else line
    errors = fitted - known
    worst = int(np.abs(errors / known).argmax())
    if abs(errors[worst] / known[worst]) > _WORST:
        off = known_points[worst]
        raise ParameterError(
            f"The points do not fit one scale and shift: the one at {off.x:g},{off.y:g} "
            f"would be {fitted[worst]:.3g} m away, not {known[worst]:.3g} m.",
            "Check that point, or leave it out.",
        )
    made = depth.provenance
    return Calibration(
        depth.kind,
        float(scale),
        float(shift),
        tuple(known_points),
        tuple(errors.tolist()),
        made.model,
        made.weights_sha256,
        camera or depth.camera,
        depth.width,
    )


def _points(points: Any) -> list[KnownPoint]:
    if isinstance(points, (str, bytes)) or not hasattr(points, "__iter__"):
        raise ParameterError(
            f"Points are {points!r}.", "Give a list of them: [(320, 240, 2.5), ...].", parameter="points"
        )
    return [_point(point) for point in points]


def _require_map(depth: object) -> None:
    if not isinstance(depth, DepthMap):
        raise ParameterError(
            f"A depth map was expected, not {type(depth).__name__}.",
            "Give nearfar.estimate(photo), nearfar.read_depth(file) or nearfar.DepthMap(array, kind).",
            parameter="depth",
        )


def _value_at(depth: DepthMap, point: KnownPoint) -> float:
    """Median of the valid values in the 3×3 pixels round a point."""
    x, y = int(point.x), int(point.y)
    if not (0 <= point.x < depth.width and 0 <= point.y < depth.height):
        raise ParameterError(
            f"The point {point.x:g},{point.y:g} lies outside the {depth.width}×{depth.height} picture."
        )
    window = (slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2))
    around = depth.values[window] if depth.valid is None else depth.values[window][depth.valid[window]]
    if not around.size:
        raise ParameterError(f"Depth is not valid at the point {point.x:g},{point.y:g}.", "Choose another.")
    return float(np.median(around))


def _line(depth: DepthMap, values: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    if depth.kind is DepthKind.METRIC and len(values) == 1:
        return float(target[0] / values[0]), 0.0
    if len(values) < 2:
        raise ParameterError(
            f"{len(values)} point was given, but this map has an unknown scale and an unknown shift.",
            "Give two points or more.",
        )
    low, high = depth.value_range
    if np.ptp(values) <= _SPREAD * (high - low):
        raise ParameterError(
            "The points have the same depth in this map: they cannot fix a scale.",
            "Choose one near and one far.",
        )
    # Weighted so that the relative error of distance counts, not that of its inverse.
    weight = 1 / target
    matrix = np.stack([values * weight, weight], axis=1)
    scale, shift = np.linalg.lstsq(matrix, target * weight, rcond=None)[0]
    return float(scale), float(shift)


def _scaled(camera: Camera, width: int, new_width: int) -> Camera:
    factor = new_width / width if width else 1.0
    fx, fy, cx, cy = (n * factor for n in (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px))
    return Camera(fx, fy, cx, cy, camera.source)
