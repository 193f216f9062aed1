"""A thing of triangles, as it is drawn into a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap


@dataclass(frozen=True, slots=True, eq=False)
class SolidPart:
    """Triangles of one material. Axes: x right, y up, z towards the viewer, as in glTF.

    ``points`` (V, 3) float32; ``faces`` (F, 3) indices of points; ``normals`` (V, 3) or None: those of the
    faces. ``colour``: red, green, blue, alpha in 0…1, linear light; ``colours`` (V, 4): the same at each
    point, or None. ``texture`` (h, w, 4) uint8 sRGB with ``uv`` (V, 2), (0, 0) its top left, or both None.
    ``is_unlit``: shown in its own colours, whatever the light.
    """

    points: FloatMap
    faces: npt.NDArray[np.int64]
    normals: FloatMap | None = None
    colour: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    colours: FloatMap | None = None
    texture: npt.NDArray[np.uint8] | None = None
    uv: FloatMap | None = None
    is_unlit: bool = False

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.points.shape != (count, 3) or self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ParameterError("A solid's points are (V, 3) and its faces (F, 3).")
        if not np.isfinite(self.points).all():
            raise ParameterError("A solid's points are not all finite numbers.")
        if self.faces.size and (self.faces.min() < 0 or self.faces.max() >= count):
            raise ParameterError(f"A face names a point beyond the {count} that there are.")
        for name, width in (("normals", 3), ("colours", 4), ("uv", 2)):
            rows = getattr(self, name)
            if rows is not None and rows.shape != (count, width):
                raise ParameterError(f"A solid's {name} are (V, {width}), one for each of its points.")


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A thing of one or more parts, in one space."""

    parts: tuple[SolidPart, ...]

    def __post_init__(self) -> None:
        if not any(part.faces.size for part in self.parts):
            raise ParameterError("A solid has no triangle.", "Give a mesh with faces.")

    def box(self) -> tuple[FloatMap, FloatMap]:
        """The smallest and the largest x, y, z of the points that faces use."""
        used = [part.points[np.unique(part.faces)] for part in self.parts if part.faces.size]
        lows, highs = [rows.min(axis=0) for rows in used], [rows.max(axis=0) for rows in used]
        return np.min(lows, axis=0), np.max(highs, axis=0)
