"""What a test sees: the pixels of a canvas, and what the service says about the same photo."""

from __future__ import annotations

import base64
import io
import urllib.request
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page


def canvas(page: Page, name: str) -> np.ndarray:
    """The pixels of the canvas of that id, (H, W, 3) uint8."""
    url = page.evaluate("(id) => document.getElementById(id).toDataURL('image/png')", name)
    return pixels(base64.b64decode(url.partition(",")[2]))


def pixels(data: bytes) -> np.ndarray:
    """The colours of a picture file, (H, W, 3) uint8."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def ask(service: str, photo: bytes, query: str) -> bytes:
    """What the service answers for a photo."""
    request = urllib.request.Request(  # noqa: S310 - the address of our own service
        f"{service}v1/depth?{query}", data=photo, headers={"Content-Type": "application/octet-stream"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return answer.read()


def depth_of(service: str, photo: bytes) -> np.ndarray:
    """The service's depth values of a photo: (H, W) float32."""
    return np.load(io.BytesIO(ask(service, photo, "format=npy")))
