"""Binary glTF files for tests, written here: ``from solids import a_glb, cube``."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

SIDES = np.array(
    [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]],
    np.float32,
)


def cube() -> dict[str, np.ndarray]:
    """A cube of side 1 round the origin: 24 points with normals and texture coordinates, 12 faces."""
    points, normals, uv, faces = [], [], [], []
    for side in SIDES:
        across = np.roll(side, 1)
        up = np.cross(side, across)
        start = len(points)
        for u, v in ((0, 0), (1, 0), (1, 1), (0, 1)):
            points.append((side + (2 * u - 1) * across + (2 * v - 1) * up) / 2)
            normals.append(side)
            uv.append((u, v))
        faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    return {
        "POSITION": np.array(points, np.float32),
        "NORMAL": np.array(normals, np.float32),
        "TEXCOORD_0": np.array(uv, np.float32),
        "indices": np.array(faces, np.uint16).reshape(-1, 1),
    }


def a_glb(
    arrays: dict[str, np.ndarray] | None = None,
    texture: bytes = b"",
    colour: tuple[float, ...] = (0.8, 0.1, 0.1, 1.0),
    **more: Any,
) -> bytes:
    """The bytes of a file with one mesh; ``more`` takes the place of members of its JSON."""
    arrays = cube() if arrays is None else arrays
    widths, kinds = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}, {"<f4": 5126, "<u2": 5123, "<u4": 5125}
    binary, views, accessors = b"", [], []
    for array in arrays.values():
        data = array.tobytes()
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
        binary += data + b"\0" * (-len(data) % 4)
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": kinds[array.dtype.str], "count": len(array),
             "type": widths[array.shape[1]]}
        )  # fmt: skip
    places = {key: number for number, key in enumerate(arrays)}
    primitive = {"attributes": {k: n for k, n in places.items() if k != "indices"}, "material": 0}
    if "indices" in places:
        primitive["indices"] = places["indices"]
    metal: dict[str, Any] = {"baseColorFactor": colour}
    document: dict[str, Any] = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}], "accessors": accessors,
        "materials": [{"pbrMetallicRoughness": metal}],
    }  # fmt: skip
    if texture:
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(texture)})
        binary += texture + b"\0" * (-len(texture) % 4)
        metal["baseColorTexture"] = {"index": 0}
        document |= {"textures": [{"source": 0}], "images": [{"bufferView": len(views) - 1}]}
    document |= {"bufferViews": views, "buffers": [{"byteLength": len(binary)}]}
    return packed(document | more, binary)


def packed(document: dict[str, Any], binary: bytes) -> bytes:
    """A GLB of a JSON and a binary part."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
