"""Effects and files on the page: made by the real service, turned by real clicks."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from browser.drive import REPOSITORY, give, wait_until
from browser.eyes import pixels
from nearfar.registry import EFFECTS, EXPORTS
from pictures import draw, encoded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
IS_SHOWN = "!document.getElementById('effect-image').hidden && document.getElementById('effect-wait').hidden"


def open_effect(page, photo, name: str = "bokeh") -> None:
    """A photo with an effect beside it."""
    give(page, photo)
    page.click("[data-mode=effects]")
    page.wait_for_selector("#effect-list button")
    page.click(f"[data-effect={name}]")
    wait_until(page, IS_SHOWN)


def after(page, act) -> str:
    """Do something that asks for the effect anew, and wait for it: the address that was asked."""
    with page.expect_response("**/v1/effects/*") as asked:
        act()
    wait_until(page, "document.getElementById('effect-wait').hidden")
    return asked.value.url


def shown(page) -> np.ndarray:
    """The pixels of the effect that is shown."""
    data = page.evaluate(
        """async () => {
          const answer = await createImageBitmap(document.getElementById("effect-image"));
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [answer.width, answer.height];
          canvas.getContext("2d").drawImage(answer, 0, 0);
          return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    import base64

    return pixels(base64.b64decode(data)).astype(int)


def test_every_effect_of_the_service_is_offered(page, photo) -> None:
    """A button for each, with a name in both languages, and controls for each option."""
    open_effect(page, photo)
    assert page.locator("#effect-list button").count() == len(EFFECTS.names())
    english = page.locator("#effect-list button").all_inner_texts()
    page.click("[data-language=zh]")
    chinese = page.locator("#effect-list button").all_inner_texts()
    assert not set(english) & set(chinese)
    assert chinese[0] == "背景虚化"
    options = EFFECTS.load("bokeh").options.__dataclass_fields__
    assert page.locator("#effect-form .option").count() == len(options)


@pytest.mark.parametrize("name", ["cutout", "relight", "depth-slices", "side-by-side", "autostereogram"])
def test_an_effect_is_shown_large_beside_the_photo(page, photo, name) -> None:
    """Choosing an effect shows it at once, as wide as the photo's own panel."""
    open_effect(page, photo, name)
    left, right = (page.locator(f"#{stage}-stage").bounding_box() for stage in ("photo", "effect"))
    assert right["width"] > 0.9 * left["width"]
    assert len(np.unique(shown(page).reshape(-1, 3), axis=0)) > 2
    assert page.inner_text("#right-title") == page.inner_text(f"[data-effect={name}]")
    assert page.get_attribute("#effect-image", "alt").endswith("of scene.jpg")


def test_a_click_in_the_photo_chooses_what_is_sharp(page) -> None:
    """The lorry is sharp where it is clicked, and soft where the road before it is; the place is marked."""
    street = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": (SAMPLES / "street.jpg").read_bytes()}
    open_effect(page, street)
    scene = pixels(street["buffer"]).astype(int)
    box = page.locator("#photo-stage").bounding_box()

    def softness_of_the_lorry(x: float, y: float) -> float:
        def click() -> None:
            page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)

        asked = after(page, click)
        chosen = page.input_value("#effect-bokeh-focus").split(",")
        assert f"focus={chosen[0]}%2C{chosen[1]}" in asked
        assert max(abs(int(chosen[0]) - 640 * x), abs(int(chosen[1]) - 480 * y)) <= 2
        assert page.locator(".pin:visible").count() == 2
        return float(np.abs(shown(page) - scene)[180:290, 170:275].mean())

    assert softness_of_the_lorry(0.35, 0.55) < softness_of_the_lorry(0.4, 0.97) / 2


def test_the_lamp_follows_a_click_and_the_keyboard(page, photo) -> None:
    """Light where it is clicked is brighter there; Enter at the crosshair moves it as well."""
    open_effect(page, photo, "relight")
    box = page.locator("#effect-stage").bounding_box()
    place = (box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.8)
    asked = after(page, lambda: page.mouse.click(*place))
    assert "light=" in asked
    x, y = (float(n) for n in page.input_value("#effect-relight-light").split(","))
    assert max(abs(x - 0.8), abs(y - 0.8)) < 0.01
    page.focus("#photo-stage")
    page.keyboard.press("Shift+ArrowLeft")
    after(page, lambda: page.keyboard.press("Enter"))
    assert page.input_value("#effect-relight-light") == "0.400,0.500"
    assert page.inner_text("#spoken") != ""


