"""A depth map: numbers, and what they mean."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar import registry
from nearfar.cards import DepthKind
from nearfar.errors import ParameterError, did_you_mean
from nearfar.machine.files import write_to, write_whole
from nearfar.types.camera import Camera
from nearfar.types.nearness import turn_over
from nearfar.types.photo import PhotoWarning
from nearfar.types.picture import Picture
from nearfar.types.provenance import Provenance
from nearfar.types.ranges import PERCENTILES, RangeRule, given_range, parse_range

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL.Image import Image

    from nearfar.types.arrays import FloatMap, Mask

_BAND = 1 << 18  # values: a megabyte, which stays in the processor's cache


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DepthMap:
    """A depth map and what its numbers mean.

    ``values``: (H, W) float32, the photo's own size, finite where ``valid``. ``kind`` says what they are
    (:class:`~nearfar.cards.DepthKind`). ``valid``: (H, W) bool, or None where all are. Made of other numbers
    (a list, float64, a tensor, a PIL image of numbers) and of the kind's name, it holds them as float32.
    ``shared_span``: (low, high), where effects take nearness from these values rather than from the map's own
    ends: the frames of a video share them, so that nothing flickers.
    """

    values: FloatMap
    kind: DepthKind
    valid: Mask | None = None
    camera: Camera | None = None
    provenance: Provenance = Provenance()
    warnings: tuple[PhotoWarning, ...] = ()
    shared_span: tuple[float, float] | None = None
    _range: tuple[float, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _kind(self.kind))
        object.__setattr__(self, "values", _as_floats(self.values))
        if self.values.ndim != 2 or self.values.size == 0 or self.values.dtype != np.float32:
            raise ParameterError(
                f"Depth values are (H, W) of float32, not {self.values.shape} of {self.values.dtype}."
            )
        object.__setattr__(self, "valid", _as_mask(self.valid))
        if self.valid is not None and (self.valid.shape != self.values.shape or self.valid.dtype != np.bool_):
            raise ParameterError(
                f"A valid mask is {self.values.shape} of bool, not {self.valid.shape} of {self.valid.dtype}."
            )
        object.__setattr__(self, "_range", self._extremes())  # asked for by every picture: looked up once
        if self.shared_span is not None:
            given_range(self.shared_span)
        if not all(math.isfinite(end) for end in self._range):  # NaN spreads to both ends
            raise ParameterError("Depth values are not finite everywhere.", "Mark such pixels as not valid.")

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.values.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.values.shape[0])

    @property
    def unit(self) -> str:
        """``m`` for metric depth, ``1`` otherwise."""
        return self.kind.unit

    @property
    def value_range(self) -> tuple[float, float]:
        """The smallest and the largest valid value; (0, 0) where none is valid."""
        return self._range

    def _extremes(self) -> tuple[float, float]:
        if self.valid is None:
            return _ends(self.values)
        if not self.valid.any():
            return 0.0, 0.0
        low = self.values.min(where=self.valid, initial=np.inf)
        return float(low), float(self.values.max(where=self.valid, initial=-np.inf))

    def numpy(self) -> FloatMap:
        """(H, W) float32, a copy: NaN where not valid."""
        return (
            self.values.copy() if self.valid is None else np.where(self.valid, self.values, np.float32("nan"))
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.valid is None:
            return np.array(self.values, dtype, copy=copy)
        return np.asarray(self.numpy(), dtype)

    def __repr__(self) -> str:
        low, high = self.value_range
        unit = " m" if self.unit == "m" else ""
        model = f", {self.provenance.model}" if self.provenance.model else ""
        return f"<DepthMap {self.width}×{self.height} {self.kind.value} {low:.4g} to {high:.4g}{unit}{model}>"

    def _repr_png_(self) -> bytes:
        return self.heatmap().encoded(".png")

    def near_is_large(self, range: RangeRule = "image", rows: slice = slice(None)) -> FloatMap:
        """(H, W) float32 in 0…1, near is large; a flat map and pixels that are not valid are 0.

        Args:
            rows: which are wanted, (N, W).
            range: ``image`` spans the values of this map, ``percentile`` spans their 2nd to 98th
                percentile, and (a, b) with a < b spans the given values, in the map's own unit.

        Metric and affine depth are turned over linearly: b is 0 and a is 1.
        """
        low, high = self.limits(range)
        if high <= low:
            return np.zeros_like(self.values[rows])
        scaled = turn_over(_scaled(self.values[rows], low, high), self.kind)
        if self.valid is not None:
            scaled[~self.valid[rows]] = 0
        return scaled

    def scaled(self, low: float, high: float) -> FloatMap:
        """(H, W) float32 in 0…1, in the values' own order: 0 at low, 1 at high; flat where they are equal.

        Pixels that are not valid have any number, or NaN.
        """
        return _scaled(self.values, low, high) if high > low else np.zeros_like(self.values)

    def limits(self, range: RangeRule = "image") -> tuple[float, float]:
        """The two values, in the map's own unit, that a range rule spans.

        Raises:
            ParameterError: neither a known rule nor two finite numbers a < b.
        """
        rule = parse_range(range) if isinstance(range, str) else range
        if rule == "image":
            return self.value_range
        if rule == "percentile":
            known = self._known()
            low, high = np.percentile(known, PERCENTILES) if known.size else (0.0, 0.0)
            return float(low), float(high)
        return given_range(rule)

    def image(self, colormap: str = "inferno", range: RangeRule = "image") -> Image:
        """The heat map as a PIL image."""
        return self.heatmap(colormap, range).image()

    def heatmap(self, colormap: str = "inferno", range: RangeRule = "image") -> Picture:
        """The heat map; the same as :func:`nearfar.heatmap`."""
        effect = registry.EFFECTS.load("heatmap")
        picture: Picture = effect.apply(None, self, effect.options(colormap=colormap, range=range))
        return picture

    def save(
        self,
        path: str | os.PathLike[str] | BinaryIO,
        *,
        overwrite: bool = True,
        sidecar: bool = False,
        suffix: str = "",
    ) -> Path | None:
        """Write the values; the suffix chooses the format (.png: 16 bits with scale and offset, .npy, ...).

        Args:
            path: where to: a name, or an open binary file, whose own name or ``suffix`` chooses the format.
            overwrite: whether a file that is there may go.
            suffix: the format, where it is not that of the name.
            sidecar: also write what the values mean beside it, as ``path`` + ``.json``.

        Raises:
            UnknownNameError: no export writes that suffix.
            OutputError: the place cannot be written.
        """
        if not isinstance(path, (str, os.PathLike)):
            self._write_to(path, suffix, sidecar=sidecar)
            return None
        export = registry.by_suffix(suffix or Path(path).suffix)
        data = export.write(None, self, export.options())
        if sidecar:
            write_whole(f"{path}.json", self.record().encode(), overwrite=overwrite)
        return write_whole(path, data, overwrite=overwrite)

    def _write_to(self, file: BinaryIO, suffix: str, *, sidecar: bool) -> None:
        name = getattr(file, "name", "")
        suffix = suffix or Path(name if isinstance(name, str) else "").suffix
        if not suffix or sidecar:
            raise ParameterError(
                "An open file has no place for a sidecar." if sidecar else "An open file has no suffix.",
                "Save to a name." if sidecar else "Say which format: save(file, suffix='.tiff').",
                parameter="sidecar" if sidecar else "suffix",
            )
        export = registry.by_suffix(suffix)
        write_to(file, export.write(None, self, export.options()))

    def record(self) -> str:
        """The description as JSON: what a sidecar holds."""
        return json.dumps(self.describe(), indent=1)

    def describe(self) -> dict[str, Any]:
        """What the numbers mean, as plain values: the same on every face."""
        low, high = self.value_range
        return {
            "kind": self.kind.value,
            "unit": self.unit,
            "near_is_large": self.kind.is_near_large,
            "min": low,
            "max": high,
            "width": self.width,
            "height": self.height,
            "model": self.provenance.model,
            "weights_sha256": self.provenance.weights_sha256,
            "input_width": self.provenance.input_size[0],
            "input_height": self.provenance.input_size[1],
            "engine": self.provenance.engine,
            "tiles": self.provenance.tiles,
            "camera": None if self.camera is None else asdict(self.camera),
            "warnings": [{"code": w.code, "message": w.message} for w in self.warnings],
        }

    def text(self) -> tuple[tuple[str, str], ...]:
        """The description as pairs of text, for the chunks of a PNG."""
        rows = [
            (f"nearfar:{key}", value if isinstance(value, str) else json.dumps(value))
            for key, value in self.describe().items()
            if key != "warnings"
        ]
        warnings = [{"code": w.code, "message": w.message} for w in self.warnings]
        rows += [("nearfar:warnings", json.dumps(warnings))] if warnings else []
        rows += [("nearfar:warning", w.message) for w in self.warnings]
        return tuple(rows)

    def with_values(self, values: FloatMap, valid: Mask | None = None) -> DepthMap:
        """The same map with other values."""
        return replace(self, values=values, valid=valid)

    def _known(self) -> FloatMap:
        return self.values if self.valid is None else self.values[self.valid]


def _kind(kind: Any) -> DepthKind:
    try:
        return DepthKind(kind)
    except ValueError as exc:
        raise ParameterError(f"kind is {kind!r}.", did_you_mean(str(kind), DepthKind), "kind") from exc


def _as_floats(values: Any) -> Any:
    """Numbers in any array as float32; what is none is left for the check."""
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return values
    try:
        array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    except Exception as exc:  # rows of different lengths; another library's array raises what it likes
        raise ParameterError(f"Depth values are no numbers: {exc}.") from exc
    return array.astype(np.float32) if array.dtype.kind in "fiu" else array


def _as_mask(valid: Any) -> Any:
    """Truth values in any array; what is none is left for the check."""
    if valid is None or (isinstance(valid, np.ndarray) and valid.dtype == np.bool_):
        return valid
    if isinstance(valid, (list, tuple, np.ndarray)) or hasattr(valid, "__array__"):
        return np.asarray(valid.detach().cpu() if hasattr(valid, "detach") else valid)
    raise ParameterError(f"A valid mask is (H, W) of bool, not {type(valid).__name__}.", parameter="valid")


def _ends(values: FloatMap) -> tuple[float, float]:
    """The smallest and the largest value, NaN where there is one; memory is read once."""
    step = max(1, _BAND // values.shape[1])
    bands = [values[top : top + step] for top in range(0, len(values), step)]
    lows, highs = np.array([(band.min(), band.max()) for band in bands]).T
    return float(lows.min()), float(highs.max())


def _scaled(values: FloatMap, low: float, high: float) -> FloatMap:
    """(H, W) float32 in 0…1: 0 at low, 1 at high, clipped. The difference comes first: it loses nothing."""
    exact = np.float32 if 1e-30 < high - low < 1e30 else np.float64
    with np.errstate(over="ignore", invalid="ignore"):  # of pixels that are not valid
        scaled = np.subtract(values, exact(low), dtype=exact)
        np.divide(scaled, exact(high - low), out=scaled)
        np.clip(scaled, 0, 1, out=scaled)
    return scaled.astype(np.float32, copy=False)
