"""Binary glTF files to things that can be drawn into a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode._glb import (
    MOST_BYTES,
    MOST_FACES,
    MOST_POINTS,
    MOST_TEXTURE_PIXELS,
    count_of,
    numbers_of,
    open_glb,
    picture_of,
    placed_meshes,
    row_of,
    rows_of,
)
from nearfar.decode.claims import claimed_pixels
from nearfar.decode.photo import Limits, read_bytes, read_photo
from nearfar.errors import BrokenImageError, NearfarError, ParameterError, TooLargeError
from nearfar.types.solid import Solid, SolidPart

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    import numpy.typing as npt

    from nearfar.decode._glb import Document

    MeshSource = str | os.PathLike[str] | bytes | BinaryIO | Solid

_TRIANGLES = 4
_PLAIN: dict[str, Any] = {}


def read_mesh(source: MeshSource, limits: Limits | None = None) -> Solid:
    """The thing in a GLB file (binary glTF 2.0), its parts where the scene puts them.

    Args:
        source: a path, bytes or a binary file; a :class:`Solid` is given back.
        limits: of the file and of its textures; points (300,000), faces (500,000), texture pixels (8.4
            million) and bytes (32 MiB) are bounded besides.

    Raises:
        SourceError: the file cannot be read.
        UnsupportedFormatError: no GLB, data outside the file, or a compression that is not read.
        TooLargeError: over a limit; nothing was unfolded then.
        BrokenImageError: it is damaged.
        ParameterError: it has no triangle.
    """
    if isinstance(source, Solid):
        return source
    limits = limits or Limits()
    data, name = read_bytes(source, Limits(min(MOST_BYTES, limits.max_bytes), limits.max_pixels), "")
    try:
        document, binary = open_glb(data, name)
        return _solid(document, binary, name, limits)
    except NearfarError:
        raise
    except Exception as exc:  # a stranger's JSON may hold anything anywhere
        raise BrokenImageError(f"{name} is damaged: {exc}.", "Export it anew.") from exc


def _solid(document: Document, binary: bytes, name: str, limits: Limits) -> Solid:
    meshes = placed_meshes(document)
    primitives = [
        (row, matrix)
        for mesh, matrix in meshes
        for row in rows_of(mesh, "primitives")
        if row.get("mode", _TRIANGLES) == _TRIANGLES and "POSITION" in row.get("attributes", {})
    ]
    if not primitives:
        raise ParameterError(f"{name} has no triangle.", "Export a mesh with faces.")
    _check_counts(document, [row for row, _ in primitives], name)
    pictures = _pictures(document, binary, name, limits)
    return Solid(tuple(_part(document, binary, row, matrix, pictures) for row, matrix in primitives))


def _check_counts(document: Document, rows: list[dict[str, Any]], name: str) -> None:
    """TooLargeError where there are more points or faces than are drawn, each instance counted."""
    points = sum(count_of(document, row["attributes"]["POSITION"]) for row in rows)
    corners = sum(count_of(document, row.get("indices", row["attributes"]["POSITION"])) for row in rows)
    if points > MOST_POINTS or corners > 3 * MOST_FACES:
        raise TooLargeError(
            f"{name} has {points:,} points and {corners // 3:,} faces; at most {MOST_POINTS:,} and "
            f"{MOST_FACES:,} are drawn.",
            "Make the mesh simpler.",
        )


def _pictures(
    document: Document, binary: bytes, name: str, limits: Limits
) -> dict[int, npt.NDArray[np.uint8]]:
    """(h, w, 4) uint8 by the number of a texture; all are counted before the first is decoded."""
    wanted = {_texture_of(row) for row in rows_of(document, "materials")} - {None}
    files = {int(number): picture_of(document, binary, number) for number in wanted if number is not None}
    if sum(claimed_pixels(file) for file in files.values()) > MOST_TEXTURE_PIXELS:
        raise TooLargeError(
            f"The textures of {name} have more than {MOST_TEXTURE_PIXELS / 1e6:.1f} million pixels together.",
            "Make them smaller.",
        )
    found = {}
    for number, file in files.items():
        photo = read_photo(file, limits, f"a texture of {name}")
        alpha = photo.alpha8()
        opaque = np.full(photo.pixels.shape[:2], 255, np.uint8)
        found[number] = np.dstack([photo.rgb8(), opaque if alpha is None else alpha])
    return found


def _texture_of(material: dict[str, Any]) -> int | None:
    number = material.get("pbrMetallicRoughness", _PLAIN).get("baseColorTexture", _PLAIN).get("index")
    return number if isinstance(number, int) else None


def _part(
    document: Document,
    binary: bytes,
    row: dict[str, Any],
    matrix: npt.NDArray[np.float64],
    pictures: dict[int, npt.NDArray[np.uint8]],
) -> SolidPart:
    attributes = row["attributes"]

    def of(key: str) -> npt.NDArray[np.float32] | None:
        if key not in attributes:
            return None
        return numbers_of(document, binary, attributes[key]).astype(np.float32)

    points = numbers_of(document, binary, attributes["POSITION"]).astype(np.float64)
    points = points @ matrix[:3, :3].T + matrix[:3, 3]
    normals = of("NORMAL")
    if normals is not None:
        normals = (normals @ np.linalg.pinv(matrix[:3, :3])).astype(np.float32)
    material = row_of(document, "materials", row["material"]) if "material" in row else _PLAIN
    colour = material.get("pbrMetallicRoughness", _PLAIN).get("baseColorFactor", (1, 1, 1, 1))
    red, green, blue, alpha = (min(1.0, max(0.0, float(part))) for part in colour)
    number, uv = _texture_of(material), of("TEXCOORD_0")
    texture = None if number is None else pictures[number]
    colours = of("COLOR_0")
    if colours is not None and colours.shape[1] == 3:
        colours = np.column_stack([colours, np.ones(len(colours), np.float32)]).astype(np.float32)
    return SolidPart(
        points.astype(np.float32),
        _faces(document, binary, row, len(points)),
        normals,
        (red, green, blue, alpha if material.get("alphaMode", "OPAQUE") != "OPAQUE" else 1.0),
        colours,
        None if uv is None else texture,
        None if texture is None else uv,
        "KHR_materials_unlit" in material.get("extensions", _PLAIN),
    )


def _faces(document: Document, binary: bytes, row: dict[str, Any], count: int) -> npt.NDArray[np.int64]:
    if "indices" not in row:
        return np.arange(count - count % 3, dtype=np.int64).reshape(-1, 3)
    indices = numbers_of(document, binary, row["indices"])[:, 0].astype(np.int64)
    return indices[: len(indices) - len(indices) % 3].reshape(-1, 3)