def test_options_shape_the_picture(page, photo) -> None:
    """A slider, a number, a colour, a choice and a box are sent as they stand; reset takes all back."""
    open_effect(page, photo, "fog")
    before = shown(page)
    assert "density=6" in after(page, lambda: page.fill("#effect-fog-density", "6"))
    assert np.abs(shown(page) - before).mean() > 5
    slider = page.locator("#effect-form input[type=range]").first
    assert float(slider.input_value()) > 500
    assert "density=20" in after(page, lambda: slider.fill("1000"))
    assert page.input_value("#effect-fog-density") == "20"
    assert "colour=%23ff0000" in after(page, lambda: page.fill("#effect-fog-colour", "#ff0000"))
    page.click(".advanced summary")
    assert "refine=false" in after(page, lambda: page.uncheck("#effect-fog-refine"))
    asked = after(page, lambda: page.click("#effect-reset"))
    assert "density" not in asked
    assert "colour" not in asked
    assert np.array_equal(shown(page), before)
    page.click("[data-effect=depth-slices]")
    wait_until(page, IS_SHOWN)
    choose = lambda: page.select_option("#effect-depth-slices-colormap", "viridis")  # noqa: E731
    assert "colormap=viridis" in after(page, choose)


def test_the_photo_is_sent_once_and_presets_set_all(page, photo) -> None:
    """Controls name the photo that the service holds; one that holds it no longer gets it anew."""
    sent = []
    page.on("request", lambda asked: sent.append((asked.url, asked.headers.get("nearfar-photo"))))
    open_effect(page, photo, "fog")
    asked = after(page, lambda: page.click("#effect-presets button:has-text('Evening')"))
    assert "density=2.5" in asked
    assert "colour=%23e8b48c" in asked
    assert page.input_value("#effect-fog-density") == "2.5"
    assert page.is_hidden("#effect-fog-refine")
    page.click(".advanced summary")
    assert page.is_visible("#effect-fog-refine")
    effects = [held for url, held in sent if "/v1/effects/" in url and "?" in url]
    assert len(effects) >= 2
    assert len(set(effects)) == 1
    assert effects[0]
    assert len([url for url, _ in sent if url.endswith("/v1/photos")]) == 1
    status = page.evaluate(
        "(id) => fetch(`v1/photos/${id}`, { method: 'DELETE' }).then((a) => a.status)", effects[0]
    )
    assert status == 204
    after(page, lambda: page.fill("#effect-fog-density", "1"))
    wait_until(page, IS_SHOWN)
    assert page.is_hidden("#effect-problem")


def test_what_was_set_is_kept_apart_for_each_effect(page, photo) -> None:
    """Options of one name in two effects do not mix, and come back with their effect."""
    open_effect(page, photo, "bokeh")
    after(page, lambda: page.fill("#effect-bokeh-strength", "3"))
    asked = after(page, lambda: page.click("[data-effect=tint]"))
    assert "strength" not in asked
    assert page.input_value("#effect-tint-strength") == "0.5"
    page.click("[data-language=zh]")
    assert "strength=3" in after(page, lambda: page.click("[data-effect=bokeh]"))
    assert page.input_value("#effect-bokeh-strength") == "3"


def test_a_value_out_of_range_shows_what_the_service_says(page, photo) -> None:
    """The message names the option and its range, the control is marked, and a good value mends it."""
    open_effect(page, photo)
    after(page, lambda: page.fill("#effect-bokeh-strength", "99"))
    page.wait_for_selector("#effect-problem", state="visible")
    assert "does not accept this value" in page.inner_text("#effect-problem-text")
    assert "strength is 99" in page.inner_text("#effect-problem-detail")
    assert "0 to 10 was expected" in page.inner_text("#effect-problem-detail")
    assert page.get_attribute("#effect-bokeh-strength", "aria-invalid") == "true"
    page.click("[data-language=zh]")
    wait_until(page, "document.getElementById('effect-problem-detail').textContent.includes('应为 0 到 10')")
    assert page.inner_text("#effect-problem-text") == "服务不接受这个数值。"
    assert page.get_attribute("#effect-bokeh-strength", "aria-invalid") == "true"
    page.click("[data-language=en]")
    after(page, lambda: page.fill("#effect-bokeh-strength", "2"))
    assert page.is_hidden("#effect-problem")
    assert page.get_attribute("#effect-bokeh-strength", "aria-invalid") is None


