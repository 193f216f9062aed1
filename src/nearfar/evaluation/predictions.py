"""What is judged: a network of nearfar's, a ramp, or maps that somebody else wrote into a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError, SourceError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.api import Model
    from nearfar.types import DepthMap
    from nearfar.types.arrays import FloatMap, Mask, Pixels

RAMP = "ramp"
SUFFIXES = (".npy", ".npz", ".png", ".tiff", ".tif", ".exr", ".pfm")


class Kind(StrEnum):
    """What the numbers of a prediction mean."""

    METRIC = "metric"
    """Depth in metres."""
    SCALE = "scale"
    """Depth up to an unknown scale."""
    AFFINE_DEPTH = "affine_depth"
    """Depth up to an unknown scale and shift."""
    RELATIVE_INVERSE = "relative_inverse"
    """Inverse depth up to an unknown scale and shift."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """A map: ``values`` float32 (h, w) of some kind, ``valid`` (h, w) or None where all are."""

    values: FloatMap
    kind: Kind
    valid: Mask | None = None

    def resized(self, height: int, width: int) -> Prediction:
        """At another size: bilinear, pixel centres at halves; what is not valid mixes into nothing."""
        if self.values.shape == (height, width):
            return self
        size = (width, height)
        if self.valid is None:
            large = cv2.resize(self.values, size, interpolation=cv2.INTER_LINEAR)
            return Prediction(np.asarray(large, np.float32), self.kind)
        share = cv2.resize(self.valid.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        zeros = np.where(self.valid, self.values, np.float32(0))
        mixed = cv2.resize(zeros, size, interpolation=cv2.INTER_LINEAR)
        values = np.where(share > 0.5, mixed / np.maximum(share, 1e-6), 0)
        return Prediction(np.asarray(values, np.float32), self.kind, np.asarray(share > 0.5, np.bool_))

    def near_is_large(self) -> npt.NDArray[np.float64]:
        """Values in which near is large, as far as the kind knows; NaN where not valid."""
        values = self.values.astype(np.float64)
        if self.kind is not Kind.RELATIVE_INVERSE:
            values = -values
        return values if self.valid is None else np.where(self.valid, values, np.nan)


class Predictor(Protocol):
    """Whatever gives a map of a photo."""

    def describe(self) -> dict[str, Any]:
        """What it is, for the report."""

    def predict(self, name: str, rgb: Pixels) -> Prediction:
        """The map of the photo that the set calls so."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """No network at all: the lower, the nearer."""

    def describe(self) -> dict[str, Any]:
        """Its name."""
        return {"name": RAMP, "kind": Kind.RELATIVE_INVERSE.value}

    def predict(self, name: str, rgb: Pixels) -> Prediction:  # noqa: ARG002 - one shape
        """The number of the row."""
        height, width = rgb.shape[:2]
        rows = np.arange(1, height + 1, dtype=np.float32)[:, None]
        return Prediction(np.repeat(rows, width, axis=1), Kind.RELATIVE_INVERSE)


@dataclass(frozen=True, slots=True)
class Network:
    """A network of nearfar's; ``flip``: the mean of the photo's map and its mirror image's, mirrored back."""

    model: Model
    flip: bool = False
    tiles: int = 0
    _seen: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Its card and how it was run; sizes of inputs are those of the last photo."""
        card = self.model.card
        return {
            "name": card.name,
            "kind": card.kind.value,
            "sha256": self.model.estimator.sha256,
            "engine": self.model.estimator.engine,
            "flip": self.flip,
            "tiles": self.tiles,
            **self._seen,
        }

    def predict(self, name: str, rgb: Pixels) -> Prediction:  # noqa: ARG002 - one shape
        """The map as ``nearfar.estimate`` gives it, at the photo's size."""
        found = self._estimate(rgb)
        self._seen["input_size"] = list(found.provenance.input_size)
        values = found.values
        if self.flip:
            mirrored = self._estimate(np.ascontiguousarray(rgb[:, ::-1]))
            values = (values + mirrored.values[:, ::-1]) / np.float32(2)
        return Prediction(np.asarray(values, np.float32), Kind(found.kind.value), found.valid)

    def _estimate(self, rgb: Pixels) -> DepthMap:
        return self.model.estimate(rgb, tiles=self.tiles or False)


@dataclass(frozen=True, slots=True)
class Folder:
    """Maps that somebody wrote: one file a picture, called as the set calls it.

    ``kind``: what their numbers mean; "" where the files say it themselves. ``scale``: what they are
    multiplied by. ``array``: the name of the array in ``.npz`` files.
    """

    folder: Path
    kind: str = ""
    scale: float = 1.0
    array: str = ""

    def __post_init__(self) -> None:
        if self.kind and self.kind not in set(Kind):
            raise ParameterError(f"kind is '{self.kind}'.", did_you_mean(self.kind, Kind), parameter="kind")
        if not self.folder.is_dir():
            raise ParameterError(
                f"{self.folder} is no folder.",
                "Name the folder of the maps: --predictions DIR.",
                "predictions",
            )

    def describe(self) -> dict[str, Any]:
        """The folder's name and what was said of its files."""
        return {"name": self.folder.resolve().name, "kind": self.kind, "scale": self.scale, "is_given": True}

    def path_of(self, name: str) -> Path:
        """The file of a picture.

        Raises:
            SourceError: there is none; the message tells which names were tried.
        """
        stems = (name, name.replace("/", "_"), name.rpartition("/")[2])
        for stem in stems:
            for suffix in SUFFIXES:
                path = self.folder / f"{stem}{suffix}"
                if path.is_file():
                    return path
        raise SourceError(
            f"{self.folder} has no map of '{name}'.",
            f"Call it {stems[0]}.npy, {stems[1]}.npy or {stems[2]}.npy (or {', '.join(SUFFIXES[1:])}).",
        )

    def predict(self, name: str, rgb: Pixels) -> Prediction:  # noqa: ARG002 - one shape
        """What its file holds."""
        from nearfar.decode.depth import read_depth

        path = self.path_of(name)
        read_as = DepthKind.METRIC if self.kind == Kind.SCALE else self.kind or None
        found = _told(lambda: read_depth(path, kind=read_as, scale=self.scale, array=self.array))
        kind = Kind(self.kind or found.kind.value)
        if self.kind and found.kind.value != (read_as or self.kind):
            raise ParameterError(
                f"{path.name} says that it is {found.kind.value}, but --kind says {self.kind}.",
                "Leave --kind out, or give files that do not describe themselves.",
                parameter="kind",
            )
        values = np.nan_to_num(found.numpy(), nan=0.0)
        return Prediction(np.asarray(values, np.float32), kind, found.valid)


def _told(read: Callable[[], DepthMap]) -> DepthMap:
    """What is read; where a file does not say what its numbers are, the flag of this verb is named."""
    try:
        return read()
    except ParameterError as exc:
        if exc.parameter != "kind":
            raise
        raise ParameterError(exc.message, f"Pass --kind: one of {', '.join(Kind)}.", "kind") from exc


def predictor_of(model: str, *, size: int | None = None, flip: bool = False, tiles: int = 0) -> Predictor:
    """The predictor of a name: ``ramp`` or a network of ``nearfar models``."""
    if model == RAMP:
        return Ramp()
    from nearfar import api

    return Network(api.load(model, size=size), flip, tiles)
