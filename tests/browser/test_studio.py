"""What is made of a depth map in the browser: refocused and cut out by a tap."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from browser.drive import REPOSITORY, give, wait_until
from browser.eyes import canvas, pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
STREET = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "street.jpg").read_bytes()}
LORRY = (slice(180, 290), slice(170, 275))
ROOFS = (slice(60, 200), slice(20, 150))


def tap(page, x: float, y: float, stage: str = "heat") -> None:
    """Press a place of a picture, 0…1 from the left and from the top."""
    box = page.locator(f"#{stage}-stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def rests(page) -> None:
    """Until the careful picture of the lens is drawn."""
    page.evaluate("delete document.getElementById('lens').dataset.turn")
    wait_until(page, "document.getElementById('lens').dataset.turn !== undefined", 90)


def saved(page, button: str) -> tuple[str, bytes]:
    """Name and bytes of what a button saves."""
    with page.expect_download() as file:
        page.click(button)
    return file.value.suggested_filename, file.value.path().read_bytes()


def detail(picture: np.ndarray, where: tuple[slice, slice]) -> float:
    """How much neighbours differ there: little where it is blurred."""
    part = picture[where].astype(float)
    return float(np.abs(np.diff(part, axis=1)).mean())


def test_a_tap_makes_sharp_what_it_hits_and_blurs_the_rest(page) -> None:
    """The lorry or the houses, at once in the browser and as well in the file of the service."""
    give(page, STREET)
    photo = canvas(page, "photo")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.click("[data-mode=refocus]")
    page.fill("#aperture", "3")
    tap(page, 0.35, 0.5)
    rests(page)
    lorry = canvas(page, "lens")
    assert lorry.shape == photo.shape
    assert detail(lorry, LORRY) > 0.85 * detail(photo, LORRY)
    assert detail(lorry, ROOFS) < 0.6 * detail(photo, ROOFS)
    tap(page, 0.12, 0.25)
    rests(page)
    roofs = canvas(page, "lens")
    assert detail(roofs, ROOFS) > 1.5 * detail(lorry, ROOFS)
    assert detail(roofs, LORRY) < detail(lorry, LORRY)
    assert not [url for url in asked if "/v1/" in url]
    name, data = saved(page, "#refocus-save")
    assert name == "street.refocus.png"
    assert detail(pixels(data), ROOFS) > 1.5 * detail(pixels(data), LORRY)


def test_a_tap_cuts_out_and_a_brush_mends(page) -> None:
    """The lorry stays and the sky goes; the brush adds, undo takes back, the file has its alpha."""
    give(page, STREET)
    page.click("[data-mode=cutout]")
    tap(page, 0.35, 0.5)
    page.fill("#cut-soft", "2")
    name, data = saved(page, "#cut-save")
    alpha = np.asarray(Image.open(io.BytesIO(data)))[..., 3]
    assert name == "street.cutout.png"
    assert alpha[LORRY].mean() > 220
    assert alpha[20:80, 200:400].mean() < 10
    page.click("#tool-brush")
    page.evaluate("window.scrollTo(0, 0)")
    box = page.locator("#heat-stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.1, steps=4)
    page.mouse.up()
    brushed = np.asarray(Image.open(io.BytesIO(saved(page, "#cut-save")[1])))[..., 3]
    assert brushed[44:52, 240:370].mean() > 240
    page.click("#cut-undo")
    page.select_option("#cut-ground", "white")
    back = np.asarray(Image.open(io.BytesIO(saved(page, "#cut-save")[1])).convert("RGBA"))
    assert back[44:52, 240:370].min() > 245


def test_two_known_distances_make_metres(page, tmp_path) -> None:
    """Before them never a metre, then everywhere; nonsense is refused; Python reads the profile."""
    import nearfar

    give(page, STREET)
    page.click("[data-mode=measure]")
    assert "No metres yet" in page.inner_text("#measured")
    for (x, y), metres in (((0.4, 0.95), "3"), ((0.35, 0.5), "12")):
        tap(page, x, y, "photo")
        page.keyboard.type(metres)
    assert "Metres everywhere" in page.inner_text("#measured")
    page.locator("#photo-stage").hover(position={"x": 100, "y": 300})
    assert " m ± " in page.locator(".chip:visible").first.inner_text()
    _, profile = saved(page, "#profile-save")
    path = tmp_path / "camera.json"
    path.write_bytes(profile)
    depth = nearfar.Calibration.load(path).apply(nearfar.estimate(STREET["buffer"]))
    near, far = depth.values[int(0.95 * 480), int(0.4 * 640)], depth.values[240, int(0.35 * 640)]
    assert abs(near - 3) < 0.3
    assert abs(far - 12) < 1.5
    page.click("#measure-tape")
    for x, y in ((0.4, 0.95), (0.35, 0.5)):
        tap(page, x, y)
    assert "From one to the other: 9" in page.inner_text("#measured")
    page.locator("#known-list input").first.fill("40")
    assert "contradict" in page.inner_text("#measured")
    page.locator("#heat-stage").hover(position={"x": 100, "y": 300})
    assert page.locator(".chip:visible").first.inner_text().endswith("% near")
    page.click("[data-language=zh]")
    assert page.inner_text("#modes [data-mode=measure]") == "测距"


def test_the_cameras_height_and_the_floor_make_metres(page) -> None:
    """Two places on the road below a level camera have distances by themselves."""
    give(page, STREET)
    page.click("[data-mode=measure]")
    page.click("#measure-floor")
    for y in (0.98, 0.7):
        tap(page, 0.5, y, "photo")
    near, far = (float(field.input_value()) for field in page.locator("#known-list input").all())
    focal = 640 / 480 / 2 / np.tan(np.radians(30))
    assert abs(near - 1.5 * focal / 0.48) < 0.1
    assert abs(far - 1.5 * focal / 0.2) < 0.2
    assert "Metres everywhere" in page.inner_text("#measured")


def test_the_photo_in_space_has_no_seams_before_it_is_turned(page) -> None:
    """It is the photo: neither the page's ground nor guesses show where parts of the surface do not meet."""
    give(page, STREET)
    page.click("#modes [data-mode=space]")
    wait_until(page, "Number(document.getElementById('space').dataset.frames) > 1", 60)
    page.wait_for_timeout(700)  # the picture that rests has all pixels
    url = page.evaluate("document.getElementById('space').toDataURL('image/png')")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))
    rows, columns = (np.flatnonzero((shown[..., 3] == 255).mean(axis=axis) > 0.5) for axis in (1, 0))
    inner = shown[rows[0] + 4 : rows[-1] - 3, columns[0] + 4 : columns[-1] - 3]
    assert (inner[..., 3] == 255).all()
    photo = Image.open(io.BytesIO(STREET["buffer"])).convert("RGB").resize((len(columns), len(rows)))
    lowest, highest = (
        np.asarray(photo.filter(way(7)), int)[4:-4, 4:-4]
        for way in (ImageFilter.MinFilter, ImageFilter.MaxFilter)
    )  # of a neighbourhood: the two are laid on each other to a few pixels
    other = np.maximum(lowest - inner[..., :3], inner[..., :3] - highest).max(axis=-1)
    assert (other > 12).mean() < 0.001, (other > 12).mean()


