"""Looking closely: zoom in both pictures, before and after, the range of colours, two places compared."""

from __future__ import annotations

import io

import numpy as np
import pytest

from browser.drive import REPOSITORY, give, wait_until
from browser.eyes import canvas, depth_of, pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
STREET = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "street.jpg").read_bytes()}


def seen(page, stage: str) -> np.ndarray:
    """The pixels of a stage as they are on the screen."""
    return pixels(page.locator(f"#{stage}-stage").screenshot()).astype(int)


def test_both_pictures_are_enlarged_together(page) -> None:
    """The wheel shows the same part of both, what is under the pointer stays; a drag moves both."""
    give(page, STREET)
    box = page.locator("#heat-stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.55)
    wait_until(page, "document.getElementById('reading').textContent.includes('%')")
    value = page.inner_text("#reading")
    page.mouse.wheel(0, -420)
    wait_until(page, "document.getElementById('zoom-fit').textContent === '406%'")
    page.mouse.move(box["x"] + box["width"] * 0.35 + 1, box["y"] + box["height"] * 0.55)
    assert page.inner_text("#reading") == value
    page.mouse.move(2, 2)
    assert page.evaluate("getComputedStyle(document.getElementById('photo')).transform") == page.evaluate(
        "getComputedStyle(document.getElementById('heat')).transform"
    )
    before = seen(page, "heat")
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 150, steps=4)
    page.mouse.up()
    page.mouse.move(2, 2)
    after = seen(page, "heat")
    assert np.abs(after[100:-100, 100:-150] - before[150:-50, 200:-50]).mean() < 3
    page.click("#zoom-fit")
    assert page.inner_text("#zoom-fit") == "100%"


def test_a_line_divides_before_from_after(page) -> None:
    """The photo lies on its left, the heat map on its right; keys move it."""
    give(page, STREET)
    page.click("#compare")
    page.focus("#cut")
    page.keyboard.press("PageDown")
    page.mouse.move(2, 2)
    box = page.locator("#heat-stage").bounding_box()
    shown = seen(page, "heat")
    size = (round(box["width"]), round(box["height"]))
    photo, heat = (_resized(canvas(page, name), size) for name in ("photo", "heat"))
    middle = slice(int(0.1 * size[1]), int(0.4 * size[1]))
    for part, theirs in (
        (slice(10, int(0.35 * size[0])), photo),
        (slice(int(0.45 * size[0]), size[0] - 10), heat),
    ):
        assert np.abs(shown[middle, part] - theirs[middle, part]).mean() < 8


def _resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)).astype(int)


def test_a_handle_of_the_histogram_sets_the_range(page, service) -> None:
    """Moved by keys, the colours span the rest, as the service's range does, also in the saved file."""
    give(page, STREET)
    page.locator("#range-handles .knob").first.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    values = depth_of(service, STREET["buffer"])
    low, high = values.min(), values.max()
    expected = np.clip((values - low - 0.3 * (high - low)) / (0.7 * (high - low)), 0, 1)
    page.check("input[value=grey]")
    assert np.abs(canvas(page, "heat")[..., 0] - 255 * expected).max() <= 2
    page.select_option("#save-format", "png16")
    with page.expect_download() as saved:
        page.click("#save")
    from PIL import Image

    kept = np.asarray(Image.open(io.BytesIO(saved.value.path().read_bytes())))
    assert np.abs(kept / 65535 - expected).max() < 1e-3
    page.click("#range-whole")
    assert np.ptp(canvas(page, "heat")[..., 0].astype(int)) > 250


def test_two_places_are_compared(page) -> None:
    """The road before us is nearer than the lorry; both are marked in both pictures; in Chinese, too."""
    give(page, STREET)
    for x, y in ((0.35, 0.55), (0.4, 0.95)):
        box = page.locator("#photo-stage").bounding_box()
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    assert page.inner_text("#pair").endswith(": B is nearer")
    assert page.locator(".pin.named").all_inner_texts() == ["A", "B", "A", "B"]
    page.click("[data-language=zh]")
    assert page.inner_text("#pair").endswith("：B 更近")


def test_pictures_fill_the_screen(page) -> None:
    """The button lays both pictures over the window, Escape takes them back; the photo is the heading."""
    give(page, STREET)
    assert page.locator("h1:visible").all_inner_texts() == ["street.jpg"]
    page.click("#full")
    assert page.locator("#panels").bounding_box()["y"] == 0
    page.keyboard.press("Escape")
    wait_until(page, "!document.getElementById('panels').classList.contains('full')")
