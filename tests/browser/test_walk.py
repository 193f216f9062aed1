"""The whole walk on a phone, in Chinese: each way to work with a photo, by touch, pixels looked at."""

from __future__ import annotations

import numpy as np
import pytest

from browser.drive import REPOSITORY, give, wait_until
from browser.eyes import canvas

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
STREET = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "street.jpg").read_bytes()}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "zh-CN"}


def touch(page, stage: str, x: float, y: float) -> None:
    """A finger on a place of a picture, which is brought into sight first."""
    element = page.locator(f"#{stage}-stage")
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def test_a_phone_does_it_all(open_page) -> None:
    """Compare, range, refocus, cut out, measure, turn in space, an effect, a file; all words Chinese."""
    page = open_page(**PHONE)
    give(page, STREET)
    for language in ("en", "zh"):  # all modes and the whole size are seen without scrolling
        page.click(f"[data-language={language}]")
        for id_ in ("modes", "facts-size"):
            fits = "({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth"
            assert page.eval_on_selector(f"#{id_}", fits), (language, id_)
    for place in ((0.35, 0.55), (0.4, 0.95)):
        touch(page, "photo", *place)
    assert page.inner_text("#pair").endswith("B 更近")
    page.click("#range-fit")
    assert page.get_attribute("#range-whole", "aria-pressed") == "false"
    page.click("#modes [data-mode=refocus]")
    touch(page, "heat", 0.35, 0.5)
    wait_until(page, "document.getElementById('lens').dataset.ms !== undefined", 60)
    page.click("#modes [data-mode=cutout]")
    touch(page, "heat", 0.35, 0.5)
    wait_until(page, "!document.getElementById('cut-undo').disabled")
    assert (canvas(page, "cut-canvas")[200:260, 190:260] > 0).any()
    page.click("#modes [data-mode=measure]")
    for (x, y), metres in (((0.4, 0.95), "3"), ((0.35, 0.5), "12")):
        touch(page, "photo", x, y)
        page.locator("#known-list input").last.fill(metres)
    assert "处处都有米数" in page.inner_text("#measured")
    page.click("#modes [data-mode=space]")
    wait_until(page, "Number(document.getElementById('space').dataset.frames) > 0", 60)
    assert len(np.unique(canvas(page, "space").reshape(-1, 3), axis=0)) > 300
    assert page.inner_text("#space-rule").startswith("单位为米")
    page.click("#modes [data-mode=effects]")
    wait_until(page, "!document.getElementById('effect-image').hidden", 60)
    assert not page.locator("#effect-form .help[lang=en]").count()
    page.click("#modes [data-mode=files]")
    with page.expect_download() as saved:
        page.click("[data-format=npy]")
    assert saved.value.suggested_filename == "street.depth.npy"
