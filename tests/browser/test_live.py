"""The live camera: Chromium's own test picture goes to the real service and comes back in colours."""

from __future__ import annotations

import numpy as np
import pytest

from browser.drive import wait_until
from browser.eyes import canvas, pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FRAMES = "Number(document.getElementById('live-heat').dataset.frames ?? 0)"
HAS_CAMERA = {"permissions": ["camera"]}


def start(page) -> None:
    """Open the camera and wait until its heat map moves."""
    page.click("#live-start")
    wait_until(page, f"{FRAMES} > 5")


def test_the_camera_and_its_heat_map_run_side_by_side(open_page) -> None:
    """Frames keep coming, the right panel is as wide as the left, with many colours, and the rate is told."""
    page = open_page(**HAS_CAMERA)
    start(page)
    seen = page.evaluate(FRAMES)
    wait_until(page, f"{FRAMES} > {seen + 5}")
    heat = canvas(page, "live-heat")
    assert heat.shape[1] == 640
    assert len(np.unique(heat.reshape(-1, 3), axis=0)) > 50
    left, right = (page.locator(f"#{name}-stage").bounding_box() for name in ("video", "live"))
    assert abs(left["width"] - right["width"]) < 1
    assert right["x"] > left["x"] + left["width"] - 1
    wait_until(
        page, "/^[\\d.]+ pictures a second · \\d+ ms$/.test(document.getElementById('live-rate').innerText)"
    )
    page.click("[data-language=zh]")
    wait_until(page, "document.getElementById('live-rate').innerText.startsWith('每秒')")


def test_colours_change_while_it_runs(open_page) -> None:
    """Grey is grey at once; the choice is that of the page."""
    page = open_page(**HAS_CAMERA)
    start(page)
    page.select_option("#live-colours", "grey")
    until_grey(page)
    page.click("#live-stop")
    assert page.is_checked("input[value=grey]")


def until_grey(page) -> None:
    """Until red and blue of the heat map are alike everywhere, but for what JPEG does to them."""
    for _ in range(100):
        heat = canvas(page, "live-heat").astype(int)
        if np.abs(heat[..., 0] - heat[..., 2]).max() <= 12:
            return
        page.wait_for_timeout(50)
    pytest.fail("the heat map stays coloured")


@pytest.mark.parametrize("way", ["button", "key"])
def test_stopping_puts_the_camera_out(open_page, way) -> None:
    """By button or Escape: no track runs on, and the start is back with the focus where it began."""
    page = open_page(**HAS_CAMERA)
    start(page)
    page.evaluate("window.tracks = document.getElementById('video').srcObject.getTracks()")
    assert page.evaluate("document.activeElement.id") == "live-stop"
    if way == "button":
        page.click("#live-stop")
    else:
        page.keyboard.press("Escape")
    assert page.is_visible("#start")
    assert page.evaluate("window.tracks.map((track) => track.readyState)") == ["ended"]
    assert page.evaluate("document.activeElement.id") == "live-start"
    start(page)


def test_a_picture_can_be_kept(open_page) -> None:
    """The picture of now becomes the photo, and the camera goes out."""
    page = open_page(**HAS_CAMERA)
    start(page)
    page.click("#live-shot")
    page.wait_for_selector("html[data-state=result]", state="attached")
    assert page.inner_text("#name") == "camera.jpg"
    assert page.evaluate("document.getElementById('video').srcObject") is None
    assert len(np.unique(pixels(page.locator("#photo-stage").screenshot()).reshape(-1, 3), axis=0)) > 50


def test_a_refused_camera_is_said_and_can_be_tried_again(open_page) -> None:
    """Without permission the page says so in both languages; once allowed it starts."""
    page = open_page()
    page.click("#live-start")
    page.wait_for_selector("#problem", state="visible")
    assert "may not be used" in page.inner_text("#problem-text")
    page.click("[data-language=zh]")
    assert "无法使用摄像头" in page.inner_text("#problem-text")
    page.context.grant_permissions(["camera"])
    page.click("#retry")
    wait_until(page, f"{FRAMES} > 2")
    assert page.is_hidden("#problem")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            """() => {
              const error = new DOMException("", "NotFoundError");
              navigator.mediaDevices.getUserMedia = () => Promise.reject(error);
            }""",
            "There is no camera here",
        ),
        ("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })", "over HTTPS"),
    ],
    ids=["none", "insecure"],
)
def test_no_camera_is_told_from_a_hidden_one(open_page, script, words) -> None:
    """A machine without a camera, and a page that browsers show none."""
    page = open_page(**HAS_CAMERA)
    page.evaluate(script)
    page.click("#live-start")
    page.wait_for_selector("#problem", state="visible")
    assert words in page.inner_text("#problem-text")


def test_the_key_goes_with_the_stream(open_page, keyed_service, key_file) -> None:
    """A service that needs a key streams to a page that has one; without one the page asks."""
    key = key_file.add("camera", ["infer"])[1]
    page = open_page(keyed_service, **HAS_CAMERA)
    page.wait_for_selector("#key", state="visible")
    page.fill("#key", key)
    page.press("#key", "Enter")
    page.wait_for_selector("#problem", state="hidden")
    start(page)
    key_file.revoke("camera")


def test_too_many_streams_are_said(open_page) -> None:
    """The fifth stream of one address is refused, in words."""
    pages = [open_page(**HAS_CAMERA) for _ in range(5)]
    for page in pages[:4]:
        start(page)
    pages[4].click("#live-start")
    pages[4].wait_for_selector("#problem", state="visible")
    assert "no further live picture" in pages[4].inner_text("#problem-text")
    assert pages[4].is_visible("#retry")


def test_on_a_phone_the_live_picture_fits(open_page) -> None:
    """Camera above heat map, nothing over the edge of a narrow screen."""
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    page = open_page(**HAS_CAMERA, **phone)
    start(page)
    top, below = (page.locator(f"#{name}-stage").bounding_box() for name in ("video", "live"))
    assert below["y"] >= top["y"] + top["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
