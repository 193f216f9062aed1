"""What a hostile client sends beside a photo, or as one: told what is wrong, for little work."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pictures import encoded
from solids import a_glb, packed

if TYPE_CHECKING:
    from serving import Running

MASKS = {
    "run lengths": (json.dumps({"size": [100_000, 60_000], "counts": [6_000_000_000]}).encode(), 413),
    "another photo's": (json.dumps({"size": [5000, 5000], "counts": [25_000_000]}).encode(), 422),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n", 415),
    "a large picture": (encoded(np.zeros((3000, 3000), np.uint8), "PNG"), 422),
    "deep JSON": (b"[" * 100_000, 400),
}  # fmt: skip


def narrow_png() -> bytes:
    """1×1,000,000 pixels in 2 KB."""
    head = struct.pack(">IIBBBBB", 1, 1_000_000, 8, 0, 0, 0, 0)
    rows = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 2_000_000, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in rows
    )


@pytest.mark.parametrize("what", MASKS)
@pytest.mark.parametrize("effect", ["bokeh", "cutout"])
def test_hostile_masks(service: Running, jpeg: bytes, effect: str, what: str) -> None:
    """Refused with the right status and words; the service lives on."""
    body, status = MASKS[what]
    files = {"image": ("a.jpg", jpeg), "mask": ("mask", body)}
    found = service.client.post(f"/v1/effects/{effect}", files=files)
    assert found.status_code == status, found.text
    assert found.json()["detail"]
    assert found.json()["hint"]


MESHES = {
    "another format": (encoded(np.zeros((8, 8, 3), np.uint8)), 415),
    "outside the file": (a_glb(buffers=[{"byteLength": 4, "uri": "file:///etc/passwd"}]), 415),
    "on another server": (a_glb(images=[{"uri": "http://127.0.0.1:1/a.png"}]), 415),
    "draco": (a_glb(extensionsRequired=["KHR_draco_mesh_compression"]), 415),
    "cut off": (a_glb()[:100], 400),
    "a circle of nodes": (a_glb(nodes=[{"children": [0]}]), 400),
    "a billion points": (
        a_glb(
            accessors=[{"bufferView": 0, "componentType": 5126, "count": 10**9, "type": "VEC3"}] * 4,
        ),
        413,
    ),
    "endless JSON": (packed({"x": "[" * 5_000_000}, b""), 413),
}


@pytest.mark.parametrize("what", MESHES)
def test_hostile_meshes(service: Running, jpeg: bytes, what: str) -> None:
    """Refused with the right status and words, nothing is fetched; the service lives on."""
    body, status = MESHES[what]
    files = {"image": ("a.jpg", jpeg), "glb": ("a.glb", body)}
    found = service.client.post("/v1/effects/occlude", files=files)
    assert found.status_code == status, found.text
    assert found.json()["detail"]
    assert found.json()["hint"]


def test_a_mesh_is_put_into_the_photo(service: Running, jpeg: bytes) -> None:
    """From a multipart field of its own."""
    plain = service.client.post("/v1/effects/occlude?text=a&tall=1", files={"image": ("a.jpg", jpeg)})
    files = {"image": ("a.jpg", jpeg), "glb": ("a.glb", a_glb(), "model/gltf-binary")}
    found = service.client.post("/v1/effects/occlude?nearness=1&tall=60", files=files)
    assert (plain.status_code, found.status_code) == (200, 200)
    red = cv2.imdecode(np.frombuffer(found.content, np.uint8), cv2.IMREAD_COLOR)[50:60, 60:68]
    assert red[..., 2].mean() > red[..., :2].mean() + 60


def test_the_limit_of_the_settings_is_that_of_backgrounds(start: object, jpeg: bytes) -> None:
    """A background of more pixels than the service takes is refused like a photo."""
    service = start(max_pixels=20_000)  # type: ignore[operator]
    files = {"image": ("a.jpg", jpeg), "picture": ("b.png", encoded(np.zeros((200, 200, 3), np.uint8)))}
    found = service.client.post("/v1/effects/cutout", files=files)
    assert (found.status_code, found.json()["title"]) == (413, "The image is too large")
    assert "200×200" in found.json()["detail"]


@pytest.mark.parametrize("address", ["/v1/effects/bokeh", "/v1/depth", "/v1/exports/obj"])
def test_narrow_pictures(service: Running, address: str) -> None:
    """2 KB of a picture of a million rows took 6.8 GB: now they are 413, with the numbers."""
    found = service.client.post(address, content=narrow_png(), headers={"Content-Type": "image/png"})
    assert found.status_code == 413
    assert "1×1000000" in found.json()["detail"]
