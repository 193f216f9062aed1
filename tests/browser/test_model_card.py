"""The page that ``nearfar eval report`` writes, opened in a browser without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import small_sets
from browser.test_access import AXE, RUN
from nearfar.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card of a ramp on three photos."""
    folder = tmp_path_factory.mktemp("card")
    small_sets.folder(folder / "set")
    line = ["eval", "ramp", "-p", "midas", "-s", "folder", "-d", str(folder / "set")]
    assert main([*line, "-o", str(folder / "ramp.json")]) == 0
    assert main(["eval", "report", str(folder / "ramp.json"), "-o", str(folder / "card.html")]) == 0
    return folder / "card.html"


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_the_card_shows_all_by_itself(card: Path, browser, theme: str, width: int) -> None:
    """Nothing is asked of anyone, pictures have pixels, nothing runs over the edge, axe is content."""
    context = browser.new_context(offline=True, color_scheme=theme, viewport={"width": width, "height": 800})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(card.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [card.as_uri()]
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) == 3
    assert all(widths)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("polyline").count() == 3
    if AXE.is_file():
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(RUN) == []
    context.close()
