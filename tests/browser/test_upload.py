"""Every way in: the photo appears on the left and its heat map on the right."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from browser.drive import ARTIFACTS, give, wait_for_heat
from browser.eyes import ask, canvas, depth_of, pixels
from pictures import draw, encoded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HAND_OVER = """([kind, bytes]) => {
  const transfer = new DataTransfer();
  const photo = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([photo], "scene.jpg", { type: "image/jpeg" }));
  const where = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...where, clipboardData: transfer })
    : new DragEvent(kind, { ...where, dataTransfer: transfer });
  document.body.dispatchEvent(event);
}"""


def warmth(colours: np.ndarray) -> float:
    """How bright inferno is there on average: its colours grow brighter from far to near."""
    return float(colours.astype(float).mean())


def test_near_is_warmer_than_far(page, service, photo) -> None:
    """The right panel is warmer where the service's values are nearest than where they are farthest."""
    give(page, photo)
    values, heat = depth_of(service, photo["buffer"]), canvas(page, "heat")
    assert heat.shape[:2] == values.shape == (240, 320)
    near, far = values >= np.quantile(values, 0.95), values <= np.quantile(values, 0.05)
    assert warmth(heat[near]) > warmth(heat[far]) + 60
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "page.png", full_page=True)


def test_the_heat_map_is_the_services_own(page, service, photo) -> None:
    """Colours made in the browser from values are those of the PNG that the service makes."""
    give(page, photo)
    theirs = pixels(ask(service, photo["buffer"], "format=png")).astype(int)
    assert np.abs(canvas(page, "heat").astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("name", ["room", "street", "closeup"])
def test_a_sample_is_one_click_away(page, name) -> None:
    """A sample picture is shown with a heat map that tells near from far."""
    page.click(f".sample img[src$='{name}.jpg']")
    wait_for_heat(page)
    heat = canvas(page, "heat")
    assert heat.shape == (480, 640, 3)
    assert len(np.unique(heat.reshape(-1, 3), axis=0)) > 100


def test_the_road_before_us_is_warmer_than_the_sky(page) -> None:
    """In the street sample the lower edge, which is road, is much warmer than the sky."""
    page.click(".sample img[src$='street.jpg']")
    wait_for_heat(page)
    heat = canvas(page, "heat")
    assert warmth(heat[-48:]) > warmth(heat[:100, 200:360]) + 60


def test_the_button_opens_the_file_chooser(page, photo) -> None:
    """The big button leads to the file chooser, and the same file can be chosen twice."""
    for button in ("#upload", "#another"):
        with page.expect_file_chooser() as chooser:
            page.click(button)
        chooser.value.set_files(photo)
        wait_for_heat(page)


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_can_be_dropped_or_pasted_anywhere(page, photo, kind) -> None:
    """Dropping or pasting a photo is the same as choosing it."""
    import base64

    page.evaluate(HAND_OVER, [kind, base64.b64encode(photo["buffer"]).decode()])
    wait_for_heat(page)
    assert page.inner_text("#name") == "scene.jpg"


def test_dragging_shows_where_to_drop(page) -> None:
    """While a file hangs over the page a curtain says so, and it goes when the file leaves."""
    page.evaluate(HAND_OVER, ["dragenter", ""])
    assert page.is_visible("#drop-now")
    page.evaluate(HAND_OVER, ["dragleave", ""])
    assert not page.is_visible("#drop-now")


def test_a_rotated_photo_stands_upright_on_both_sides(page) -> None:
    """A photo whose EXIF data turns it is as wide and as high on the left as on the right."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.rot90(draw(320, 240))  # by 90 degrees to the left; orientation 6 turns it back
    give(page, {"name": "turned.jpg", "mimeType": "image/jpeg", "buffer": encoded(turned, "JPEG", exif=exif)})
    left = canvas(page, "photo")
    assert left.shape == canvas(page, "heat").shape == (240, 320, 3)
    assert np.abs(left.astype(int) - draw(320, 240)).mean() < 6


def test_a_file_that_the_browser_cannot_show_is_shown_by_the_service(page) -> None:
    """A TIFF stands on the left as the service decodes it."""
    scene = draw(160, 120)
    give(page, {"name": "scan.tif", "mimeType": "image/tiff", "buffer": encoded(scene, "TIFF")})
    page.wait_for_selector("#photo", state="visible")
    assert np.abs(canvas(page, "photo").astype(int) - scene).max() <= 1


def test_a_large_photo_is_painted_at_screen_size_and_saved_whole(page) -> None:
    """The depth of a photo of 2600 pixels is 1280 wide on the page; its size and its file keep all pixels."""
    give(page, {"name": "wide.jpg", "mimeType": "image/jpeg", "buffer": encoded(draw(2600, 300), "JPEG")})
    assert canvas(page, "photo").shape[1] == 2048
    assert canvas(page, "heat").shape[1] == 1280
    assert page.inner_text("#facts-size") == "2600 × 300"
    page.select_option("#save-format", "npy")
    with page.expect_download() as saved:
        page.click("#save")
    assert np.load(io.BytesIO(saved.value.path().read_bytes())).shape == (300, 2600)
