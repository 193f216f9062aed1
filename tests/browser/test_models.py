"""The models as cards: what each is, and fetching one from the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser.drive import give, serving, wait_for_heat, wait_until
from browser.eyes import canvas
from hub import LocalHub, Repository
from nearfar.zoo.catalogue import card
from small_files import onnx_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CARD = "[data-model='dpt-large']"
EMBEDDED = "document.querySelector(\"[data-model='embedded']\")"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    """A hub with a small stand-in of one row."""
    data = onnx_file(card("dpt-large"), tmp_path / "model.onnx").read_bytes()
    with LocalHub() as running:
        running.repositories["Xenova/dpt-large"] = Repository({"onnx/model.onnx": data})
        yield running


@pytest.fixture
def fetching(local: LocalHub, tmp_path: Path) -> Iterator[str]:
    """The address of a service that fetches from that hub."""
    ways = {"HOME": str(tmp_path / "home"), "HUB": local.address, "HUB_CACHE": "-", "DOWNLOADER": "own"}
    with serving({f"NEARFAR_{name}": value for name, value in ways.items()}) as address:
        yield address


def test_cards_tell_what_a_model_is(open_page, fetching, photo) -> None:
    """Kind, licence, whether it may be used at work, size, where it is; in both languages."""
    page = open_page(fetching)
    give(page, photo)
    page.click("#models summary")
    text = page.inner_text(CARD)
    for words in ("Apache-2.0, may be used at work", "344 million parameters", "can be fetched", "no unit"):
        assert words in text
    assert "not for commercial use" in page.inner_text("[data-model='depth-pro']")
    page.wait_for_function(f"{EMBEDDED}.innerText.includes('s on this machine (median of 1,')")
    page.click("[data-language='zh']")
    assert "可用于商业用途" in page.inner_text(CARD)
    assert "1 张的中位数" in page.inner_text("[data-model='embedded']")


def test_model_is_fetched_and_used(open_page, fetching, photo) -> None:
    """One click fetches it, another looks at the same photo with it."""
    page = open_page(fetching)
    give(page, photo)
    page.click("#models summary")
    page.click(f"{CARD} button:has-text('Fetch it')")
    page.click(f"{CARD} button:has-text('Use it')")
    page.wait_for_function("document.getElementById('model').value === 'dpt-large'")
    wait_for_heat(page)
    assert "on the service's machine" in page.inner_text(CARD)


def test_fetching_can_be_stopped_and_failures_are_told(open_page, fetching, local: LocalHub, photo) -> None:
    """The card is as before; what went wrong is said in words."""
    page = open_page(fetching)
    give(page, photo)
    page.click("#models summary")
    local.failures += [(503, {"Retry-After": "1"})] * 2
    page.click(f"{CARD} button:has-text('Fetch it')")
    page.click(f"{CARD} button:has-text('Stop')")
    page.wait_for_selector(f"{CARD} button:has-text('Fetch it')")
    local.repositories.clear()
    local.failures.clear()
    page.click(f"{CARD} button:has-text('Fetch it')")
    page.wait_for_selector(f"{CARD} .problem")
    assert "no such repository" in page.inner_text(CARD)


def test_quality_is_a_switch_with_measured_times(open_page, service, photo) -> None:
    """The finer network, larger inputs and tiles look at the photo again; each says what it took here."""
    page = open_page(service)
    give(page, photo)
    usual = canvas(page, "heat")
    for name, asked in (("fine", "model=embedded-fine"), ("s384", "size=384"), ("tiles", "tiles=true")):
        with page.expect_response(lambda answer: "/v1/depth" in answer.url) as told:
            page.select_option("#quality", name)
        assert asked in told.value.url
        wait_for_heat(page)
        assert page.locator(f"#quality option[value={name}]").inner_text().endswith(" s")
        assert (canvas(page, "heat") != usual).any()
    page.select_option("#quality", "fast")
    wait_for_heat(page)
    wait_until(page, "document.getElementById('quality').selectedOptions[0].text.startsWith('Fast · ')")
    assert (canvas(page, "heat") == usual).all()
    page.click("[data-language='zh']")
    assert page.locator("#quality option").all_inner_texts()[1].startswith("精细 · ")
