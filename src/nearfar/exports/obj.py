"""A mesh as Wavefront OBJ with a colour at each vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.exports._space import MeshOptions, colours_of, notes, surface
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(photo: Photo | None, depth: DepthMap, options: MeshOptions) -> bytes:
    """The text of the file: positions with colours, normals, texture coordinates.

    Raises:
        ParameterError: photo and depth differ in size, not near < far, or no surface is left.
    """
    found = surface(photo, depth, options)
    colours = colours_of(photo, depth)[found.places[:, 0], found.places[:, 1]] / 255
    lines = [f"# {note}" for note in notes(depth, options)]
    places = np.concatenate([found.points, colours], axis=1)
    lines += _rows("v %.6g %.6g %.6g %.4f %.4f %.4f", places.tolist())
    lines += _rows("vt %.6f %.6f", ((u, 1 - v) for u, v in found.uv.tolist()))
    lines += _rows("vn %.4f %.4f %.4f", found.normals.tolist())
    corners = np.repeat(found.faces + 1, 3, axis=1)
    lines += _rows("f %d/%d/%d %d/%d/%d %d/%d/%d", corners.tolist())
    return ("\n".join(lines) + "\n").encode()


def _rows(form: str, rows: Iterable[Iterable[float]]) -> list[str]:
    return [form % tuple(row) for row in rows]


PLUGIN = Export("obj", "Mesh with colours, Wavefront text", ".obj", "model/obj", MeshOptions, write)
