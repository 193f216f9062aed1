"""The page as a folder of files: depth in the browser is the library's own, also without a connection."""

from __future__ import annotations

import gzip
import io
import json
import struct

import numpy as np
import pytest
from PIL import Image

import nearfar
from browser.drive import REPOSITORY, give, wait_for_heat, wait_until
from browser.eyes import canvas, pixels
from browser.static_studio import built, given_out
from nearfar import Photo
from nearfar.cards import DepthKind
from nearfar.registry import EFFECTS as EFFECT_PLUGINS
from nearfar.types import DepthMap
from nearfar.types.provenance import Provenance

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.slow]

STREET = REPOSITORY / "src" / "nearfar" / "assets" / "samples" / "street.jpg"
MOST_ON_THE_WIRE = 8_000_000
BESIDE_VALUES = 0.02
"""Mean distance, in shares of the range: pixels decoded otherwise, integers added in another order."""
BESIDE_COLOURS = 6.0
"""Mean distance of heat maps in levels: the service works in float32, the studio in int8."""


@pytest.fixture(scope="module")
def folder():
    """The studio, built from these sources."""
    return built("studio")


def saved_values(page) -> np.ndarray:
    """The values of the result in the photo's own size, as the page saves them."""
    page.select_option("#save-format", "npy")
    with page.expect_download() as file:
        page.click("#save")
    return np.load(io.BytesIO(file.value.path().read_bytes()))


def test_all_of_it_is_small_on_the_wire(folder) -> None:
    """Everything together, compressed as the plainest web hosts do it (gzip)."""
    sizes = {
        file.name: len(gzip.compress(file.read_bytes(), 9)) for file in folder.rglob("*") if file.is_file()
    }
    assert sum(sizes.values()) <= MOST_ON_THE_WIRE, sizes


def test_the_browser_tells_what_python_tells_and_goes_on_without_a_connection(folder, open_page) -> None:
    """A photo on the static page: values and colours of the library; then offline, from the start."""
    served = open_page()
    give(served, str(STREET))
    wanted = canvas(served, "heat")
    truth = nearfar.load("embedded", precision="int8").estimate(STREET)
    with given_out(folder) as (address, server):
        page = open_page(address, service_workers="allow", accept_downloads=True)
        give(page, str(STREET))
        found = saved_values(page)
        assert found.shape == truth.values.shape
        span = float(np.ptp(truth.values))
        assert np.abs(found - truth.values).mean() < BESIDE_VALUES * span
        assert abs(np.ptp(found) - span) < 0.05 * span
        heat = canvas(page, "heat")
        assert heat.shape == wanted.shape
        assert np.abs(heat.astype(float) - wanted).mean() < BESIDE_COLOURS
        wait_until(page, "navigator.serviceWorker.controller !== null", 60)
        server.shutdown()
        server.server_close()
        page.context.set_offline(True)
        page.reload()
        wait_for_heat(page)  # the result was kept
        page.click("#brand")
        page.click("#sample-list button >> nth=1")
        wait_for_heat(page)
        np.testing.assert_array_equal(canvas(page, "heat"), heat)


def saved_file(page, button: str) -> bytes:
    """The bytes of what a button saves."""
    with page.expect_download() as file:
        page.click(button)
    return file.value.path().read_bytes()


def test_bodies_and_pictures_out_of_focus_are_made_in_the_browser(folder, open_page) -> None:
    """GLB, PLY and the refocused photo hold as many pixels as the photo, the near ones nearer."""
    with given_out(folder) as (address, _):
        page = open_page(address, accept_downloads=True)
        give(page, str(STREET))
        page.click("[data-mode=files]")
        cloud = saved_file(page, "[data-format=ply]")
        body = saved_file(page, "[data-format=glb]")
        grey = values16(saved_file(page, "[data-format=png16]"))
        page.click("[data-mode=depth]")
        values = saved_values(page)
        page.click("[data-mode=refocus]")
        wait_until(page, "document.getElementById('lens').dataset.turn !== undefined", 90)
        blurred = pixels(saved_file(page, "#refocus-save"))
    photo = pixels(STREET.read_bytes())
    head, _, rest = cloud.partition(b"end_header\n")
    assert head.startswith(b"ply\nformat binary_little_endian 1.0\n")
    points = np.frombuffer(rest, np.dtype([("place", "<f4", 3), ("normal", "<f4", 3), ("colour", "u1", 3)]))
    assert len(points) == photo.shape[0] * photo.shape[1]
    away = -points["place"][:, 2].reshape(photo.shape[:2])
    assert np.abs(points["colour"].reshape(photo.shape).astype(int) - photo).mean() < 3
    assert (away.min(), away.max()) == (pytest.approx(1, 0.01), pytest.approx(10, 0.01))
    assert np.corrcoef(1 / away.ravel(), grey.ravel())[0, 1] > 0.999
    assert (points["normal"] * points["place"]).sum(axis=1).max() <= 1e-4  # towards the camera
    assert np.abs(np.linalg.norm(points["normal"], axis=1) - 1).mean() < 0.01
    assert np.abs(grey - values).max() <= np.ptp(values) / 65534
    check_glb(body, len(points))
    assert blurred.shape == photo.shape
    assert (
        np.abs(np.diff(blurred.astype(float), axis=1)).mean()
        < np.abs(np.diff(photo.astype(float), axis=1)).mean()
    )


