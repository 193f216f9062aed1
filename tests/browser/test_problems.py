"""What goes wrong is said in words, in both languages, and the page goes on."""

from __future__ import annotations

import numpy as np
import pytest

from browser.drive import give, wait_until
from pictures import draw, encoded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TEXT = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear reader, this is no picture."}


def problem(page) -> str:
    """What the page says is wrong."""
    page.wait_for_selector("#problem", state="visible")
    return page.inner_text("#problem-text")


def test_a_text_file_called_jpg_is_no_picture(page) -> None:
    """The page names the file, says that it is not a picture, and says it anew in Chinese."""
    page.set_input_files("#file", TEXT)
    assert "“letter.jpg” is not a picture" in problem(page)
    assert page.inner_text("#problem-detail q") != ""
    page.click("[data-language=zh]")
    assert "“letter.jpg”不是图片" in problem(page)
    wait_until(page, "document.querySelector('#problem-detail q').lang === 'zh-CN'")
    assert "请给 JPEG、PNG" in page.inner_text("#problem-detail q")
    assert page.is_visible("#upload")


def test_a_wrong_file_leaves_the_result_before_it(page, photo) -> None:
    """The page says what was wrong and shows the photo and its depth again."""
    give(page, photo)
    name = page.inner_text("#name")
    page.set_input_files("#file", TEXT)
    assert "“letter.jpg” is not a picture" in problem(page)
    assert page.get_attribute("html", "data-state") == "result"
    assert page.inner_text("#name") == name
    assert page.is_visible("#heat")


@pytest.mark.parametrize(
    ("buffer", "words"),
    [(b"", "the file has no bytes"), (encoded(draw(320, 240), "JPEG")[:2000], "cut off or damaged")],
)
def test_a_broken_photo_is_told_from_another_file(page, buffer, words) -> None:
    """An empty file and a truncated one are called so, and trying the same again is not offered."""
    page.set_input_files("#file", {"name": "half.jpg", "mimeType": "image/jpeg", "buffer": buffer})
    assert words in problem(page)
    assert page.is_hidden("#retry")


def test_a_file_beyond_the_limit_is_too_large(page) -> None:
    """More bytes than the service takes: the page says so and not that the network is down."""
    noise = np.random.default_rng(1).integers(0, 256, (1000, 900, 3), np.uint8)
    page.set_input_files("#file", {"name": "n.png", "mimeType": "image/png", "buffer": encoded(noise)})
    assert "“n.png” is too large" in problem(page)


def test_without_a_network_the_photo_is_not_lost(page, photo) -> None:
    """When the service cannot be reached the page says so; trying again later works."""
    page.route("**/v1/depth*", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())
    page.set_input_files("#file", {**photo, "name": "kept.jpg"})
    assert "cannot be reached" in problem(page)
    page.unroute_all()
    page.click("#retry")
    page.wait_for_selector("html[data-state=result]", state="attached")
    assert page.inner_text("#name") == "kept.jpg"


def test_a_busy_service_says_when_to_come_back(page, photo) -> None:
    """A full queue is answered with the seconds to wait and a way to try again."""
    page.route(
        "**/v1/depth*", lambda route: route.fulfill(status=503, headers={"Retry-After": "3"}, body="{}")
    )
    page.set_input_files("#file", photo)
    assert "Try again in 3 s" in problem(page)
    assert page.is_visible("#retry")


def test_waiting_can_be_cancelled(page, photo) -> None:
    """While the service works there is a way back, by button and by the Escape key."""
    page.route("**/v1/depth*", lambda _: None)  # never answered
    for way in (lambda: page.click("#cancel"), lambda: page.keyboard.press("Escape")):
        page.set_input_files("#file", photo)
        page.wait_for_selector("#busy", state="visible")
        way()
        assert page.is_visible("#start")
    assert not page.is_visible("#problem")


@pytest.mark.parametrize(
    ("level", "english", "chinese"), [(0, "nearly black", "几乎全黑"), (255, "blown out", "过曝")]
)
def test_an_unreliable_photo_carries_its_warning(page, level, english, chinese) -> None:
    """A black or white photo has a heat map and a warning, in the language of the page."""
    flat = np.full((60, 80, 3), level, np.uint8)
    give(page, {"name": "flat.png", "mimeType": "image/png", "buffer": encoded(flat)})
    assert english in page.inner_text("#warnings")
    page.click("[data-language=zh]")
    assert chinese in page.inner_text("#warnings")


@pytest.fixture
def key(key_file):
    """A new key of the service that needs one; it is revoked at the end."""
    yield key_file.add("browser", ["infer"])[1]
    key_file.revoke("browser")


def test_a_service_that_needs_a_key_is_given_one(open_page, keyed_service, key, photo) -> None:
    """The page asks at once, tells a wrong key from none, and keeps the right one in the tab."""
    page = open_page(keyed_service)
    assert "needs a key" in problem(page)
    assert page.evaluate("document.activeElement.id") == "key"
    assert page.get_attribute("#key", "type") == "password"
    page.fill("#key", "nf-guess")
    page.press("#key", "Enter")
    wait_until(page, "document.getElementById('problem-text').textContent.includes('does not know this key')")
    page.click("[data-language=zh]")
    assert "服务不认识这个密钥" in problem(page)
    page.fill("#key", key)
    page.click("#key-form button")
    page.wait_for_selector("#problem", state="hidden")
    wait_until(page, "document.getElementById('model').options.length > 0")
    page.reload()
    give(page, photo)
    assert page.is_hidden("#problem")
    assert key not in page.url


def test_a_photo_is_not_lost_when_the_key_goes(open_page, keyed_service, key_file, photo) -> None:
    """A key that was revoked: the page asks for another, and the photo that waited is done."""
    old = key_file.add("old", ["infer"])[1]
    page = open_page(keyed_service)
    page.fill("#key", old)
    page.press("#key", "Enter")
    page.wait_for_selector("#problem", state="hidden")
    key_file.revoke("old")
    new = key_file.add("new", ["infer"])[1]
    page.wait_for_timeout(1200)  # the service looks at its file every second
    page.set_input_files("#file", {**photo, "name": "kept.jpg"})
    assert "does not know this key" in problem(page)
    page.fill("#key", new)
    page.press("#key", "Enter")
    page.wait_for_selector("html[data-state=result]", state="attached")
    assert page.inner_text("#name") == "kept.jpg"
