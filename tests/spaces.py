"""Pictures of plain shapes with exact depth: ``from spaces import room``."""

from __future__ import annotations

import json
import struct

import numpy as np

from nearfar.types import Camera, DepthKind, DepthMap

WIDTH, HEIGHT, FOV_DEG = 320, 240, 60.0
PLANE_TILT_DEG, SPHERE_M, SPHERE_AT = 35.0, 0.6, (-1.0, 0.2, 4.0)
BOXES = {"near": ((0.55, -0.2, 3.0), 0.5, 0.8), "far": ((1.6, -0.9, 5.0), 0.9, 0.7)}
"""Name to (centre of the front face in metres, width, height)."""

_VERTEX = np.dtype([(n, "<f4") for n in ("x", "y", "z", "nx", "ny", "nz")] + [(n, "u1") for n in "rgb"])


def room() -> tuple[DepthMap, np.ndarray]:
    """Exact metric depth of a slanted plane, a sphere and two boxes' faces, and what is seen where.

    Labels: 0 plane, 1 sphere, 2 the near box, 3 the far one. Camera axes: x right, y down, z ahead.
    """
    camera = Camera.from_fov(FOV_DEG, WIDTH, HEIGHT)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    u, v = (x - camera.cx_px) / camera.fx_px, (y - camera.cy_px) / camera.fy_px
    tilt = np.radians(PLANE_TILT_DEG)
    layers = [6.0 * np.cos(tilt) / (v * np.sin(tilt) + np.cos(tilt)), _sphere(u, v)]
    for (cx, cy, z), wide, high in BOXES.values():
        inside = (np.abs(u * z - cx) <= wide / 2) & (np.abs(v * z - cy) <= high / 2)
        layers.append(np.where(inside, z, np.inf))
    stack = np.stack(layers)
    depth = DepthMap(stack.min(axis=0).astype(np.float32), DepthKind.METRIC, None, camera)
    return depth, stack.argmin(axis=0)


def _sphere(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    a, b = u * u + v * v + 1, u * SPHERE_AT[0] + v * SPHERE_AT[1] + SPHERE_AT[2]
    root = b * b - a * (np.dot(SPHERE_AT, SPHERE_AT) - SPHERE_M**2)
    return np.where(root > 0, (b - np.sqrt(np.maximum(root, 0))) / a, np.inf)


def steps(width: int = 160, height: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """A photo of three flat things one behind the other, and its nearness (0, 0.5, 1)."""
    rng = np.random.default_rng(5)
    near = np.zeros((height, width), np.float32)
    near[height // 4 : 3 * height // 4, width // 5 : width // 2] = 0.5
    near[height // 2 :, 2 * width // 5 : 4 * width // 5] = 1
    colours = np.array([[60, 110, 200], [200, 170, 60], [190, 40, 50]], np.float32)
    photo = colours[np.rint(near * 2).astype(int)] + rng.normal(0, 6, (height, width, 1))
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8), near


def ply_points(data: bytes) -> np.ndarray:
    """The vertices of a PLY file that we wrote."""
    head, body = data.split(b"end_header\n", 1)
    assert b"format binary_little_endian 1.0" in head
    points = np.frombuffer(body, _VERTEX)
    assert f"element vertex {len(points)}".encode() in head
    return points


def glb_parts(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """The document of a GLB file and its arrays."""
    length = struct.unpack("<I", data[12:16])[0]
    document = json.loads(data[20 : 20 + length])
    binary = data[28 + length :]
    kinds = {5126: "<f4", 5125: "<u4", 5123: "<u2"}
    arrays = {}
    names = ("points", "normals", "uv", "faces")
    for name, accessor, view in zip(names, document["accessors"], document["bufferViews"], strict=False):
        part = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        width = {"VEC3": 3, "VEC2": 2, "SCALAR": 3}[accessor["type"]]
        arrays[name] = np.frombuffer(part, kinds[accessor["componentType"]]).reshape(-1, width)
    return document, arrays
