"""Whole things are cut out where the service has a Segment Anything network."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from browser.drive import REPOSITORY, give, serving, wait_until
from nearfar.decode.photo import read_photo
from nearfar.segment import load_segmenter
from tiny_sam import save_tiny

pytest.importorskip("transformers")
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STREET = REPOSITORY / "src" / "nearfar" / "assets" / "samples" / "street.jpg"
BUSY = "document.getElementById('cut-undo').disabled"


@pytest.fixture(scope="module")
def sam(tmp_path_factory):
    """A folder with a small network."""
    return save_tiny(tmp_path_factory.mktemp("sam"))


@pytest.fixture(scope="module")
def cutter(sam, tmp_path_factory):
    """The address of a service that has it."""
    home = str(tmp_path_factory.mktemp("home"))
    with serving({"NEARFAR_SEGMENTER": str(sam), "NEARFAR_HOME": home}) as address:
        yield address


def alpha(page) -> np.ndarray:
    """What the saved file keeps, 0…1."""
    with page.expect_download() as file:
        page.click("#cut-save")
    return np.asarray(Image.open(io.BytesIO(file.value.path().read_bytes())))[..., 3] / 255


def tap(page, x: float, y: float) -> None:
    """A click on the picture to the right."""
    box = page.locator("#heat-stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def test_a_tap_keeps_the_networks_thing(open_page, cutter, sam) -> None:
    """The mask of the library; undo takes it back; without the tick a tap follows the depth again."""
    page = open_page(cutter, accept_downloads=True)
    give(page, STREET)
    page.click("[data-mode=cutout]")
    page.wait_for_selector("#cut-objects-field", state="visible")
    assert page.is_hidden("#cut-tolerance-field")
    page.fill("#cut-soft", "0")
    with page.expect_request("**/v1/segment?*") as asked:
        tap(page, 0.35, 0.5)
    wait_until(page, f"!{BUSY}", 60)
    x, y = (float(value) for value in re.findall(r"[xy]=([\d.]+)", asked.value.url))
    assert (x, y) == pytest.approx((0.35, 0.5), abs=0.01)
    photo = read_photo(STREET)
    wanted = load_segmenter(sam).at_points(photo, [(x * photo.width, y * photo.height)])[0]
    assert 0.01 < wanted.mean() < 0.99
    assert np.abs(alpha(page) - wanted).mean() < 0.02
    page.click("#cut-undo")
    page.uncheck("#cut-objects")
    assert page.is_visible("#cut-tolerance-field")
    tap(page, 0.35, 0.5)
    assert alpha(page)[200:260, 190:260].mean() > 0.9


def test_a_service_that_fails_at_it_is_said(open_page, cutter) -> None:
    """In words, and it can be tried again."""
    page = open_page(cutter)
    give(page, STREET)
    page.click("[data-mode=cutout]")
    page.wait_for_selector("#cut-objects-field", state="visible")
    page.route("**/v1/segment?*", lambda route: route.abort())
    tap(page, 0.35, 0.5)
    page.wait_for_selector("#problem", state="visible")
    page.unroute("**/v1/segment?*")
    page.click("#retry")
    wait_until(page, f"!{BUSY}", 60)
    assert page.is_hidden("#problem")


def test_without_a_network_it_is_not_offered(page) -> None:
    """A tap follows the depth."""
    give(page, STREET)
    page.click("[data-mode=cutout]")
    page.wait_for_timeout(500)
    assert page.is_hidden("#cut-objects-field")
    assert page.is_visible("#cut-tolerance-field")
