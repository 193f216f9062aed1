"""Metres from the floor: a camera of known height and tilt sees how large the world is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nearfar.calibration import Calibration
from nearfar.cards import DepthKind
from nearfar.errors import NoGroundError, ParameterError
from nearfar.robot.mount import slopes

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.robot.mount import Mount
    from nearfar.types import Camera, DepthMap

    Floats = npt.NDArray[np.float64]

_SIDE = 96  # samples along the longer side: the floor is large
_TRIES = 600
_TOLERANCE = 0.10  # by which floor may be off, relative to its distance
_FARTHEST = 20.0  # camera heights: beyond, the floor is a sliver of few pixels
_UNDER = 2.0  # how much more a pixel under the floor counts than one on it: nothing is seen under a floor
_FEWEST = 0.06  # share of the picture that the floor must cover
_WIDEST_UNDER = 0.20  # share, of the floor's, that may lie under it: mirrors, stairs, noise
_LEAST_REACH = 1.35  # farthest to nearest floor: less cannot tell scale from shift
_LARGEST_RESIDUAL = 0.06
_MOST_ROLL_DEG = 12.0
_PITCH_ERROR_DEG = 0.5
_RESIDUALS = 2.0  # in the stated error; with the next so that nine of ten pictures keep to it
_BENT = 0.035  # by which networks bend space, for a picture full of floor: chosen on scenes 1000 to 1079 of
# benchmarks/obstacles.py --first 1000, told beside the figures of others
_NARROWEST, _FEW = 0.004, 30
_LEAST_RUN = 0.02  # of slope between two pixels that draw a line


@dataclass(frozen=True, slots=True)
class Ground:
    """The floor of a depth map, and with it the map's scale.

    With h the camera's height and v the value of a pixel: h/distance = ``scale`` · v + ``shift`` for relative
    inverse depth, distance/h = ``scale`` · v for metric depth. ``share``: of the picture that is floor.
    ``residual``: median relative deviation of these pixels from a plane. ``error``: below which the median
    relative error of distances lies in nine of ten pictures, out of residual, the disagreement of the
    picture's parts, half a degree of wrong pitch, and by how much networks bend space where a network made
    the map: more, the less floor is seen.
    """

    kind: DepthKind
    scale: float
    shift: float
    mount: Mount
    share: float
    residual: float
    error: float
    model: str = ""
    weights_sha256: str = ""
    camera: Camera | None = None
    width: int = 0

    @property
    def unit(self) -> str:
        """``m`` where the camera's height is known, else ``camera heights``."""
        return "camera heights" if self.mount.height_m is None else "m"

    @property
    def height(self) -> float:
        """The camera's, in :attr:`unit`."""
        return 1.0 if self.mount.height_m is None else float(self.mount.height_m)

    @property
    def calibration(self) -> Calibration:
        """The profile that turns such maps into metres.

        Raises:
            ParameterError: the camera's height is not known.
        """
        if self.mount.height_m is None:
            raise ParameterError(
                "Without the camera's height there are no metres.", "Give the mount its height_m."
            )
        factor = self.height if self.kind is DepthKind.METRIC else 1 / self.height
        return Calibration(
            self.kind,
            self.scale * factor,
            self.shift * factor,
            model=self.model,
            weights_sha256=self.weights_sha256,
            camera=self.camera,
            width=self.width,
            error=self.error,
        )

    def distances(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Along the optical axis, in :attr:`unit`; infinite where a value lies behind infinity."""
        line = self.scale * values.astype(np.float32) + np.float32(self.shift)
        if self.kind is DepthKind.METRIC:
            return np.asarray(line * self.height, np.float32)
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(line > 0, self.height / np.maximum(line, 0), np.inf), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Pixels of a thinned picture: their value (inverse, for metric depth) and slope downwards."""

    values: Floats
    slopes: Floats
    columns: Floats
    rows: Floats
    total: int
    has_shift: bool


def find_ground(depth: DepthMap, camera: Camera | None, mount: Mount) -> Ground:
    """The floor, by a robust plane in inverse depth under a camera of known tilt, and the scale it gives.

    The inverse depth of a level floor rises evenly below the horizon. Among all such planes the one is taken
    that holds most pixels and has fewest under it, since nothing is seen under a floor.

    Args:
        depth: (H, W), relative inverse or metric.
        camera: of pictures of the map's size; the map's own where None.
        mount: pitch and roll, and the height where metres are wanted.

    Raises:
        NoGroundError: too little of the picture is a level floor, or it does not fit.
        ParameterError: no camera is known, or the map is affine depth.
    """
    lens = camera or depth.camera
    if lens is None:
        raise ParameterError(
            "The camera is not known, and with it no angle in the picture.",
            "Give it: nearfar.Camera.from_fov(fov_deg, depth.width, depth.height).",
            parameter="camera",
        )
    if depth.kind is DepthKind.AFFINE_DEPTH:
        raise ParameterError(
            "The floor is looked for in inverse depth, and this map is affine depth.",
            "Give points of known distance to nearfar.calibrate.",
        )
    samples = _sampled(depth, lens, mount)
    slope, shift = _refined(samples, *_best(samples))
    off = _off(samples, slope, shift)
    on = _on(off)
    _check(samples, off, on, mount)
    residual, share = float(np.median(np.abs(off[on]))), float(on.sum()) / samples.total
    bent = _BENT / share if depth.provenance.model else 0.0
    error = math.hypot(_RESIDUALS * residual, _spread(samples, on), _tilt_error(samples, on), bent)
    is_metric = depth.kind is DepthKind.METRIC
    made = depth.provenance
    return Ground(
        depth.kind,
        slope if is_metric else 1 / slope,
        0.0 if is_metric else -shift / slope,
        mount,
        share,
        residual,
        error,
        made.model,
        made.weights_sha256,
        lens,
        depth.width,
    )


def _sampled(depth: DepthMap, camera: Camera, mount: Mount) -> _Samples:
    """Pixels below the horizon, evenly thinned."""
    step = max(1, min(max(depth.values.shape) // _SIDE, *depth.values.shape))  # thin maps keep a row
    rows, columns = np.arange(step // 2, depth.height, step), np.arange(step // 2, depth.width, step)
    down = slopes(camera, rows + 0.5, columns + 0.5, mount.axes()[1])
    values = depth.values[np.ix_(rows, columns)].astype(np.float64)
    keep = down > 1 / _FARTHEST
    if depth.valid is not None:
        keep &= depth.valid[np.ix_(rows, columns)]
    if depth.kind is DepthKind.METRIC:
        keep &= values > 0
        values = 1 / np.where(values > 0, values, 1)
    y, x = np.nonzero(keep)
    if len(y) < _FEWEST * keep.size:
        raise NoGroundError(
            f"Only {len(y) / keep.size:.0%} of the picture lies below the horizon.",
            "Check the pitch (negative looks down), or tilt the camera down.",
        )
    across = (columns + 0.5 - camera.cx_px) / camera.fx_px
    along = (rows + 0.5 - camera.cy_px) / camera.fy_px
    has_shift = depth.kind is not DepthKind.METRIC
    return _Samples(values[keep], down[keep], across[x], along[y], keep.size, has_shift)


def _best(samples: _Samples) -> tuple[float, float]:
    """Slope and shift of the line value = slope · s + shift that holds most and has fewest under it."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(len(samples.values), size=(2, _TRIES))
    v, s = samples.values, samples.slopes
    run = s[second] - s[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (v[second] - v[first]) / run if samples.has_shift else v[first] / s[first]
    shift = v[first] - slope * s[first]
    usable = np.isfinite(slope) & (slope > 1e-12) & ((np.abs(run) > _LEAST_RUN) | (not samples.has_shift))
    if not usable.any():
        raise NoGroundError(
            "Nothing below the horizon gets nearer towards the bottom of the picture: there is no floor.",
            "Check the pitch, or turn the camera to where floor is seen.",
        )
    slope, shift = slope[usable, None], shift[usable, None]
    off = (v[None, :] - shift) / (slope * s[None, :]) - 1
    score = (np.abs(off) < _TOLERANCE).sum(1) - _UNDER * (off < -_TOLERANCE).sum(1)
    best = int(score.argmax())
    return float(slope[best, 0]), float(shift[best, 0])


def _refined(samples: _Samples, slope: float, shift: float) -> tuple[float, float]:
    """Least squares of the relative deviation over what lies on the plane, which is told ever more narrowly.

    The feet of walls and things lie nearly on it, and would lift it.
    """
    width = _TOLERANCE
    for _ in range(6):
        off = _off(samples, slope, shift)
        on = np.abs(off) < width
        if on.sum() < _FEW:
            break
        found = _line(samples.values[on], samples.slopes[on], has_shift=samples.has_shift)
        if found[0] <= 0:
            break
        slope, shift = found
        width = float(np.clip(4 * np.median(np.abs(_off(samples, slope, shift)[on])), _NARROWEST, width))
    return slope, shift


def _line(values: Floats, down: Floats, *, has_shift: bool) -> tuple[float, float]:
    """Slope and shift, each pixel weighted by its distance: relative errors count."""
    weight = 1 / down
    if not has_shift:
        return float(np.median(values * weight)), 0.0
    matrix = np.stack([down * weight, weight], axis=1)
    slope, shift = np.linalg.lstsq(matrix, values * weight, rcond=None)[0]
    return float(slope), float(shift)


def _off(samples: _Samples, slope: float, shift: float) -> Floats:
    """Relative deviation of nearness from the floor's: above 0 stands on it, below 0 lies under it."""
    return (samples.values - shift) / (slope * samples.slopes) - 1


def _on(off: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(off) < _TOLERANCE)


def _check(samples: _Samples, off: Floats, on: npt.NDArray[np.bool_], mount: Mount) -> None:
    """Refuse what is no level floor."""
    share, under = on.sum() / samples.total, (off < -_TOLERANCE).sum() / max(1, on.sum())
    if share < _FEWEST:
        raise NoGroundError(
            f"Only {share:.0%} of the picture fits a level floor, and {_FEWEST:.0%} are needed.",
            "Check pitch and field of view, or turn the camera to where more floor is seen.",
        )
    if under > _WIDEST_UNDER:
        raise NoGroundError(
            f"The plane that fits best has {under:.0%} as many pixels under it as on it: it is no floor.",
            "Check pitch and field of view; a table, stairs or a slope cannot stand for the floor.",
        )
    low, high = np.percentile(samples.slopes[on], (5, 95))
    if high < _LEAST_REACH * low:
        raise NoGroundError(
            f"Floor is seen from {1 / high:.2g} to {1 / low:.2g} camera heights away, too little to tell.",
            "Turn the camera to where floor is seen near and far.",
        )
    residual = float(np.median(np.abs(off[on])))
    if residual > _LARGEST_RESIDUAL:
        raise NoGroundError(
            f"The floor deviates from a plane by {residual:.1%}, and {_LARGEST_RESIDUAL:.0%} is the most.",
            "Check pitch and field of view, or use a finer network (embedded-fine).",
        )
    roll = _roll_off(samples, on, mount)
    if abs(roll) > _MOST_ROLL_DEG:
        raise NoGroundError(
            f"What fits best leans by {roll:+.0f}° to the side: it is no level floor.",
            "Check the roll, or turn the camera to where floor is seen.",
        )


def _roll_off(samples: _Samples, on: npt.NDArray[np.bool_], mount: Mount) -> float:
    """Degrees by which a plane of any tilt through the floor's pixels leans to the side."""
    weight = 1 / samples.slopes[on]
    x, y = samples.columns[on], samples.rows[on]
    matrix = np.stack([x, y, np.ones_like(x)], axis=1) * weight[:, None]
    across, along, _ = np.linalg.lstsq(matrix, samples.values[on] * weight, rcond=None)[0]
    return math.degrees(math.atan2(across, along)) - mount.roll_deg


def _spread(samples: _Samples, on: npt.NDArray[np.bool_]) -> float:
    """Relative error of the distance of the floor's middle, by how far thirds of the picture disagree."""
    parts = np.array_split(np.argsort(samples.columns[on], kind="stable"), 3)
    v, s = samples.values[on], samples.slopes[on]
    whole = _line(v, s, has_shift=samples.has_shift)
    found = [_line(v[part], s[part], has_shift=samples.has_shift) for part in parts]
    return float(np.median([_moved(one, whole, s) for one in found])) / math.sqrt(len(found))


def _tilt_error(samples: _Samples, on: npt.NDArray[np.bool_]) -> float:
    """How far distances move where the pitch is wrong by half a degree."""
    v, s = samples.values[on], samples.slopes[on]
    ahead = np.sqrt(1 + samples.rows[on] ** 2)
    tilted = _line(
        v, np.maximum(s + math.radians(_PITCH_ERROR_DEG) * ahead, 1e-3), has_shift=samples.has_shift
    )
    return _moved(tilted, _line(v, s, has_shift=samples.has_shift), s)


def _moved(one: tuple[float, float], other: tuple[float, float], down: Floats) -> float:
    """Relative change of the distance of the floor's middle between two lines."""
    value = other[0] * float(np.median(down)) + other[1]
    if one[0] <= 0:
        return 1.0
    return abs((value - one[1]) / one[0] / float(np.median(down)) - 1)


def with_scale(ground: Ground, scale: float, shift: float, error: float) -> Ground:
    """The same floor with another scale, as one that is followed has."""
    return replace(ground, scale=scale, shift=shift, error=error)
