"""What is known about a network before it is loaded: frozen records, no heavy imports."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, get_args

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Fit = Literal["upper_bound", "lower_bound", "minimal", "exact", "area"]
Resample = Literal["smooth", "cubic", "linear", "corners", "area"]
Reading = Literal["map", "focal", "sky", "points"]
_AREA_SHARE = 3 / 4  # of a square of `size`: what a photo of 4:3 covers
AMPLE = 4
"""How many times the network's own size is as good as the whole photo: maps are the same within 1/255 on
average. With less they are not: see docs/reference/bench.md, "Half decode"."""
_BRIGHTEST = (1.0, 255.0)  # what files that normalise pictures themselves may take white for
_TOLERANCE = 0.02


class DepthKind(StrEnum):
    """What the numbers of a depth map mean."""

    RELATIVE_INVERSE = "relative_inverse"
    """Inverse depth up to an unknown scale and shift: near is large."""
    AFFINE_DEPTH = "affine_depth"
    """Depth up to an unknown scale and shift: far is large."""
    METRIC = "metric"
    """Depth along the optical axis in metres: far is large."""

    @property
    def is_near_large(self) -> bool:
        """True where a larger value is nearer."""
        return self is DepthKind.RELATIVE_INVERSE

    @property
    def unit(self) -> str:
        """``m`` for metric depth, ``1`` (no unit) otherwise."""
        return "m" if self is DepthKind.METRIC else "1"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a photo becomes the input of a network.

    ``size`` is the length in pixels that ``fit`` speaks of: with ``upper_bound`` neither side is longer
    (the longer side is ``size``), with ``lower_bound`` neither is shorter, with ``minimal`` the side that
    changes least decides, ``exact`` makes a square. With ``area`` every photo becomes as many pixels as one
    of 4:3 whose longer side is ``size``: a wide or tall one keeps its detail and costs the same. The aspect
    is kept (save for ``exact``), and each side is a multiple of ``multiple``, at most ``max_size`` and never
    zero. Source of the first three: the MiDaS preprocessing.
    """

    size: int
    multiple: int = 32
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    fit: Fit = "upper_bound"
    min_size: int = 32
    max_size: int = 2048
    shape: tuple[int, int] | None = None
    """The one (width, height) that a file with fixed sizes takes; it goes before the rule."""

    pad: float = 0.0
    """A border of mirrored picture that is cut off the answer: so many times the root of half a side, in the
    photo's pixels."""
    flip: bool = False
    """The answer is the mean of that for the picture and that for its mirror image, mirrored back."""

    resample: Resample = "smooth"
    """``smooth`` averages before it shrinks; the others are as networks were published, where fine patterns
    may get through: ``cubic``, ``linear``, ``corners`` (linear, corner pixels on corner pixels), ``area``."""

    letterbox: bool = False
    """The photo keeps its aspect within ``shape`` (or ``width`` by ``size``), plain bars beside it. Where
    neither is set there are no bars."""

    width: int = 0
    """The width that ``fit`` speaks of where it is not that of a square; ``size`` is then the height."""

    @property
    def _has_bars(self) -> bool:
        return self.letterbox and (self.shape is not None or self.width > 0)

    def border(self, width: int, height: int) -> tuple[int, int]:
        """Pixels of border on the left and right, and above and below, of a photo of that size."""
        return int(self.pad * math.sqrt(width / 2)), int(self.pad * math.sqrt(height / 2))

    def only(self, width: int, height: int) -> InputSpec:
        """The same means and scales for a file that takes one size."""
        return replace(self, shape=(width, height))

    def picture_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that a photo has within :meth:`network_size`: less where bars stand beside it."""
        whole = self.network_size(width, height)
        if not self._has_bars:
            return whole
        scale = min(whole[0] / width, whole[1] / height)
        return max(1, round(scale * width)), max(1, round(scale * height))

    def ample_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) down to which a photo may be halved before, and the network sees hardly less.

        By plain averages of two by two pixels, or by the decoder of a JPEG. Where photos are not averaged
        (``resample``), that is the photo's own size.
        """
        if self.resample != "smooth":
            return width, height
        wide, high = self.network_size(width, height)
        return AMPLE * wide, AMPLE * high

    def after(self, scale: Sequence[float], shift: Sequence[float]) -> InputSpec:
        """The rule for a file whose graph begins with ``scale`` × picture + ``shift``, by colour.

        Where that is this rule's own normalisation, of colours in 0…1 or in 0…255, it must not take place
        twice: the file is fed plain colours. Else it is a part of the network, and the rule stays.
        """
        mean = tuple(m + s * b for m, s, b in zip(self.mean, self.std, shift, strict=True))
        std = tuple(s * a for s, a in zip(self.std, scale, strict=True))
        for top in _BRIGHTEST:
            is_plain = all(abs(s * top - 1) < _TOLERANCE for s in std)
            if is_plain and all(abs(m) < _TOLERANCE for m in mean) and self.std != (1 / top,) * 3:
                return replace(self, mean=(0.0, 0.0, 0.0), std=(1 / top,) * 3)
        return self

    def __post_init__(self) -> None:
        if self.fit not in get_args(Fit):
            raise ParameterError(f"fit is '{self.fit}', but one of {', '.join(get_args(Fit))} was expected.")
        if self.resample not in get_args(Resample):
            known = ", ".join(get_args(Resample))
            raise ParameterError(f"resample is '{self.resample}', but one of {known} was expected.")
        if not 1 <= self.min_size <= self.size <= self.max_size or self.multiple < 1 or min(self.std) <= 0:
            raise ParameterError(f"An input of {self.size} pixels (multiple {self.multiple}) makes no sense.")

    def with_size(self, size: int) -> InputSpec:
        """The same rule at another size; ParameterError where the network cannot take it."""
        if isinstance(size, bool) or not isinstance(size, int) or not self.min_size <= size <= self.max_size:
            raise ParameterError(
                f"size is {size!r}, but this network takes {self.min_size} to {self.max_size} pixels.",
                "Choose a size within that range.",
                parameter="size",
            )
        rounded = max(self.multiple, round(size / self.multiple) * self.multiple)
        top = self.max_size // self.multiple * self.multiple
        found = max(self.min_size, min(rounded, top))
        wide = round(self.width * found / self.size / self.multiple) * self.multiple
        return replace(self, size=found, width=wide)

    def network_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the network input for a photo of that width and height, in pixels."""
        if self.shape is not None:
            return self.shape
        if self._has_bars or self.fit == "exact":
            return self.width or self.size, self.size
        by_width, by_height = (self.width or self.size) / width, self.size / height
        scale = {
            "upper_bound": min(by_width, by_height),
            "lower_bound": max(by_width, by_height),
            "minimal": min(by_width, by_height, key=lambda s: abs(1 - s)),
            "area": math.sqrt(_AREA_SHARE * by_width * by_height),
        }[self.fit]
        return self._to_multiple(scale * width), self._to_multiple(scale * height)

    def _to_multiple(self, length: float) -> int:
        nearest = round(length / self.multiple) * self.multiple
        if self.fit == "upper_bound" and nearest > max(self.size, self.width):
            nearest = int(length // self.multiple) * self.multiple
        if self.fit == "lower_bound" and nearest < self.size:
            nearest = -int(-length // self.multiple) * self.multiple
        top = max(self.size, self.max_size) // self.multiple * self.multiple
        return max(self.multiple, min(nearest, top))


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of weights and how to know that it is the right one.

    ``location`` is ``asset:NAME`` (inside the package), ``hub:OWNER/NAME/PATH`` (the model hub; a commit may
    stand behind the name: ``NAME@COMMIT``), an https address, or empty where a file comes from the user
    alone. ``sha256`` may be a published prefix of at least 8 digits, or empty where none is published;
    ``bytes`` is 0 where no size is.
    """

    name: str
    location: str
    sha256: str = ""
    bytes: int = 0
    engine: str = "onnxruntime"
    is_hash_certain: bool = True


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One row of the catalogue: everything that is known about a network without loading it."""

    name: str
    title: str
    family: str
    kind: DepthKind
    input: InputSpec
    weights: tuple[WeightFile, ...]
    licence: str
    is_commercial_use_allowed: bool
    parameters: int
    summary: str = ""
    paper: str = ""
    domain: str = "any"
    max_depth_m: float | None = None
    """How far, in metres, the depth reaches that the network was made for. No bound of what comes out."""

    extra: str = ""
    """The optional dependency set that its torch checkpoint needs, empty where it has none."""
    network: str = ""
    """What :mod:`nearfar.nets` builds for its torch checkpoint, such as ``midas/small``."""
    not_converted: str = ""
    """Why its checkpoint is not converted to ONNX, or nothing where it is."""
    reference_focal_px: float | None = None
    """Focal length, in pixels of the network's input, for which metric depth is right as it comes; metres
    are in proportion to it. None where depth does not depend on it."""
    reading: Reading = "map"
    """What the network gives, see :mod:`nearfar.pipeline.planes`: one map, or several planes."""
    outputs: tuple[str, ...] = ()
    """Names of a file's outputs that become these planes, in order; the first output where none is named."""
    given: Mapping[str, int] = field(default_factory=dict)
    """What a file takes besides the picture: whole numbers by name of the input."""
    takes_prompt: bool = False
    """It takes coarse depth in metres beside the photo, and then answers in metres (torch alone)."""
    outlines: int = 0
    """How many times its maps are sharpened along the outlines of the picture (`nearfar.ops.outlines`)."""
    source: str = ""
    """Where what the card says was looked up."""
    details: Mapping[str, object] = field(default_factory=dict)
    """Everything else the card says: training data and terms, seeds, steps, figures."""

    @property
    def sha256(self) -> str:
        """Hash of the first weights file (all hexadecimal digits, or the published prefix)."""
        return self.weights[0].sha256 if self.weights else ""

    @property
    def unit(self) -> str:
        """Unit of the values this network gives."""
        return self.kind.unit

    @property
    def speed_class(self) -> str:
        """``fast``, ``medium`` or ``slow`` on a plain CPU, by the number of parameters."""
        return "fast" if self.parameters < 30e6 else "medium" if self.parameters < 130e6 else "slow"

    @property
    def engines(self) -> tuple[str, ...]:
        """Engines that published files of this model are made for, the preferred one first."""
        return tuple(dict.fromkeys(file.engine for file in self.weights))

    def files(self, engine: str) -> tuple[WeightFile, ...]:
        """The files that together are this model's weights for an engine; the first is the one to open."""
        return tuple(file for file in self.weights if file.engine == engine)
