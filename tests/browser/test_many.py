"""Many photos: a tray, a ZIP of all, and results that stay in this browser."""

from __future__ import annotations

import io
import zipfile

import cv2
import numpy as np
import pytest

from browser.drive import give, wait_until
from browser.eyes import canvas, pixels
from pictures import draw, encoded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LARGE = (1400, 1050)
DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files) {
    const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([data], name, { type: "image/png" }));
  }
  const where = { bubbles: true, cancelable: true, dataTransfer: transfer };
  document.body.dispatchEvent(new DragEvent("drop", where));
}"""


def photos() -> list[tuple[str, bytes]]:
    """Two scenes of one name, one dark, one larger than a screen, and a file that is no picture."""
    scene = draw(160, 120)
    large = cv2.resize(scene[:, ::-1] // 2, LARGE)
    return [("a.png", encoded(scene)), ("a.png", encoded(large)), ("c.png", b"no picture")]


def test_all_dropped_photos_lie_in_the_tray(page) -> None:
    """Each is done in turn, the broken one says why, all others are in the ZIP with one range of colours."""
    import base64

    page.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in photos()])
    wait_until(page, "document.getElementById('tray-count').textContent === '3 of 3'", 60)
    tiles = page.locator("#tray-list .tile")
    assert [tile.get_attribute("data-stage") for tile in tiles.all()] == ["done", "done", "failed"]
    assert "is not a picture" in tiles.nth(2).get_attribute("title")
    page.click("[data-language=zh]")
    assert "不是图片" in tiles.nth(2).get_attribute("title")
    page.click("[data-language=en]")
    assert page.inner_text("#name") == "a.png"
    first = canvas(page, "heat")
    page.check("#tray-range")
    with page.expect_download() as saved:
        page.click("#tray-zip")
    archive = zipfile.ZipFile(io.BytesIO(saved.value.path().read_bytes()))
    assert archive.testzip() is None
    assert archive.namelist() == ["a.depth.png", "a-2.depth.png"]
    assert pixels(archive.read("a.depth.png")).shape == first.shape
    assert pixels(archive.read("a-2.depth.png")).shape[:2] == LARGE[::-1]  # the photo's own size
    tiles.nth(1).click()
    wait_until(
        page, "document.querySelectorAll('#tray-list .tile')[1].getAttribute('aria-pressed') === 'true'"
    )
    wait_until(page, f"document.getElementById('heat').width > {first.shape[1]}")  # painted a moment later


def test_results_stay_in_this_browser(page, photo) -> None:
    """A reload keeps the photo, Back leads to the one before and to the start, one button clears all."""
    give(page, photo)
    first, scene = canvas(page, "heat"), canvas(page, "photo")
    wait_until(page, "history.state !== null")
    page.set_input_files(
        "#file", {"name": "other.png", "mimeType": "image/png", "buffer": encoded(draw(200, 160))}
    )
    wait_until(
        page, "document.getElementById('name').textContent === 'other.png' && history.state.result === 2"
    )
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector("html[data-state=result]", state="attached")
    assert page.inner_text("#name") == "other.png"
    page.go_back()
    wait_until(page, "document.getElementById('name').textContent === 'scene.jpg'")
    wait_until(page, "document.documentElement.dataset.state === 'result'")
    wait_until(page, f"document.getElementById('heat').width === {first.shape[1]}")  # painted a moment later
    wait_until(page, f"document.getElementById('photo').width === {scene.shape[1]}")
    assert np.array_equal(canvas(page, "heat"), first)
    assert np.array_equal(canvas(page, "photo"), scene)
    assert not [url for url in asked if "/v1/depth" in url]
    page.go_back()
    page.wait_for_selector("#recent", state="visible")
    assert page.locator("#recent-list .tile").all_inner_texts() == ["other.png", "scene.jpg"]
    page.locator("#recent-list .tile").last.click()
    page.wait_for_selector("html[data-state=result]", state="attached")
    drag = "(id) => { const t = new DataTransfer(); t.setData('application/x-nearfar-kept', id); return t; }"
    hand = page.evaluate_handle(drag, "1")
    page.dispatch_event("body", "drop", {"dataTransfer": hand})  # as from the tray of another tab
    wait_until(page, "history.state?.result === 3")
    assert page.inner_text("#name") == "scene.jpg"
    page.click("#brand")
    page.click("#recent-clear")
    page.wait_for_selector("#recent", state="hidden")
