"""What phones and glasses bring: two fingers, the share sheet, the tilt, a picture for each eye."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from browser.drive import REPOSITORY, give, wait_until
from browser.eyes import canvas, pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
STREET = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "street.jpg").read_bytes()}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FRAMES = "Number(document.getElementById('space').dataset.frames ?? 0)"
SHARE_SHEET = """
  navigator.canShare = ({ files }) => files?.length > 0;
  navigator.share = async ({ files }) => {
    const bytes = new Uint8Array(await files[0].arrayBuffer());
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    window.shared = { name: files[0].name, bytes: btoa(text) };
  };
"""
GLASSES = """
  const eye = (name, x) => ({
    eye: name,
    recommendedViewportScale: null,
    requestViewportScale() {},
    projectionMatrix: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1.002, -1, 0, 0, -0.2, 0),
    transform: { matrix: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, 0, 0, 1) },
  });
  const views = [eye("left", -0.15), eye("right", 0.15)];
  class Session extends EventTarget {
    renderState = { layers: undefined };
    inputSources = [];
    environmentBlendMode = "opaque";
    enabledFeatures = [];
    updateRenderState(state) { Object.assign(this.renderState, state); }
    requestReferenceSpace() { return Promise.resolve(new EventTarget()); }
    requestAnimationFrame(draw) {
      const frame = { session: this, getViewerPose: () => ({ views, transform: views[0].transform }) };
      return window.requestAnimationFrame((now) => {
        window.worn = (window.worn ?? 0) + 1;
        draw(now, frame);
      });
    }
    cancelAnimationFrame(id) { window.cancelAnimationFrame(id); }
    end() { this.dispatchEvent(new Event("end")); return Promise.resolve(); }
  }
  class Layer {
    constructor(session, gl) { this.gl = gl; this.framebuffer = null; this.ignoreDepthValues = false; }
    get framebufferWidth() { return this.gl.drawingBufferWidth; }
    get framebufferHeight() { return this.gl.drawingBufferHeight; }
    getViewport({ eye }) {
      const width = this.framebufferWidth / 2;
      return { x: eye === "left" ? 0 : width, y: 0, width, height: this.framebufferHeight };
    }
  }
  Object.defineProperty(window, "XRWebGLLayer", { value: Layer });
  Object.defineProperty(window, "XRWebGLBinding", { value: undefined });
  WebGL2RenderingContext.prototype.makeXRCompatible = () => Promise.resolve();
  const system = new EventTarget();
  system.isSessionSupported = (mode) => Promise.resolve(mode === "immersive-vr");
  system.requestSession = () => Promise.resolve((window.session = new Session()));
  Object.defineProperty(Navigator.prototype, "xr", { configurable: true, get: () => system });
"""


def fingers(tool, kind: str, *places: tuple[float, float]) -> None:
    """A touch of the browser's own, with so many fingers."""
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
    tool.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_two_fingers_enlarge_both_pictures(open_page) -> None:
    """They move apart on one picture: both show the same larger part; the page itself stays as it is."""
    page = open_page(**PHONE)
    give(page, STREET)
    box = page.locator("#photo-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tool = page.context.new_cdp_session(page)
    fingers(tool, "touchStart", (x - 20, y), (x + 20, y))
    for apart in range(25, 85, 10):
        fingers(tool, "touchMove", (x - apart, y), (x + apart, y))
    fingers(tool, "touchEnd")
    wait_until(page, "Number.parseInt(document.getElementById('zoom-fit').textContent) > 200")
    shifts = [
        page.evaluate(f"getComputedStyle(document.getElementById('{name}')).transform")
        for name in ("photo", "heat")
    ]
    assert shifts[0] == shifts[1] != "none"
    assert page.evaluate("window.visualViewport.scale") == 1


def test_the_share_sheet_gets_the_picture_that_is_seen(open_page, photo) -> None:
    """On a phone that can share files the button hands over the heat map, pixel by pixel."""
    page = open_page("about:blank", **PHONE)
    page = open_page(script=SHARE_SHEET, **PHONE)
    give(page, photo)
    page.click("#share")
    wait_until(page, "window.shared !== undefined")
    shared = page.evaluate("window.shared")
    assert shared["name"] == "scene.depth.png"
    assert np.abs(pixels(base64.b64decode(shared["bytes"])).astype(int) - canvas(page, "heat")).max() <= 1


def test_the_tilt_of_a_phone_shows_it_from_beside(open_page) -> None:
    """Turned to the right the 3D view shows another picture; level again it is the first one."""
    page = open_page(**PHONE)
    give(page, STREET)
    page.click("#modes [data-mode=space]")
    wait_until(page, f"{FRAMES} > 0", 60)
    page.click("#space-tilt")
    page.wait_for_selector("#space-tilt[aria-pressed=true]")
    views = []
    for beta, gamma in ((40, 0), (40, 18), (40, 0)):
        seen = page.evaluate(FRAMES)
        page.evaluate(
            "(angles) => dispatchEvent(new DeviceOrientationEvent('deviceorientation', angles))",
            {"beta": beta, "gamma": gamma},
        )
        wait_until(page, f"{FRAMES} > {seen}")
        page.wait_for_timeout(700)  # the picture at rest is drawn finely
        views.append(canvas(page, "space").astype(int))
    assert np.abs(views[1] - views[0]).mean() > 3
    assert np.abs(views[2] - views[0]).mean() < 1


def test_glasses_get_a_picture_for_each_eye(open_page) -> None:
    """A headset's session draws two views beside each other that differ as two eyes do, until it ends."""
    page = open_page(script=GLASSES)
    give(page, STREET)
    page.click("#modes [data-mode=space]")
    wait_until(page, f"{FRAMES} > 0", 60)
    page.click("#space-glasses")
    wait_until(page, "(window.worn ?? 0) > 3")
    seen = canvas(page, "space").astype(int)
    half = seen.shape[1] // 2
    left, right = seen[:, :half], seen[:, half : 2 * half]
    assert len(np.unique(left.reshape(-1, 3), axis=0)) > 300
    assert np.abs(left - right).mean() > 2
    assert np.corrcoef(left.mean(axis=1).mean(axis=1), right.mean(axis=1).mean(axis=1))[0, 1] > 0.9
    page.evaluate("window.session.end()")
    worn = page.evaluate("window.worn")
    page.wait_for_timeout(300)
    assert page.evaluate("window.worn") <= worn + 1
