"""What can be done with a result: read it, recolour it, lay it over the photo, save it, say it in Chinese."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

import nearfar
from browser.drive import give, wait_for_heat, wait_until
from browser.eyes import ask, canvas, depth_of, pixels
from pictures import draw, encoded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_another_colour_map_is_another_picture_at_once(page, service, photo) -> None:
    """Choosing colours repaints the heat map as the service would, without asking it."""
    give(page, photo)
    before, asked = canvas(page, "heat"), []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("magma", "plasma", "viridis", "turbo", "spectral", "grey"):
        page.check(f"input[value={name}]")
        after = canvas(page, "heat")
        theirs = pixels(ask(service, photo["buffer"], f"format=png&colormap={name}"))
        assert (before != after).any()
        assert np.abs(after.astype(int) - theirs).max() <= 1
    assert [url for url in asked if not url.startswith("blob:")] == []  # the photo's own, shown late


def test_the_value_under_the_pointer_is_the_services(page, service, photo) -> None:
    """Pointing at the photo reads how near that place is, in both pictures and on the scale."""
    give(page, photo)
    values = depth_of(service, photo["buffer"])
    box = page.locator("#photo-stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.65)
    value = values[int(240 * 0.65), int(320 * 0.75)]
    expected = 100 * (value - values.min()) / (values.max() - values.min())
    shown = page.inner_text("#reading")
    near, rank = (int(n) for n in re.findall(r"(\d+)%", shown))
    assert abs(near - expected) <= 2
    assert abs(rank - 100 * (values < value).mean()) <= 2
    assert page.locator(".chip:visible").all_inner_texts() == [f"{near}% near"] * 2
    assert page.is_visible("#legend-mark")


def test_the_overlay_lets_the_photo_through(page, photo) -> None:
    """At 0 % the right panel is the photo, at 100 % the heat map."""
    give(page, photo)

    def shown() -> np.ndarray:
        return pixels(page.locator("#heat-stage").screenshot()).astype(int)

    page.mouse.move(0, 0)
    left = pixels(page.locator("#photo-stage").screenshot()).astype(int)
    assert np.abs(shown() - left).mean() > 20
    page.fill("#opacity", "0")
    assert page.inner_text("#opacity-value") == "0%"
    assert np.abs(shown() - left)[4:-4, 4:-4].mean() < 2


def test_a_photo_s_own_depth_is_offered_and_taken(page, service, photo) -> None:
    """The page says that the photo carries its own depth; a press shows that, and saves it."""
    ramp = np.tile(np.geomspace(1, 9, 320, dtype=np.float32), (240, 1))
    body = nearfar.export("dynamic-depth", nearfar.DepthMap(ramp, "metric"), photo["buffer"])
    give(page, {**photo, "buffer": body})
    assert "carries its own depth" in page.inner_text("#warnings")
    guessed = canvas(page, "heat")
    with page.expect_request(lambda asked: "own_depth=true" in asked.url):
        page.click("#own-depth")
    wait_until(page, "document.getElementById('own-depth') === null")
    wait_for_heat(page)
    shown = canvas(page, "heat")
    assert (shown != guessed).any()
    theirs = pixels(ask(service, body, "format=png&own_depth=true"))
    assert np.abs(shown.astype(int) - theirs).max() <= 1
    values = np.load(io.BytesIO(save(page, "npy")[1]))
    assert np.abs(1 / values - 1 / ramp).max() < 0.003


def test_a_photo_without_depth_of_its_own_offers_none(page, photo) -> None:
    """Nothing to press where there is nothing to take."""
    give(page, photo)
    assert page.locator("#own-depth").count() == 0


def save(page, form: str, size: str = "whole") -> tuple[str, bytes]:
    """Name and bytes of the file that the page gives in a format."""
    page.select_option("#save-format", form)
    page.select_option("#save-size", size)
    with page.expect_download() as saved:
        page.click("#save")
    return saved.value.suggested_filename, saved.value.path().read_bytes()


@pytest.mark.parametrize(("form", "suffix"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
def test_what_is_saved_is_what_is_seen(page, photo, form, suffix) -> None:
    """Colours and overlay of the screen are those of the file, in each kind of picture."""
    give(page, photo)
    page.check("input[value=turbo]")
    page.fill("#opacity", "40")
    name, data = save(page, form)
    assert name == f"scene.depth.{suffix}"
    seen = 0.4 * canvas(page, "heat") + 0.6 * canvas(page, "photo")
    off = np.abs(pixels(data) - seen)
    assert off.max() <= 2 if form == "png" else off.mean() < 6


def test_the_whole_heat_map_is_the_services(page, service, photo) -> None:
    """Without an overlay the file has the pixels of the service's PNG."""
    give(page, photo)
    page.check("input[value=turbo]")
    theirs = pixels(ask(service, photo["buffer"], "format=png&colormap=turbo")).astype(int)
    assert np.abs(pixels(save(page, "png")[1]).astype(int) - theirs).max() <= 1