def test_a_mask_and_a_background_can_be_given(page, photo) -> None:
    """A file is sent beside the photo: the background stands where the mask is black."""
    open_effect(page, photo, "cutout")
    mask = np.zeros((240, 320), np.uint8)
    mask[:, :160] = 255
    beach = np.full((240, 320, 3), (0, 90, 200), np.uint8)
    for name, picture in (("mask", mask), ("picture", beach)):
        file = {"name": f"{name}.png", "mimeType": "image/png", "buffer": encoded(picture)}
        after(page, lambda name=name, file=file: page.set_input_files(f"#effect-cutout-{name}", file))
    found = shown(page)
    assert np.abs(found[40:200, 200:300] - (0, 90, 200)).max() <= 2
    assert np.abs(found[40:200, 20:120] - (0, 90, 200)).mean() > 20
    page.click("[data-language=zh]")  # the controls are made anew, the files stay
    assert page.evaluate("document.getElementById('effect-cutout-mask').files[0].name") == "mask.png"
    after(page, lambda: page.fill("#effect-cutout-softness", "0.1"))
    assert np.array_equal(shown(page)[40:200, 200:300], found[40:200, 200:300])


def test_an_effect_is_saved_in_the_photos_own_size(page) -> None:
    """The page shows 1280 pixels of a larger photo; what is saved has all, focused in the same place."""
    data = encoded(draw(2000, 300), "JPEG")
    open_effect(page, {"name": "wide.jpg", "mimeType": "image/jpeg", "buffer": data})
    assert shown(page).shape[1] == 1280
    asked = after(page, lambda: page.click("#photo-stage", position={"x": 300, "y": 40}))
    assert "max_side=1280" in asked
    x, y = (int(n) for n in page.input_value("#effect-bokeh-focus").split(","))
    with page.expect_response("**/v1/effects/*") as whole, page.expect_download() as saved:
        page.click("#effect-save")
    assert f"focus={x}%2C{y}" in whole.value.url
    assert "max_side" not in whole.value.url
    assert saved.value.suggested_filename == "wide.bokeh.png"
    assert Image.open(io.BytesIO(saved.value.path().read_bytes())).size == (2000, 300)


def test_a_clip_is_made_when_asked_for(page, photo) -> None:
    """A wiggle is not begun by itself; made, it moves on the page and is saved as it is."""
    give(page, photo)
    page.click("[data-mode=effects]")
    page.click("[data-effect=wiggle]")
    assert page.is_visible("#effect-start")
    assert page.is_disabled("#effect-save")
    page.fill("#effect-wiggle-frames", "4")
    after(page, lambda: page.click("#effect-make"))
    wait_until(page, IS_SHOWN)
    with page.expect_download() as saved:
        page.click("#effect-save")
    assert saved.value.suggested_filename == "scene.wiggle.gif"
    assert Image.open(io.BytesIO(saved.value.path().read_bytes())).n_frames == 4


def test_a_video_plays_on_the_page(page, photo) -> None:
    """A camera move is shown as a video that loops, with the photo's shape."""
    pytest.importorskip("av")
    give(page, photo)
    page.click("[data-mode=effects]")
    page.click("[data-effect=parallax]")
    page.fill("#effect-parallax-frames", "4")
    page.select_option("#effect-parallax-format", "webm")
    after(page, lambda: page.click("#effect-make"))
    wait_until(page, "document.getElementById('effect-video').videoWidth > 0")
    assert page.is_visible("#effect-video")
    assert page.evaluate("document.getElementById('effect-video').loop")
    with page.expect_download() as saved:
        page.click("#effect-save")
    assert saved.value.suggested_filename == "scene.parallax.webm"


def test_another_photo_gets_the_same_effect(page, photo) -> None:
    """The effect stays chosen with its options; a focus in the photo before does not."""
    open_effect(page, photo)
    after(page, lambda: page.fill("#effect-bokeh-strength", "3"))
    after(page, lambda: page.click("#photo-stage", position={"x": 100, "y": 100}))
    other = {"name": "other.png", "mimeType": "image/png", "buffer": encoded(draw(200, 160))}
    asked = after(page, lambda: page.set_input_files("#file", other))
    assert "strength=3" in asked
    assert "focus" not in asked
    wait_until(page, IS_SHOWN)
    assert shown(page).shape == (160, 200, 3)
    page.click("[data-mode=depth]")
    assert page.is_visible("#heat-stage")
    assert page.is_visible("#legend")
    assert page.is_hidden("#effect-stage")