def test_the_photo_is_turned_in_space(page) -> None:
    """The view turns with a drag; three.js comes when it is asked for; GLB is saved."""
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    give(page, STREET)
    assert not [url for url in loaded if "space.js" in url]
    page.click("#modes [data-mode=space]")
    wait_until(page, "Number(document.getElementById('space').dataset.frames) > 1", 60)
    assert [url for url in loaded if "space.js" in url]
    before = canvas(page, "space").astype(int)
    middle = before[
        before.shape[0] // 4 : -before.shape[0] // 4, before.shape[1] // 3 : -before.shape[1] // 3
    ]
    assert len(np.unique(middle.reshape(-1, 3), axis=0)) > 500
    box = page.locator("#space").bounding_box()
    drawn = page.evaluate("Number(document.getElementById('space').dataset.frames)")
    page.mouse.move(box["x"] + 500, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 650, box["y"] + 200, steps=5)
    page.mouse.up()
    wait_until(page, f"Number(document.getElementById('space').dataset.frames) > {drawn}")
    page.wait_for_timeout(500)
    after = canvas(page, "space").astype(int)
    assert after.shape != before.shape or np.abs(after - before).mean() > 8
    name, data = saved(page, "#space-glb")
    assert (name, data[:4]) == ("street.glb", b"glTF")