def test_a_large_photo_is_saved_in_either_size(page) -> None:
    """The file is as large as the photo, or as the screen's copy, with the photo under the heat map."""
    scene = draw(2000, 300)
    give(page, {"name": "wide.png", "mimeType": "image/png", "buffer": encoded(scene)})
    page.fill("#opacity", "0")
    assert pixels(save(page, "png", "screen")[1]).shape == (192, 1280, 3)
    whole = pixels(save(page, "png")[1])
    assert np.abs(whole.astype(int) - scene).max() <= 1


@pytest.mark.parametrize(
    ("form", "name", "query"),
    [("png16", "scene.depth16.png", "format=png16"), ("npy", "scene.depth.npy", "format=npy")],
)
def test_saved_values_are_those_that_the_service_gives(page, service, photo, form, name, query) -> None:
    """The values of the whole map are the service's own file."""
    give(page, photo)
    assert save(page, form) == (name, ask(service, photo["buffer"], query))


@pytest.mark.parametrize(
    ("locale", "words"),
    [("zh-CN", "上传照片测距"), ("zh-TW", "上传照片测距"), ("fr-FR", "Upload a photo")],
)
def test_the_page_speaks_the_browsers_language(open_page, locale, words) -> None:
    """Chinese for Chinese browsers, English for all others."""
    assert open_page(locale=locale).inner_text("#upload") == words


def test_the_language_switch_is_remembered(page, service, photo) -> None:
    """Switching turns every word over at once, also those of a result, and lasts."""
    give(page, photo)
    page.click("[data-language=zh]")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.inner_text("#legend-near") == "近"
    assert "最近处" in page.get_attribute("#heat", "aria-label")
    page.goto(service)
    assert page.inner_text("h1") == "一张照片，看清远近"


def test_the_keyboard_alone_is_enough(page) -> None:
    """From the first Tab to a sample, the crosshair, another colour map, and a saved file."""
    page.wait_for_selector(".sample")
    walk_to(page, "sample")
    page.keyboard.press("Enter")
    wait_for_heat(page)
    assert page.evaluate("document.activeElement.id") == "heat-stage"
    page.keyboard.press("Shift+ArrowDown")
    assert page.inner_text("#spoken").endswith("% near")
    walk_to(page, "colormap")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("input[value=magma]")
    walk_to(page, "save")
    with page.expect_download():
        page.keyboard.press("Enter")


def walk_to(page, name: str) -> None:
    """Press Tab until the focus is on an element of that id, class or name."""
    for _ in range(30):
        page.keyboard.press("Tab")
        focus = "(({ id, className, name }) => [id, className, name])(document.activeElement)"
        if name in page.evaluate(focus):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_everything_has_a_name(page, photo) -> None:
    """Every control has an accessible name, and both pictures have a text alternative."""
    give(page, photo)
    snapshot = page.locator("body").aria_snapshot()
    for role in ("button", "radio", "slider", "img", "combobox"):
        assert f"- {role}\n" not in snapshot
        assert f"- {role}:" not in snapshot
    assert 'img "Your photo scene.jpg"' in snapshot
    assert 'img "Heat map of the depth of scene.jpg. Nearest:' in snapshot


def test_on_a_phone_the_pictures_stand_one_above_the_other(open_page, photo) -> None:
    """Nothing runs over the edge of a narrow screen, and there is a button for the camera."""
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    page = open_page(**phone)
    assert page.is_visible("#camera")
    assert page.get_attribute("#camera-file", "capture") == "environment"
    give(page, photo)
    left, right = (page.locator(f"#{name}-stage").bounding_box() for name in ("photo", "heat"))
    assert right["y"] >= left["y"] + left["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_light_and_dark_follow_the_system_and_the_button(open_page) -> None:
    """A dark system gives a dark page; the button makes it light and that is remembered."""
    page = open_page(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(19, 17, 24)"
    page.click("#theme")
    assert page.evaluate(paper) == "rgb(247, 245, 242)"
    page.reload()
    assert page.evaluate(paper) == "rgb(247, 245, 242)"


def test_a_strip_can_be_seen(page) -> None:
    """A photo of 3000 by 4 pixels is shown high enough to point at."""
    give(page, {"name": "strip.png", "mimeType": "image/png", "buffer": encoded(draw(3000, 4))})
    assert page.locator("#heat-stage").bounding_box()["height"] > 60


@pytest.mark.parametrize(("wish", "motions"), [("reduce", False), ("no-preference", True)])
def test_less_motion_where_it_is_wished(open_page, photo, wish, motions) -> None:
    """Waiting is animated, but nothing moves for people who asked for that."""
    page = open_page(reduced_motion=wish)
    page.route("**/v1/depth*", lambda _: None)  # never answered
    page.set_input_files("#file", photo)
    page.wait_for_selector("#busy", state="visible")
    assert (page.evaluate("document.getAnimations().length") > 0) == motions