def test_a_service_that_cannot_is_said_in_words(page, photo) -> None:
    """A busy service, and one that lacks a part: in words, and trying again works."""
    open_effect(page, photo)
    page.route(
        "**/v1/effects/*", lambda route: route.fulfill(status=503, headers={"Retry-After": "3"}, body="{}")
    )
    after(page, lambda: page.fill("#effect-bokeh-strength", "2"))
    assert "Try again in 3 s" in page.inner_text("#effect-problem-text")
    lacking = {"detail": "PyAV is not installed.", "hint": "Install it: pip install 'nearfar[video]'"}
    page.unroute_all()
    page.route("**/v1/effects/*", lambda route: route.fulfill(status=501, body=json.dumps(lacking)))
    after(page, lambda: page.click("#effect-retry"))
    assert "lacks a part" in page.inner_text("#effect-problem-text")
    assert "nearfar[video]" in page.inner_text("#effect-problem-detail")
    assert page.is_hidden("#effect-retry")  # the same again would lack the same
    page.unroute_all()
    after(page, lambda: page.fill("#effect-bokeh-strength", "1"))
    assert page.is_hidden("#effect-problem")


def test_effects_that_cannot_be_loaded_offer_nothing_but_another_try(page, photo) -> None:
    """No buttons for an effect that is not there; once the service answers, all is as ever."""
    page.route("**/v1/effects", lambda route: route.abort())
    give(page, photo)
    page.click("#modes [data-mode=effects]")
    page.wait_for_selector("#effect-retry", state="visible")
    assert not page.is_visible("#effect-save")
    assert not page.is_visible("#effect-reset")
    page.unroute("**/v1/effects")
    page.click("#effect-retry")
    page.wait_for_selector("#effect-save", state="visible")
    assert not page.is_visible("#effect-problem")


def test_a_key_that_goes_is_asked_for_and_the_effect_made(open_page, keyed_service, key_file, photo) -> None:
    """Between a photo and its effect the key is revoked: another one is asked for, and all goes on."""
    old = key_file.add("fx-old", ["infer"])[1]
    page = open_page(keyed_service)
    page.fill("#key", old)
    page.press("#key", "Enter")
    page.wait_for_selector("#problem", state="hidden")
    give(page, photo)
    key_file.revoke("fx-old")
    new = key_file.add("fx-new", ["infer"])[1]
    page.wait_for_timeout(1200)  # the service looks at its file every second
    page.click("[data-mode=effects]")
    page.wait_for_selector("#key", state="visible")
    page.fill("#key", new)
    page.press("#key", "Enter")
    wait_until(page, IS_SHOWN)
    assert page.is_hidden("#problem")
    key_file.revoke("fx-new")


@pytest.mark.parametrize("name", EXPORTS.names())
def test_every_format_downloads(page, photo, name) -> None:
    """Each file has the photo's name and its own suffix, and is not empty."""
    plugin = EXPORTS.load(name)
    give(page, photo)
    page.click("[data-mode=files]")
    with page.expect_download() as saved:
        page.click(f"[data-format={plugin.name}]")
    assert saved.value.suggested_filename == f"scene.depth{plugin.suffix}"
    assert saved.value.path().stat().st_size > 100


def test_options_shape_a_file(page, photo) -> None:
    """A smaller mesh is smaller; what is out of range is said, and nothing is saved."""
    give(page, photo)
    page.click("[data-mode=files]")
    page.click("li:has([data-format=glb]) summary")

    def size() -> int:
        with page.expect_download() as saved:
            page.click("[data-format=glb]")
        return saved.value.path().stat().st_size

    whole = size()
    page.fill("#export-glb-faces", "500")
    assert size() < whole / 2
    page.fill("#export-glb-fov", "500")
    page.click("[data-format=glb]")
    page.wait_for_selector("#export-problem", state="visible")
    assert "fov is 500" in page.inner_text("#export-problem")
    assert page.get_attribute("#export-glb-fov", "aria-invalid") == "true"


