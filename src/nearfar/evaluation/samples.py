"""What data sets hold: photos, and what is known of their depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError, as_broken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.types import Camera
    from nearfar.types.arrays import FloatMap, Pixels

_FETCH = "Fetch the set again."


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One photo and what is known of it.

    ``rgb``: uint8 (H, W, 3). ``depth_m``: float32 (h, w), distance along the optical axis in metres (in the
    set's own unit where it is not metric); NaN is unknown, infinite is infinitely far. ``pairs``: (P, 4),
    x, y of the nearer and of the farther point, fractions of width and height. ``camera``: of the depth map.
    ``world_from_cam``: (4, 4), metres. The depth may have another size than the photo.
    """

    name: str
    rgb: Pixels
    depth_m: FloatMap | None = None
    pairs: npt.NDArray[np.float64] | None = None
    camera: Camera | None = None
    world_from_cam: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise ParameterError(f"{self.name}: uint8 (H, W, 3) was expected, not {self.rgb.shape}.")
        if self.depth_m is not None and (self.depth_m.ndim != 2 or self.depth_m.dtype != np.float32):
            raise ParameterError(
                f"{self.name}: float32 (h, w) was expected of depth, not {self.depth_m.dtype} of "
                f"{self.depth_m.shape}."
            )
        if self.pairs is not None and (self.pairs.ndim != 2 or self.pairs.shape[1] != 4):
            raise ParameterError(f"{self.name}: pairs (P, 4) were expected, not {self.pairs.shape}.")


@dataclass(frozen=True, slots=True)
class Item:
    """A sample not yet read. ``clip``: what it is a frame of, or a picture of: frames of one clip follow."""

    name: str
    clip: str
    read: Callable[[], Sample]

    def sample(self) -> Sample:
        """It, read.

        Raises:
            SourceError: a file is not there.
            BrokenImageError: one is damaged.
        """
        with as_broken(f"'{self.name}' of the set cannot be read", _FETCH):
            return self.read()


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a set is wanted.

    ``folder``: where it lies. ``split``: a row of the set's ``splits``; "" for the first. ``listed``: lines
    of a list of pictures that the user gave; empty: whatever is there. ``layout``: numbers that the set
    ``folder`` needs.
    """

    folder: Path
    split: str = ""
    listed: tuple[str, ...] = ()
    layout: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EvalSet:
    """A data set that can be read where it lies.

    ``layout``: the files that are read. ``splits``: by name, how many pictures are published (0: whatever is
    there). ``list_help``: what a list of pictures is to hold, where one is needed or taken. ``low_m`` and
    ``cap_m``: distances between which depth counts. ``crop``: that is usual. ``has_sharp_edges``: depth is
    exact enough at outlines for boundaries to be judged. ``libraries``: that reading needs.
    """

    name: str
    title: str
    home: str
    terms: str
    layout: str
    items: Callable[[Wish], list[Item]]
    splits: Mapping[str, int]
    cap_m: float = 80.0
    low_m: float = 1e-3
    crop: str = "none"
    list_help: str = ""
    is_metric: bool = True
    has_sharp_edges: bool = False
    has_pairs: bool = False
    has_poses: bool = False
    libraries: tuple[str, ...] = ()

    def listed(self, wish: Wish) -> list[Item]:
        """What is wanted of it, not yet read.

        Raises:
            ParameterError: the folder, or what is wanted of it, is not there.
            SourceError, BrokenImageError: a list of its files cannot be read, or is damaged.
            MissingExtraError: a library is not installed.
        """
        with as_broken(f"The list of the set '{self.name}' in {wish.folder} cannot be read", _FETCH):
            return self.items(wish)

    def describe(self) -> dict[str, Any]:
        """Plain values for people and programs."""
        return {
            "name": self.name,
            "title": self.title,
            "home": self.home,
            "terms": self.terms,
            "layout": self.layout,
            "splits": dict(self.splits),
            "list": self.list_help,
            "cap_m": self.cap_m,
            "crop": self.crop,
            "is_metric": self.is_metric,
            "has_sharp_edges": self.has_sharp_edges,
            "has_pairs": self.has_pairs,
            "has_poses": self.has_poses,
            "libraries": list(self.libraries),
        }
