"""The browser source for OBS: the stream from edge to edge, on nothing."""

from __future__ import annotations

import numpy as np
import pytest

from browser.drive import wait_until
from browser.eyes import pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FRAMES = "Number(document.getElementById('view').dataset.frames ?? 0)"
HAS_CAMERA = {"permissions": ["camera"], "viewport": {"width": 640, "height": 360}}
ALPHA = """() => {
  const view = document.getElementById('view');
  const data = view.getContext('2d').getImageData(0, 0, view.width, view.height).data;
  return Array.from(data.filter((_, at) => at % 4 === 3));
}"""


def shown(open_page, service, query: str = ""):
    """The source with a few frames seen."""
    page = open_page(**HAS_CAMERA)
    page.goto(f"{service}obs.html{query}")
    wait_until(page, f"{FRAMES} >= 2")
    return page


def test_the_heat_map_fills_the_source(open_page, service) -> None:
    """Nothing else is seen: no button, no word, no margin."""
    page = shown(open_page, service, "?colormap=turbo")
    box = page.locator("#view").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 640, 360)
    assert page.evaluate("document.body.innerText.trim()") == ""
    corner = pixels(page.screenshot())[:20, :20].astype(int)
    assert np.ptp(corner, axis=2).max() > 40  # colours, not white


def test_the_far_is_clear(open_page, service) -> None:
    """The camera's picture stands where it is near, and what lies under the source is seen elsewhere."""
    page = shown(open_page, service, "?show=near&from=0.5")
    alpha = np.array(page.evaluate(ALPHA))
    assert (alpha == 0).mean() > 0.02
    assert (alpha == 255).mean() > 0.02
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_without_a_camera_it_says_what_to_do(open_page, service) -> None:
    """In both languages, since nobody chooses one in a source."""
    page = open_page(permissions=[])
    page.goto(f"{service}obs.html")
    wait_until(page, "document.getElementById('told').textContent.includes('--enable-media-stream')")
