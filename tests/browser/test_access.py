"""Whoever reads by ear, by keyboard or with weak eyes: axe finds nothing serious in any state of the page."""

from __future__ import annotations

import pytest

from browser.drive import REPOSITORY, give, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run({ resultTypes: ["violations"] })).violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ target }) => String(target))])"""
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  const add = (entries) => entries.forEach(({ value }) => { sum += value; });
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ type: "layout-shift", buffered: true });
  setTimeout(() => { add(observer.takeRecords()); done(sum); }, 500);
})"""
MODES = ("depth", "refocus", "cutout", "measure", "space", "effects", "files")
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize(
    ("locale", "theme", "more"), [("en-GB", "light", {}), ("zh-CN", "dark", PHONE)], ids=["desktop", "phone"]
)
def test_axe_finds_nothing_serious(open_page, photo, locale, theme, more) -> None:
    """The start, a problem, and each way to work with a photo; nothing runs over the edge of the screen."""
    if not AXE.is_file():
        pytest.skip("no axe-core here: sh tools/node.sh .venv-dev")
    page = open_page(locale=locale, color_scheme=theme, **more)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = {"start": page.evaluate(RUN)}
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"})
    page.wait_for_selector("#problem", state="visible")
    found["problem"] = page.evaluate(RUN)
    give(page, photo)
    for mode in MODES:
        page.click(f"#modes [data-mode={mode}]")
        if mode == "effects":
            wait_until(page, "document.querySelectorAll('#effect-form .option').length > 0")
        if mode == "files":
            wait_until(page, "document.querySelectorAll('#export-list li').length > 0")
        found[mode] = page.evaluate(RUN)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), mode
    assert {state: rows for state, rows in found.items() if rows} == {}


@pytest.mark.parametrize("more", [{}, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_while_the_page_opens(open_page, more) -> None:
    """Words and samples come in where they stay: shifts are below a tenth, which web.dev calls good."""
    page = open_page(**more)
    page.wait_for_selector("#sample-list img")
    assert page.evaluate(SHIFTS) < 0.1