def test_the_saved_array_is_the_photos_own_size(page) -> None:
    """Files are whole, whatever the page shows."""
    data = encoded(draw(1500, 200), "JPEG")
    give(page, {"name": "wide.jpg", "mimeType": "image/jpeg", "buffer": data})
    page.click("[data-mode=files]")
    with page.expect_download() as saved:
        page.click("[data-format=npy]")
    assert np.load(io.BytesIO(saved.value.path().read_bytes())).shape == (200, 1500)


@pytest.mark.parametrize("mode", ["effects", "files"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_screen_reader_finds_names_everywhere(page, photo, mode, language) -> None:
    """No control without a name."""
    give(page, photo)
    page.click(f"[data-language={language}]")
    page.click(f"[data-mode={mode}]")
    page.wait_for_selector("#effect-form .option" if mode == "effects" else "#export-list li")
    snapshot = page.locator("main").aria_snapshot()
    for role in ("button", "slider", "img", "combobox", "checkbox", "spinbutton", "textbox"):
        assert f"- {role}\n" not in snapshot
        assert f"- {role}:" not in snapshot


def test_on_a_phone_the_effect_stays_in_sight(open_page, photo) -> None:
    """Nothing runs over the edge, and the result stands still while its options are scrolled."""
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    page = open_page(**phone)
    open_effect(page, photo)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("document.getElementById('effect-reset').scrollIntoView({ block: 'end' })")
    box = page.locator("#effect-stage").bounding_box()
    assert 0 <= box["y"] < 80
    page.click("[data-mode=files]")
    page.wait_for_selector("#export-list li")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_effect_is_compared_with_the_photo(page, photo) -> None:
    """Before lies left of the line, after right of it; a pair of views has another shape and no line."""
    open_effect(page, photo, "fog")
    page.click("#compare")
    assert page.is_hidden("#photo-stage")
    page.mouse.move(2, 2)
    both = pixels(page.locator("#effect-stage").screenshot()).astype(int)
    page.keyboard.press("Escape")
    page.click("#compare")
    plain = pixels(page.locator("#effect-stage").screenshot()).astype(int)
    before, after = (pixels(canvas_png(page, name)).astype(int) for name in ("effect-under", "effect-image"))
    left = np.s_[:, : before.shape[1] // 3]
    assert np.abs(after[left] - before[left]).mean() > 5
    assert plain.shape[0] < both.shape[0]  # one picture alone is larger than one of two
    scaled = np.asarray(Image.fromarray(both.astype(np.uint8)).resize(before.shape[1::-1]), int)
    assert np.abs(scaled[left] - before[left]).mean() < 4
    right = np.s_[:, 2 * before.shape[1] // 3 :]
    assert np.abs(scaled[right] - after[right]).mean() < 4
    page.click("[data-effect=stereo]")
    wait_until(page, IS_SHOWN)
    assert page.is_hidden("#compare")


def canvas_png(page, name: str) -> bytes:
    """A canvas or an image of the page as a PNG."""
    import base64

    return base64.b64decode(
        page.evaluate(
            """(name) => {
              const from = document.getElementById(name);
              const to = document.createElement("canvas");
              [to.width, to.height] = [from.naturalWidth ?? from.width, from.naturalHeight ?? from.height];
              to.getContext("2d").drawImage(from, 0, 0);
              return to.toDataURL("image/png").split(",")[1];
            }""",
            name,
        )
    )


def test_what_is_not_installed_says_how_it_would_be(page, photo) -> None:
    """Effects and formats whose library is absent are marked, never asked for, and name the command."""

    def without(route) -> None:
        rows = route.fetch().json()
        for row in rows:
            if row["name"] in {"parallax", "exr"}:
                row.update(missing=["av"], extra="video")
        route.fulfill(json=rows)

    page.route("**/v1/effects", without)
    page.route("**/v1/exports", without)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_effect(page, photo)
    page.click("[data-effect=parallax]")
    assert 'pip install "nearfar[video]"' in page.inner_text("#effect-problem-text")
    assert page.is_hidden("#effect-make")
    assert page.locator("#effect-list .absent").count() == 1
    page.click("[data-language=zh]")
    assert "没有安装（av）" in page.inner_text("#effect-problem-text")
    page.click("[data-mode=files]")
    assert page.is_disabled("[data-format=exr]")
    assert "nearfar[video]" in page.inner_text("#export-list .absent")
    assert not [url for url in asked if "parallax" in url or "exr" in url]