def values16(data: bytes) -> np.ndarray:
    """The values of a grey PNG of 16 bits, by what it tells of them."""
    picture = Image.open(io.BytesIO(data))
    scale, offset = (float(picture.text[f"nearfar:{name}"]) for name in ("scale", "offset"))
    return np.asarray(picture, np.float64) * scale + offset


SEEN = (256, 192)
"""(width, height) of the network's input for the street."""
BESIDE_LEVELS = 2
"""Of colours, but for one pixel of a thousand: where a float falls on the other side of a limit."""
EFFECTS = ("anaglyph", "depth-slices", "fog", "normals", "stereo", "tint")


def test_effects_are_the_librarys_pictures(folder, open_page, tmp_path) -> None:
    """Each effect beside the library's, of the same pixels and the same depth; a loop moves."""
    photo = Photo(pixels(STREET.read_bytes()))
    Image.fromarray(photo.pixels).save(tmp_path / "street.png")
    with given_out(folder) as (address, _):
        page = open_page(address, accept_downloads=True)
        give(page, str(tmp_path / "street.png"))
        values = saved_values(page)
        page.click("[data-mode=effects]")
        found = {name: pixels(made_by(page, name)) for name in EFFECTS}
        page.click("[data-effect=wiggle]")
        page.click("#effect-make")
        loop = Image.open(io.BytesIO(made_by(page, "wiggle")))
    depth = DepthMap(values, DepthKind.RELATIVE_INVERSE, provenance=Provenance(input_size=SEEN))
    for name, seen in found.items():
        effect = EFFECT_PLUGINS.load(name)
        wanted = effect.apply(photo, depth, effect.options()).pixels
        beside = np.abs(seen.astype(int) - wanted).max(axis=-1)
        assert (beside > BESIDE_LEVELS).mean() < 1e-3, name
    assert (loop.n_frames, loop.size) == (10, (640, 480))
    assert loop.info["loop"] == 0
    first = np.asarray(loop.convert("RGB"), int)
    loop.seek(5)
    assert np.abs(np.asarray(loop.convert("RGB"), int) - first).mean() > 2


def made_by(page, effect: str) -> bytes:
    """What is saved of an effect, as it comes."""
    page.click(f"[data-effect={effect}]")
    wait_until(page, "!document.getElementById('effect-save').disabled", 90)
    return saved_file(page, "#effect-save")


def test_the_live_camera_needs_no_service(folder, open_page) -> None:
    """Chromium's test picture in colours, frame after frame; another colour map at once."""
    frames = "Number(document.getElementById('live-heat').dataset.frames ?? 0)"
    with given_out(folder) as (address, _):
        page = open_page(address, permissions=["camera"])
        page.click("#live-start")
        wait_until(page, f"{frames} > 3", 60)
        assert len(np.unique(canvas(page, "live-heat").reshape(-1, 3), axis=0)) > 50
        page.select_option("#live-colours", "grey")
        seen = page.evaluate(frames)
        wait_until(page, f"{frames} > {seen + 2}")
        heat = canvas(page, "live-heat").astype(int)
        assert np.abs(heat[..., 0] - heat[..., 2]).max() == 0
        page.click("#live-shot")
        wait_for_heat(page)
        assert page.inner_text("#name") == "camera.jpg"


def check_glb(data: bytes, count: int) -> None:
    """A file of one body with so many points, whose parts lie where it says."""
    magic, version, length, json_length, json_type = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, length, json_type) == (b"glTF", 2, len(data), b"JSON")
    told = json.loads(data[20 : 20 + json_length])
    at = 28 + json_length
    places, _, triangles, texture = (
        data[at + view["byteOffset"] :][: view["byteLength"]] for view in told["bufferViews"]
    )
    positions = np.frombuffer(places, "<f4").reshape(-1, 3)
    assert len(positions) == told["accessors"][0]["count"] == count
    np.testing.assert_allclose(told["accessors"][0]["max"], positions.max(axis=0), rtol=1e-6)
    corners = np.frombuffer(triangles, "<u4")
    assert len(corners) == told["accessors"][2]["count"] > count
    assert corners.max() < count
    assert texture.startswith(b"\xff\xd8")
