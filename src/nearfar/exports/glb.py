"""A textured mesh as binary glTF 2.0."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.encode import encode
from nearfar.exports._space import MeshOptions, colours_of, notes, surface
from nearfar.options import option
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

if TYPE_CHECKING:
    from nearfar.ops.mesh import Mesh

_FLOAT, _UINT, _USHORT = 5126, 5125, 5123  # glTF 2.0, 3.6.2.2
_VERTICES, _INDICES = 34962, 34963
_CLAMP, _REPEAT, _LINEAR, _MIPMAPS = 33071, 10497, 9729, 9987


@dataclass(frozen=True, slots=True)
class GlbOptions(MeshOptions):
    """How pixels become a surface and how large its picture is."""

    texture: int = option(2048, "Longest side of the texture in pixels.", low=16, high=8192)


def write(photo: Photo | None, depth: DepthMap, options: GlbOptions) -> bytes:
    """The bytes of the file: one mesh with normals, texture coordinates and the photo as its unlit texture.

    Raises:
        ParameterError: photo and depth differ in size, not near < far, or no surface is left.
    """
    found = surface(photo, depth, options)
    picture = encode(_shrunk(colours_of(photo, depth), options.texture), ".jpg", quality=85)
    return _file(_document(found, len(picture), notes(depth, options)), _binary(found, picture))


def _shrunk(pixels: Any, longest: int) -> Any:
    scale = longest / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _parts(found: Mesh) -> list[bytes]:
    """Positions, normals, texture coordinates, indices; each a multiple of four bytes long."""
    uv = found.uv.astype("<f4") if _is_round(found) else np.rint(found.uv * 65535).astype("<u2")
    arrays = (found.points.astype("<f4"), found.normals.astype("<f4"), uv, found.faces.astype("<u4"))
    return [array.tobytes() for array in arrays]


def _is_round(found: Mesh) -> bool:
    """The texture goes on beyond its right end, as a panorama's does."""
    return float(found.uv[:, 0].max()) > 1


def _texture_terms(found: Mesh) -> tuple[dict[str, Any], int]:
    """What numbers texture coordinates are, and what stands beyond the right end of the texture."""
    if _is_round(found):
        return {"componentType": _FLOAT}, _REPEAT
    return {"componentType": _USHORT, "normalized": True}, _CLAMP


def _binary(found: Mesh, picture: bytes) -> bytes:
    data = b"".join(_parts(found)) + picture
    return data + b"\0" * (-len(data) % 4)


def _document(found: Mesh, picture_bytes: int, comments: list[str]) -> dict[str, Any]:
    views, offset = [], 0
    for length, target in zip(
        [*(len(part) for part in _parts(found)), picture_bytes],
        (_VERTICES, _VERTICES, _VERTICES, _INDICES, 0),
        strict=True,
    ):
        views.append(
            {"buffer": 0, "byteOffset": offset, "byteLength": length} | ({"target": target} if target else {})
        )
        offset += length
    count = len(found.points)
    kind, wrap = _texture_terms(found)
    accessors: list[dict[str, Any]] = [
        {
            "bufferView": 0, "componentType": _FLOAT, "count": count, "type": "VEC3",
            "min": found.points.min(axis=0).tolist(), "max": found.points.max(axis=0).tolist(),
        },
        {"bufferView": 1, "componentType": _FLOAT, "count": count, "type": "VEC3"},
        {"bufferView": 2, "count": count, "type": "VEC2"} | kind,
        {"bufferView": 3, "componentType": _UINT, "count": found.faces.size, "type": "SCALAR"},
    ]  # fmt: skip
    attributes = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}
    return {
        "asset": {"version": "2.0", "generator": "nearfar", "extras": {"notes": comments}},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "photo"}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 3, "material": 0}]}],
        "materials": [
            {
                "pbrMetallicRoughness": {
                    "baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 1.0,
                },
                "extensions": {"KHR_materials_unlit": {}},
                "doubleSided": True,
            }
        ],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": _LINEAR, "minFilter": _MIPMAPS, "wrapS": wrap, "wrapT": _CLAMP}],
        "images": [{"bufferView": 4, "mimeType": "image/jpeg"}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": offset + -offset % 4}],
    }  # fmt: skip


def _file(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = [
        struct.pack("<I4s", len(text), b"JSON"),
        text,
        struct.pack("<I4s", len(binary), b"BIN\0"),
        binary,
    ]
    return struct.pack("<4sII", b"glTF", 2, 12 + sum(map(len, chunks))) + b"".join(chunks)


PLUGIN = Export("glb", "Textured mesh, binary glTF 2.0", ".glb", "model/gltf-binary", GlbOptions, write)
