"""What crosses the layers: photo, camera, depth map, picture. Frozen, and they check themselves."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nearfar import registry
from nearfar.cards import DepthKind
from nearfar.encode import CLIP_TYPES, encode
from nearfar.errors import ParameterError, did_you_mean
from nearfar.files import write_whole

if TYPE_CHECKING:
    import os

    import numpy.typing as npt
    from PIL.Image import Image

    FloatMap = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]
    Pixels = npt.NDArray[Any]  # uint8 or uint16, checked where it enters

__all__ = [
    "Camera",
    "Clip",
    "DepthKind",
    "DepthMap",
    "Photo",
    "PhotoWarning",
    "Picture",
    "Provenance",
    "RangeRule",
    "parse_range",
]

RangeRule = Literal["image", "percentile"] | tuple[float, float]
PERCENTILES = (2.0, 98.0)
"""The share of values, in percent, below and above which the ``percentile`` rule clips."""


FOCAL_PX = (1e-6, 1e9)
"""Focal lengths of all cameras lie between, in pixels; points in space then stay within float32."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Pinhole intrinsics in pixels of the photo: focal lengths and principal point; ``source`` says whence.

    Pixel centres are at whole numbers plus one half: the centre of a W-pixel row is W/2.
    """

    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    source: str = "given"

    def __post_init__(self) -> None:
        numbers = (self.fx_px, self.fy_px, self.cx_px, self.cy_px)
        least, most = FOCAL_PX
        is_focal = all(least <= focal_px <= most for focal_px in numbers[:2])
        if not is_focal or not all(abs(n) <= most for n in numbers):
            raise ParameterError(
                f"Intrinsics are {numbers}, but focal lengths of {least:g} to {most:g} pixels "
                f"and a principal point within {most:g} were expected."
            )

    @classmethod
    def from_fov(cls, fov_deg: float, width: int, height: int, source: str = "given") -> Camera:
        """The camera whose horizontal field of view is ``fov_deg`` over ``width`` pixels, centred."""
        if not 0 < fov_deg < 180:
            raise ParameterError(f"A field of view is {fov_deg}, but 0 to 180 degrees was expected.")
        half = math.tan(math.radians(fov_deg) / 2)
        if width / 2 > half * FOCAL_PX[1]:
            raise ParameterError(f"A field of view of {fov_deg} degrees is too narrow for a camera.")
        focal_px = width / 2 / half
        return cls(focal_px, focal_px, width / 2, height / 2, source)


@dataclass(frozen=True, slots=True)
class PhotoWarning:
    """Something about the photo that makes its depth unreliable: a code for programs, a text for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A decoded photo, upright, in sRGB.

    ``pixels``: H×W×3, uint8 or uint16. ``alpha``: H×W of the same type, or None. ``camera``: from EXIF, or
    None. ``name``: where it came from, for messages. ``format``: what it was decoded from. ``reduced_from``:
    (width, height) of the photo that ``pixels`` are a smaller copy of, decoded so for speed; None where they
    are the photo itself. ``camera`` is always the whole photo's.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    camera: Camera | None = None
    name: str = "photo"
    format: str = ""
    reduced_from: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        shape, kind = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or kind not in (np.uint8, np.uint16):
            raise ParameterError(f"A photo is H×W×3 of uint8 or uint16, not {shape} of {kind}.")
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != kind):
            raise ParameterError(f"Alpha is {self.alpha.shape} of {self.alpha.dtype} for a photo {shape}.")

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def full_size(self) -> tuple[int, int]:
        """(width, height) of the photo in pixels, also where only a smaller copy was decoded."""
        return self.reduced_from or (self.width, self.height)

    def rgb8(self) -> npt.NDArray[np.uint8]:
        """The colours as H×W×3 uint8 (16 bits are rounded)."""
        return _to_8_bits(self.pixels)

    def alpha8(self) -> npt.NDArray[np.uint8] | None:
        """The alpha as H×W uint8, or None."""
        return None if self.alpha is None else _to_8_bits(self.alpha)

    def image(self) -> Image:
        """The photo as a PIL image, RGB or RGBA, 8 bits."""
        return Picture(_with_alpha(self.rgb8(), self.alpha8())).image()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A finished picture. ``pixels``: H×W, H×W×3 or H×W×4; uint8 or uint16. ``text``: what it means.

    ``palette``: K×3 uint8 colours that H×W pixels are places in; None where pixels are colours or greys.
    """

    pixels: Pixels
    text: tuple[tuple[str, str], ...] = ()
    palette: Pixels | None = None

    def __post_init__(self) -> None:
        shape, kind = self.pixels.shape, self.pixels.dtype
        is_shape = len(shape) == 2 or (len(shape) == 3 and shape[2] in {3, 4})
        if not is_shape or min(shape) < 1 or kind not in (np.uint8, np.uint16):
            raise ParameterError(
                f"A picture is H×W, H×W×3 or H×W×4 of uint8 or uint16, not {shape} of {kind}."
            )
        if self.palette is not None and (len(shape) != 2 or kind != np.uint8):
            raise ParameterError(f"Places in a palette are H×W of uint8, not {shape} of {kind}.")

    def image(self) -> Image:
        """The picture as a PIL image (16-bit colour becomes 8-bit: PIL has none)."""
        from PIL import Image as pil  # noqa: N813 - Image is the type's name here

        if self.palette is not None:
            return pil.fromarray(self.palette[self.pixels])
        keep = self.pixels.ndim == 2 or self.pixels.dtype == np.uint8
        return pil.fromarray(self.pixels if keep else _to_8_bits(self.pixels))

    def encoded(self, suffix: str = ".png", quality: int = 95) -> bytes:
        """The bytes of a file of that kind, the texts within."""
        return encode(self.pixels, suffix, dict(self.text), quality=quality, palette=self.palette)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the picture; the suffix chooses the format (.png, .jpg, .webp)."""
        return write_whole(path, self.encoded(Path(path).suffix), overwrite=overwrite)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A finished animation or video: ``data`` holds the bytes of a file of that ``suffix``."""

    data: bytes
    suffix: str

    def __post_init__(self) -> None:
        if self.suffix not in CLIP_TYPES:
            raise ParameterError(
                f"A clip is not written as '{self.suffix}'.", did_you_mean(self.suffix, CLIP_TYPES)
            )

    @property
    def media_type(self) -> str:
        """Such as ``video/mp4``."""
        return CLIP_TYPES[self.suffix]

    def encoded(self, suffix: str = "") -> bytes:
        """The bytes of the file.

        Raises:
            ParameterError: a suffix other than the clip's own.
        """
        if suffix.lower() not in {"", self.suffix}:
            raise ParameterError(
                f"This clip is a {self.suffix} file, not '{suffix}'.",
                "Choose the format when it is made.",
                parameter="format",
            )
        return self.data

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the clip under a name with its own suffix."""
        return write_whole(path, self.encoded(Path(path).suffix), overwrite=overwrite)


