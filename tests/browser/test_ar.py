"""The page of a cube in the camera's picture: hidden by what is nearer, by the service's own distances."""

from __future__ import annotations

import numpy as np
import pytest

from browser.drive import wait_until
from browser.eyes import pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FRAMES = "Number(document.getElementById('view').dataset.frames ?? 0)"
HAS_CAMERA = {"permissions": ["camera"], "reduced_motion": "reduce"}
HAND = """
class Pretended extends EventTarget {
  constructor(address) {
    super();
    this.readyState = WebSocket.OPEN;
    window.asked = address;
    setTimeout(() => this.onmessage({ data: JSON.stringify({ type: "ready", options: {} }) }), 0);
  }
  send() {
    // a hand fills the left half
    const data = new Uint16Array(16 * 12).map((_, at) => (at % 16 < 8 ? 500 : 3000));
    data[100] = 0;
    const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const webxr = { width: 16, height: 12, depthDataFormat: "luminance-alpha", isMetric: true,
                    rawValueToMeters: 0.001, normDepthBufferFromNormView: identity };
    this.onmessage({ data: JSON.stringify({ type: "frame", webxr }) });
    setTimeout(() => this.onmessage({ data: data.buffer }), 0);
  }
  close() {}
}
Pretended.OPEN = 1;
window.WebSocket = Pretended;
"""
"""A service whose every answer is a hand half a metre away, before a wall at three."""


def orange(page) -> np.ndarray:
    """(H, W) bool: where the cube is seen."""
    shot = pixels(page.locator("#view").screenshot()).astype(int)
    return (shot[..., 0] > shot[..., 2] + 60) & (shot[..., 0] > shot[..., 1] + 25)


def far(page, metres: float, near: float = 0.2, most: float = 5.0) -> None:
    """Put the cube that far away."""
    page.evaluate(
        """([share]) => {
          const slider = document.getElementById('far');
          slider.value = share;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        [float(np.log(metres / near) / np.log(most / near))],
    )


def begin(open_page, service, script: str = ""):
    """The page with its camera open and a few frames seen."""
    page = open_page(service, script=script, **HAS_CAMERA)
    page.goto(f"{service.rstrip('/')}/ar.html")
    page.click("#start")
    wait_until(page, f"{FRAMES} > 2")
    return page


def test_the_cube_goes_behind_a_hand(open_page, service) -> None:
    """Before the hand all of it is seen, behind it the half that is not covered, behind the wall none."""
    page = begin(open_page, service, HAND)
    assert page.evaluate("window.asked").endswith("/v1/live?format=webxr")
    far(page, 0.4)
    whole = orange(page)
    half = whole.shape[1] // 2
    assert whole[:, :half].sum() > 1000
    assert whole[:, half:].sum() > 1000
    far(page, 1.5)
    behind = orange(page)
    assert behind[:, : half - 30].sum() == 0
    assert behind[:, half + 5 :].sum() > 40  # it turns: 90 to 170
    far(page, 4.5)
    assert orange(page).sum() == 0
    assert float(page.inner_text("#far-told").removesuffix(" m")) == pytest.approx(4.5, rel=0.02)
    assert "in metres" in page.inner_text("#told")


def test_with_the_real_service(open_page, service) -> None:
    """Frames come back, the page says that there are no metres, and the nearest cube is seen."""
    page = begin(open_page, service)
    far(page, 1.0, 1.0, 10.0)
    assert orange(page).sum() > 1000
    assert "no metres" in page.inner_text("#told")
    page.click("#language")
    assert "不知道米" in page.inner_text("#told")
    seen = page.evaluate(FRAMES)
    wait_until(page, f"{FRAMES} > {seen}")
    page.click("#start")
    assert page.evaluate("document.getElementById('video').srcObject") is None


def test_the_cube_is_moved_by_pointer_and_keys(open_page, service) -> None:
    """It is where the pointer dragged it, and a step further by an arrow."""
    page = begin(open_page, service, HAND)
    far(page, 0.4)
    box = page.locator("#view").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5)
    page.mouse.up()
    before = np.nonzero(orange(page))[1].mean() / orange(page).shape[1]
    assert before == pytest.approx(0.75, abs=0.05)
    page.locator("#view").press("ArrowLeft")
    page.locator("#view").press("ArrowLeft")
    assert np.nonzero(orange(page))[1].mean() / orange(page).shape[1] < before - 0.02


def test_a_refused_camera_is_said(open_page, service) -> None:
    """In words, and it can be tried again."""
    page = open_page(service)
    page.goto(f"{service.rstrip('/')}/ar.html")
    page.click("#start")
    wait_until(page, "document.getElementById('told').innerText !== ''")
    assert "cannot be used" in page.inner_text("#told")
