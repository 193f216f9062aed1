"""The whole walk, on a phone and on a desktop, in Chinese and in English: each way to work with a photo.

Pixels are looked at. It is recorded: ``artifacts/walk-*.zip`` are traces (``playwright show-trace``), beside
them a picture of each state.
"""

from __future__ import annotations

import io
import zipfile

import cv2
import numpy as np
import pytest

from browser.drive import ARTIFACTS, REPOSITORY, wait_until
from browser.eyes import canvas, pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
STREET = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "street.jpg").read_bytes()}
ROOM = {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "room.jpg").read_bytes()}
CLIPBOARD = ["clipboard-read", "clipboard-write"]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
VAN, LINE = np.s_[200:280, 190:265], np.s_[400:480, 420:640]
"""Places of the street: what is tapped, and what is elsewhere at another depth (rows, columns)."""


class Walk:
    """A page, how it is pointed at, and the pictures of its states."""

    def __init__(self, page, name: str) -> None:
        self.page, self.name, self.is_phone = page, name, name.startswith("phone")
        self.is_chinese = name.endswith("zh")
        ARTIFACTS.mkdir(exist_ok=True)
        page.context.tracing.start(screenshots=True, snapshots=False)

    def point(self, stage: str, x: float, y: float) -> None:
        """A finger, or the mouse, on a place of a picture, which is brought into sight first."""
        element = self.page.locator(f"#{stage}")
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        press = self.page.touchscreen.tap if self.is_phone else self.page.mouse.click
        press(box["x"] + box["width"] * x, box["y"] + box["height"] * y)

    def mode(self, name: str) -> None:
        """Work with the photo in another way."""
        self.page.click(f"#modes [data-mode={name}]")

    def saved(self, button: str) -> bytes:
        """The bytes of what a button saves."""
        with self.page.expect_download() as file:
            self.page.click(button)
        return file.value.path().read_bytes()

    def show(self, state: str) -> None:
        """Keep a picture of the state; nothing is cut off, no row of choices runs out of sight."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
        rows = "[...document.querySelectorAll('.chips')].every((row) => row.scrollWidth <= row.clientWidth)"
        assert self.page.evaluate(rows), state
        self.page.screenshot(path=ARTIFACTS / f"walk-{self.name}-{state}.png", full_page=True)

    def end(self) -> None:
        """Write the record."""
        self.page.context.tracing.stop(path=ARTIFACTS / f"walk-{self.name}.zip")

    def __getattr__(self, name: str):
        return getattr(self.page, name)


AT_LENGTH = [pytest.param(name, marks=pytest.mark.soak) for name in ("phone-en", "desktop-zh")]


@pytest.fixture(params=["phone-zh", "desktop-en", *AT_LENGTH])
def walk(request, open_page):
    device, language = request.param.split("-")
    ways = PHONE if device == "phone" else DESKTOP
    page = open_page(accept_downloads=True, permissions=CLIPBOARD, locale=LOCALES[language], **ways)
    walk = Walk(page, request.param)
    yield walk
    walk.end()


def edges(picture: np.ndarray, place) -> float:
    """How much neighbours differ there: sharp pictures have more of it."""
    return float(np.abs(np.diff(picture.astype(float).mean(axis=2)[place], axis=1)).mean())


def test_all_that_is_done_with_a_photo(walk) -> None:
    """Two in the tray; one saved, compared, refocused, cut out, measured, turned, fogged, exported, given."""
    begin(walk)
    walk.set_input_files("#file", [STREET, ROOM])
    wait_until(walk, "document.querySelectorAll('#tray-list [data-stage=done]').length === 2", 60)
    names = zipfile.ZipFile(io.BytesIO(walk.saved("#tray-zip"))).namelist()
    assert names == ["street.depth.png", "room.depth.png"]
    walk.show("many")
    walk.click("#tray-clear")
    look_closely(walk)
    look_finer(walk)
    refocus(walk)
    cut_out(walk)
    measure(walk)
    turn(walk)
    effects_and_files(walk)
    give_away(walk)
    come_back(walk)


def begin(walk: Walk) -> None:
    """Help and the reference are linked; words for an empty file, and nothing to try again."""
    walk.show("start")
    for address in ("docs", walk.get_attribute("#help-link", "href")):
        assert walk.page.request.get(f"{walk.url}{address}").ok, address
    walk.set_input_files("#file", {"name": "none.jpg", "mimeType": "image/jpeg", "buffer": b""})
    walk.wait_for_selector("#problem", state="visible")
    assert ("没有内容" if walk.is_chinese else "no bytes") in walk.inner_text("#problem-text")
    assert walk.is_hidden("#retry")
    walk.show("empty")
    walk.click("#dismiss")


def look_closely(walk: Walk) -> None:
    """All modes are in sight; two places compared; what is saved is what is seen."""
    for language in ("en", "zh", "zh" if walk.is_chinese else "en"):
        walk.click(f"[data-language={language}]")
        for id_ in ("modes", "facts-size"):
            fits = "({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth"
            assert walk.eval_on_selector(f"#{id_}", fits), (language, id_)
    for place in ((0.35, 0.55), (0.4, 0.95)):
        walk.point("photo-stage", *place)
    assert walk.inner_text("#pair").endswith("B 更近" if walk.is_chinese else "B is nearer")
    walk.click("#range-fit")
    assert walk.get_attribute("#range-whole", "aria-pressed") == "false"
    walk.fill("#opacity", "60")
    seen = 0.6 * canvas(walk, "heat").astype(float) + 0.4 * canvas(walk, "photo")
    assert np.abs(pixels(walk.saved("#save")) - seen).max() <= 3
    walk.show("depth")
    walk.click("#compare")
    walk.show("compared")
    walk.click("#compare")


def look_finer(walk: Walk) -> None:
    """A larger input takes longer and sees otherwise; the switch says how long it took here."""
    usual = canvas(walk, "heat")
    walk.select_option("#quality", "s384")
    wait_until(walk, "/\\d/.test(document.getElementById('quality').selectedOptions[0].text.slice(4))", 60)
    wait_until(walk, "document.getElementById('busy').hidden")
    walk.wait_for_timeout(500)  # it is painted a moment later
    assert np.abs(canvas(walk, "heat").astype(int) - usual).mean() > 1
    assert walk.locator("h1:visible").count() == 1
    assert walk.get_attribute("html", "aria-pressed") is None
    walk.click("#zoom-in")
    assert walk.inner_text("#zoom-fit") != "100%"
    walk.show("finer")
    walk.click("#zoom-fit")
    walk.select_option("#quality", "fast")
    wait_until(walk, "document.getElementById('busy').hidden")


def refocus(walk: Walk) -> None:
    """What was tapped is as sharp as in the photo, what is nearer is not."""
    walk.mode("refocus")
    walk.point("heat-stage", 0.35, 0.5)
    wait_until(walk, "document.getElementById('lens').dataset.ms !== undefined", 60)
    walk.wait_for_timeout(1500)  # the picture at rest is drawn finely
    photo, lens = canvas(walk, "photo"), canvas(walk, "lens")
    assert lens.shape == photo.shape
    assert edges(lens, VAN) > 0.8 * edges(photo, VAN)
    assert edges(lens, LINE) < 0.6 * edges(photo, LINE)
    walk.show("refocus")


def cut_out(walk: Walk) -> None:
    """The tapped thing is kept, the sky is not."""
    walk.mode("cutout")
    walk.point("heat-stage", 0.35, 0.5)
    wait_until(walk, "!document.getElementById('cut-undo').disabled")
    assert (canvas(walk, "cut-canvas")[200:260, 190:260] > 0).any()
    walk.show("cutout")


def measure(walk: Walk) -> None:
    """Two known distances make metres everywhere."""
    walk.mode("measure")
    for (x, y), metres in (((0.4, 0.95), "3"), ((0.35, 0.5), "12")):
        walk.point("photo-stage", x, y)
        walk.locator("#known-list input").last.fill(metres)
    assert ("处处都有米数" if walk.is_chinese else "Metres everywhere") in walk.inner_text("#measured")
    walk.show("measure")


def turn(walk: Walk) -> None:
    """The photo in space, in metres, is another picture once it is turned."""
    walk.mode("space")
    wait_until(walk, "Number(document.getElementById('space').dataset.frames) > 0", 60)
    walk.wait_for_timeout(700)
    before = canvas(walk, "space").astype(int)
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 300
    assert walk.inner_text("#space-rule").startswith("单位为米" if walk.is_chinese else "In metres")
    walk.show("space")
    walk.focus("#space")
    walk.select_option("#space-motion", "circle")
    walk.wait_for_timeout(700)
    moving = cv2.resize(canvas(walk, "space"), before.shape[1::-1])  # drawn smaller while it moves
    assert np.abs(moving.astype(int) - before).mean() > 3
    walk.select_option("#space-motion", "none")


def effects_and_files(walk: Walk) -> None:
    """A preset of fog pales what is far, its help is Chinese in Chinese; values as a file; a link."""
    walk.mode("effects")
    walk.click("[data-effect=fog]")
    wait_until(walk, "!document.getElementById('effect-save').disabled", 60)
    plain = walk.get_attribute("#effect-image", "src")
    walk.locator("#effect-presets button").nth(1).click()
    wait_until(walk, f"document.getElementById('effect-image').src !== {plain!r}", 60)
    fogged = pixels(walk.saved("#effect-save")).astype(float)
    photo = canvas(walk, "photo").astype(float)
    assert np.abs(fogged - photo)[:150].mean() > np.abs(fogged - photo)[-100:].mean() + 10
    if walk.is_chinese:
        assert not walk.locator("#effect-form .help[lang=en]").count()
    walk.show("effects")
    walk.mode("files")
    values = np.load(io.BytesIO(walk.saved("[data-format=npy]")))
    assert values.shape == photo.shape[:2]
    heights = "[...document.querySelectorAll('[data-format]')].map((button) => button.offsetHeight)"
    assert len(set(walk.evaluate(heights))) == 1  # "Save" stands in one line
    walk.show("files")
    walk.click("#link")
    wait_until(walk, "location.hash.includes('mode=files')")


def give_away(walk: Walk) -> None:
    """What is pasted elsewhere is the picture that is seen."""
    walk.mode("depth")
    walk.click("#copy")
    words = "图片已复制" if walk.is_chinese else "The picture is on the clipboard"
    wait_until(walk, f"document.getElementById('given').textContent.includes({words!r})")
    types = "navigator.clipboard.read().then(([item]) => item.types.includes('image/png'))"
    assert walk.evaluate(types)


def come_back(walk: Walk) -> None:
    """A reload keeps the photo, the start has the results of before; one button clears them."""
    walk.reload()
    walk.wait_for_selector("html[data-state=result]", state="attached")
    assert walk.inner_text("#name") in ("street.jpg", "room.jpg")
    walk.click("#brand")
    walk.wait_for_selector("#recent", state="visible")
    wait_until(walk, "[...document.querySelectorAll('#recent-list img')].every((image) => image.complete)")
    walk.show("recent")
    walk.click("#recent-clear")
    walk.wait_for_selector("#recent", state="hidden")
