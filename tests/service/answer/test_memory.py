"""What a request will take is estimated from its file's own words, and held against what there is."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer import walls
from nearfar.service.answer.answers import formats
from nearfar.service.answer.memory import BASE_BYTES, TABLE, bytes_per_pixel, needed_bytes
from nearfar.settings import Settings
from pictures import draw, encoded, png_chunk
from serving import running

MIB = 2**20
SHIPPED = 2048 * MIB


def claim(width: int, height: int, bits: int = 8, kind: int = 2) -> bytes:
    """A PNG that claims a size, and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IEND", b"")


def test_every_answer_was_measured() -> None:
    """The table has a row for each effect, each export and each format, and says when and how."""
    rows = json.loads(TABLE.read_text("utf-8"))
    names = {EFFECTS.load(name).name for name in EFFECTS.names()}
    names |= {EXPORTS.load(name).name for name in EXPORTS.names()}
    names |= set(formats()) - {"json"}
    assert names | {"tiles"} == set(rows["bytes_per_pixel"])
    assert rows["date"] > "2026"
    assert "request_memory.py" in rows["command"]


def test_it_grows_with_pixels_bits_and_work() -> None:
    """A photo's size, its depth of colour, tiles, several parts, and pictures beside it."""
    small, large, deep = claim(1000, 1000), claim(2000, 1000), claim(1000, 1000, 16, 6)
    needed = [needed_bytes(data, ["png"]) - BASE_BYTES for data in (small, large, deep)]
    assert needed[1] == pytest.approx(2 * needed[0], rel=0.01)
    assert needed[2] > needed[0]
    assert needed_bytes(small, ["obj"]) > needed_bytes(small, ["png"])
    assert needed_bytes(small, ["png", "npy"]) > needed_bytes(small, ["png"])
    assert needed_bytes(small, ["png"], tiles=True) >= needed_bytes(small, ["png"])
    assert needed_bytes(small, ["png"], [large]) > needed_bytes(small, ["png"])


def test_what_is_no_picture_takes_no_pixels() -> None:
    """It will be refused; an answer that nobody measured counts as the dearest."""
    assert needed_bytes(b"hello", ["png"]) == BASE_BYTES + 5
    dearest = max(bytes_per_pixel(), key=lambda name: bytes_per_pixel()[name][0])
    assert needed_bytes(claim(9, 9), ["new"]) == needed_bytes(claim(9, 9), [dearest])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        *((claim(8000, 6000), name) for name in ("normals", "obj")),
        (claim(10_000, 10_000, 16, 6), "png"),
    ],
)
def test_what_never_fits_the_shipped_limit_is_refused(data: bytes, name: str) -> None:
    """48 megapixels as normals or mesh, 100 of 16 bits with alpha: 413 before anything is decoded."""
    assert needed_bytes(data, [name]) > walls.SHARE * SHIPPED
    route = {"png": "/v1/depth", "obj": "/v1/exports/obj"}.get(name, f"/v1/effects/{name}")
    with running(memory=1400) as service:
        found = service.client.post(route, files={"image": ("a.png", data)})
    assert (found.status_code, found.json()["type"]) == (413, "/docs#problem-too-large")
    assert "may take 1400 MiB" in found.json()["detail"]


@pytest.mark.parametrize("size", [(6000, 4000), (8000, 6000)])
@pytest.mark.parametrize("name", ["bokeh", "stereo", "anaglyph"])
def test_what_is_made_in_parts_fits_the_shipped_limit(size: tuple[int, int], name: str) -> None:
    """24 megapixels, and 48 of 8 bits, save the pair, whose file is twice as large."""
    fits = needed_bytes(claim(*size), [name]) <= walls.SHARE * SHIPPED
    assert fits == (size == (6000, 4000) or name == "bokeh")


def test_larger_photos_never_take_less() -> None:
    """Nor do those of 16 bits, which are blurred as a whole."""
    sides = (2000, 3000, 3500, 3600, 4500, 6000, 9000)
    needed = [needed_bytes(claim(side, side), ["bokeh"]) for side in sides]
    assert needed == sorted(needed)
    assert needed_bytes(claim(9000, 9000, 16, 6), ["bokeh"]) > 3 * needed[-1]


def test_what_fits_is_answered_within_its_estimate() -> None:
    """A real photo in a service with just as much memory as it is said to take."""
    photo = encoded(draw(1600, 1200), "JPEG")
    need = needed_bytes(photo, ["bokeh"])
    with running(memory=-(-need // MIB), wall="on") as service:
        found = service.client.post("/v1/effects/bokeh", files={"image": ("a.jpg", photo)})
        assert found.status_code == 200, found.text
        shared = service.app.state.service
        assert shared.tools.memory.used == 0


def test_the_budget_is_what_is_set_or_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """MiB by the setting; else three quarters of what machine or control group leave."""
    assert walls.budget_bytes(replace(Settings(), memory=100)) == 100 * MIB
    monkeypatch.setattr(walls, "free_bytes", lambda: 1000)
    assert walls.budget_bytes(Settings()) == 750
    monkeypatch.setattr(walls, "free_bytes", lambda: None)
    assert walls.budget_bytes(Settings()) == walls.UNKNOWN_BYTES


def test_16_bits_are_seen_in_the_first_bytes() -> None:
    """Of a PNG; a TIFF always may have them."""
    deep = encoded(np.full((40, 40), 40_000, np.uint16))
    assert needed_bytes(deep, ["png"]) > needed_bytes(encoded(draw(40, 40)), ["png"])
