"""The parts of a binary glTF 2.0 file: what it claims is checked before any of it is unfolded.

Read is what stands in the one file: triangles with positions, normals, texture coordinates, colours, a base
colour and its picture, where nodes put them. Skins, animations, lights and cameras are passed over. Sections
named are those of the glTF 2.0 specification.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import BrokenImageError, TooLargeError, UnsupportedFormatError
from nearfar.machine.texts import parse_json

if TYPE_CHECKING:
    import numpy.typing as npt

    Document = dict[str, Any]

MOST_BYTES = 32 * 2**20
MOST_JSON = 4 * 2**20
MOST_POINTS = 300_000
MOST_FACES = 500_000
MOST_TEXTURE_PIXELS = 8_388_608
"""Of all textures together."""
_MOST_NODES = 4096
_HEAD, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}  # 3.6.2.2
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_HARMLESS = frozenset({"KHR_materials_unlit", "KHR_mesh_quantization", "KHR_texture_transform"})
_ONE_FILE = "Export it as one self-contained GLB, without compression."


def open_glb(data: bytes, name: str) -> tuple[Document, bytes]:
    """The JSON and the binary chunk (4.4), nothing of which lies outside the file.

    Raises:
        UnsupportedFormatError: no GLB of version 2, something outside the file, or an extension that is
            not read.
        TooLargeError: more bytes than are read.
        BrokenImageError: it is damaged.
    """
    if len(data) > MOST_BYTES:
        raise TooLargeError(f"{name} holds more than {MOST_BYTES >> 20} MiB.", "Make its textures smaller.")
    if not data.startswith(b"glTF"):
        raise UnsupportedFormatError(f"{name} is no binary glTF file.", "Give a .glb file.")
    if len(data) < 20 or _HEAD.unpack_from(data)[1] != 2:
        raise UnsupportedFormatError(f"{name} is no glTF of version 2.", _ONE_FILE)
    length, kind = _CHUNK.unpack_from(data, 12)
    if kind != b"JSON" or 20 + length > len(data):
        raise BrokenImageError(f"{name} is damaged: it does not begin with its JSON.", "Export it anew.")
    if length > MOST_JSON:
        raise TooLargeError(f"{name} describes itself in more than {MOST_JSON >> 20} MiB.", _ONE_FILE)
    try:
        document = parse_json(data[20 : 20 + length], is_strict=True)
    except ValueError as exc:
        raise BrokenImageError(f"{name} is damaged: its JSON is none: {exc}.", "Export it anew.") from exc
    if not isinstance(document, dict):
        raise BrokenImageError(f"{name} is damaged: its JSON is no object.", "Export it anew.")
    _refuse_foreign(document, name)
    return document, _binary(data, 20 + length, name)


def _binary(data: bytes, start: int, name: str) -> bytes:
    if start + 8 > len(data):
        return b""
    length, kind = _CHUNK.unpack_from(data, start)
    if kind != b"BIN\0" or start + 8 + length > len(data):
        raise BrokenImageError(f"{name} is damaged: its binary part ends early.", "Export it anew.")
    return data[start + 8 : start + 8 + length]


def _refuse_foreign(document: Document, name: str) -> None:
    """UnsupportedFormatError where anything lies outside the file, or is packed in a way that is not read."""
    for kind in ("buffers", "images"):
        for row in rows_of(document, kind):
            if "uri" in row:
                raise UnsupportedFormatError(
                    f"{name} names data outside its binary part ({kind}), and nothing is fetched.", _ONE_FILE
                )
    required = document.get("extensionsRequired", [])
    other = [str(word) for word in required if word not in _HARMLESS] if isinstance(required, list) else []
    if other:
        raise UnsupportedFormatError(f"{name} needs {', '.join(other[:3])}, which is not read.", _ONE_FILE)
    if len(rows_of(document, "nodes")) > _MOST_NODES:
        raise TooLargeError(f"{name} has more than {_MOST_NODES} nodes.", "Join its parts.")


def rows_of(document: Document, kind: str) -> list[dict[str, Any]]:
    """The objects of an array of the document; none where it has none."""
    found = document.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError(f"its {kind} are no array of objects")
    return found


def row_of(document: Document, kind: str, number: Any) -> dict[str, Any]:
    """One of them, by its index."""
    rows = rows_of(document, kind)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(rows):
        raise ValueError(f"there is no {kind}[{number}]")
    return rows[number]


def count_of(document: Document, number: Any) -> int:
    """How many elements an accessor claims."""
    return _whole(row_of(document, "accessors", number), "count", None)


def numbers_of(document: Document, binary: bytes, number: Any) -> npt.NDArray[Any]:
    """(N, K) numbers of an accessor (3.6.2): as stored, or float32 in -1…1 where it is normalized."""
    accessor = row_of(document, "accessors", number)
    kind, width = _TYPES.get(accessor.get("componentType", 0)), _WIDTHS.get(accessor.get("type", ""))
    if kind is None or width is None or "sparse" in accessor or "bufferView" not in accessor:
        raise ValueError(f"accessors[{number}] is of a kind that is not read")
    view = row_of(document, "bufferViews", accessor["bufferView"])
    if view.get("buffer") != 0:
        raise ValueError("a view lies in a buffer that is not in the file")
    count, size = _whole(accessor, "count", None), np.dtype(kind).itemsize * width
    step = _whole(view, "byteStride", size)
    start = _whole(view, "byteOffset", 0) + _whole(accessor, "byteOffset", 0)
    end = _whole(view, "byteOffset", 0) + _whole(view, "byteLength", None)
    if count < 1 or step < size or start + step * (count - 1) + size > min(end, len(binary)):
        raise ValueError(f"accessors[{number}] reaches beyond its view")
    if step == size:
        found = np.frombuffer(binary, kind, count * width, start).reshape(count, width)
    else:
        whole = np.frombuffer(binary, np.uint8, step * (count - 1) + size, start)
        rows = np.lib.stride_tricks.as_strided(whole, (count, size), (step, 1), writeable=False)
        found = np.ascontiguousarray(rows).view(kind).reshape(count, width)
    if accessor.get("normalized") is True and found.dtype.kind in "iu":
        return np.maximum(found / np.float32(np.iinfo(found.dtype).max), -1).astype(np.float32)
    return found


def picture_of(document: Document, binary: bytes, texture: Any) -> bytes:
    """The bytes of a texture's picture file."""
    row = row_of(document, "images", row_of(document, "textures", texture).get("source"))
    view = row_of(document, "bufferViews", row.get("bufferView"))
    start, length = _whole(view, "byteOffset", 0), _whole(view, "byteLength", None)
    if start + length > len(binary):
        raise ValueError("a picture reaches beyond the binary part")
    return binary[start : start + length]