@dataclass(frozen=True, slots=True)
class Undo:
    """What the postprocessing needs of the photo: its size in pixels, its camera, its warnings.

    ``border``: pixels around it (left and right, above and below) that the network saw besides.
    """

    width: int
    height: int
    camera: Camera | None
    warnings: tuple[PhotoWarning, ...]
    border: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a depth map: model name, SHA-256 of its weights, (width, height) of the network's input.

    ``tiles``: how many overlapping tiles were joined; 0 where the network looked once at the whole.
    """

    model: str = ""
    weights_sha256: str = ""
    input_size: tuple[int, int] = (0, 0)
    engine: str = ""
    tiles: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class DepthMap:
    """A depth map and what its numbers mean.

    ``values``: H×W float32, the photo's own size, finite where ``valid``. ``kind`` says what they are
    (:class:`~nearfar.cards.DepthKind`). ``valid``: H×W bool, or None where all are.
    """

    values: FloatMap
    kind: DepthKind
    valid: Mask | None = None
    camera: Camera | None = None
    provenance: Provenance = Provenance()
    warnings: tuple[PhotoWarning, ...] = ()
    _range: tuple[float, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.size == 0 or self.values.dtype != np.float32:
            raise ParameterError(
                f"Depth values are H×W of float32, not {self.values.shape} of {self.values.dtype}."
            )
        if self.valid is not None and (self.valid.shape != self.values.shape or self.valid.dtype != np.bool_):
            raise ParameterError(f"A valid mask is {self.values.shape} of bool, not {self.valid.shape}.")
        object.__setattr__(self, "_range", self._extremes())  # asked for by every picture: looked up once
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
            return float(self.values.min()), float(self.values.max())
        if not self.valid.any():
            return 0.0, 0.0
        low = self.values.min(where=self.valid, initial=np.inf)
        return float(low), float(self.values.max(where=self.valid, initial=-np.inf))

    def near_is_large(self, range: RangeRule = "image") -> FloatMap:
        """H×W float32 in 0…1, near is large; a flat map and pixels that are not valid are 0.

        Args:
            range: ``image`` spans the values of this map, ``percentile`` spans their 2nd to 98th
                percentile, and (a, b) with a < b spans the given values, in the map's own unit.

        Metric and affine depth are turned over linearly: b is 0 and a is 1.
        """
        low, high = self.limits(range)
        if high <= low:
            return np.zeros_like(self.values)
        scaled = self.scaled(low, high)
        if not self.kind.is_near_large:
            np.subtract(1, scaled, out=scaled)
        if self.valid is not None:
            scaled[~self.valid] = 0
        return scaled

    def scaled(self, low: float, high: float) -> FloatMap:
        """H×W float32 in 0…1, in the values' own order: 0 at low, 1 at high; flat where they are equal.

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
        return _given_range(rule)

    def image(self, colormap: str = "inferno", range: RangeRule = "image") -> Image:
        """The heat map as a PIL image."""
        return self.heatmap(colormap, range).image()

    def heatmap(self, colormap: str = "inferno", range: RangeRule = "image") -> Picture:
        """The heat map; the same as :func:`nearfar.heatmap`."""
        effect = registry.EFFECTS.load("heatmap")
        picture: Picture = effect.apply(None, self, effect.options(colormap=colormap, range=range))
        return picture

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True, sidecar: bool = False) -> Path:
        """Write the values; the suffix chooses the format (.png: 16 bits with scale and offset, .npy, ...).

        Args:
            path: where to.
            overwrite: whether a file that is there may go.
            sidecar: also write what the values mean beside it, as ``path`` + ``.json``.

        Raises:
            UnknownNameError: no export writes that suffix.
            OutputError: the place cannot be written.
        """
        export = registry.by_suffix(Path(path).suffix)
        data = export.write(None, self, export.options())
        if sidecar:
            write_whole(f"{path}.json", self.record().encode(), overwrite=overwrite)
        return write_whole(path, data, overwrite=overwrite)

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