def placed_meshes(document: Document) -> list[tuple[dict[str, Any], npt.NDArray[np.float64]]]:
    """Each mesh of the scene with the (4, 4) matrix that puts it in place (3.5.2, 3.5.3)."""
    scenes = rows_of(document, "scenes")
    if not scenes:
        return [(mesh, np.eye(4)) for mesh in rows_of(document, "meshes")]
    roots = row_of(document, "scenes", document.get("scene", 0)).get("nodes", [])
    waiting = [(number, np.eye(4)) for number in roots]
    seen, found = 0, []
    while waiting:
        number, above = waiting.pop()
        seen += 1
        if seen > _MOST_NODES:
            raise ValueError("its nodes lead in a circle")
        node = row_of(document, "nodes", number)
        here = above @ _matrix(node)
        if "mesh" in node:
            found.append((row_of(document, "meshes", node["mesh"]), here))
        waiting += [(child, here) for child in node.get("children", [])]
    return found


def _matrix(node: dict[str, Any]) -> npt.NDArray[np.float64]:
    """(4, 4) of a node: its matrix, column by column, or translation · rotation · scale."""
    if "matrix" in node:
        return _floats(node["matrix"], 16).reshape(4, 4).T
    x, y, z, w = _floats(node.get("rotation", (0, 0, 0, 1)), 4)
    length = math.sqrt(x * x + y * y + z * z + w * w) or 1.0
    x, y, z, w = x / length, y / length, z / length, w / length
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    whole = np.eye(4)
    whole[:3, :3] = turn * _floats(node.get("scale", (1, 1, 1)), 3)
    whole[:3, 3] = _floats(node.get("translation", (0, 0, 0)), 3)
    return whole


def _floats(given: Any, count: int) -> npt.NDArray[np.float64]:
    found = np.asarray(given, np.float64).ravel()
    if found.size != count or not np.isfinite(found).all():
        raise ValueError(f"{count} finite numbers were expected, not {str(given)[:60]}")
    return found


def _whole(row: dict[str, Any], name: str, usual: int | None) -> int:
    value = row.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise ValueError(f"{name} is {str(value)[:40]}, but a whole number was expected")
    return value