def parse_range(text: str) -> RangeRule:
    """A range rule from a text: ``image``, ``percentile`` or ``a,b``.

    Raises:
        ParameterError: anything else.
    """
    if text in {"image", "percentile"}:
        return "image" if text == "image" else "percentile"
    return _given_range(text.split(","))


def _given_range(pair: Any) -> tuple[float, float]:
    try:
        low, high = (float(x) for x in pair)
    except (TypeError, ValueError) as exc:
        raise ParameterError(
            f"range is {pair!r}.", "Give 'image', 'percentile' or two numbers a < b.", parameter="range"
        ) from exc
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ParameterError(
            f"range is {low:g},{high:g}, but two finite numbers a < b were expected.", parameter="range"
        )
    return low, high


def _scaled(values: FloatMap, low: float, high: float) -> FloatMap:
    """H×W float32 in 0…1: 0 at low, 1 at high, clipped. The difference is taken first: it loses nothing."""
    exact = np.float32 if 1e-30 < high - low < 1e30 else np.float64
    with np.errstate(over="ignore", invalid="ignore"):  # of pixels that are not valid
        scaled = np.subtract(values, exact(low), dtype=exact)
        np.divide(scaled, exact(high - low), out=scaled)
        np.clip(scaled, 0, 1, out=scaled)
    return scaled.astype(np.float32, copy=False)


def _to_8_bits(pixels: Pixels) -> npt.NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _with_alpha(rgb: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.uint8]:
    return rgb if alpha is None else np.dstack([rgb, alpha])
