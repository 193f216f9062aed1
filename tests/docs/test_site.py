"""The site of the docs: every link and anchor leads somewhere, and nothing comes from elsewhere."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag

import pytest

import nearfar
from once import once
from scripts import script

if TYPE_CHECKING:
    from pathlib import Path

TOOL = script("tools/docs_site.py")
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""Elements that a browser fetches on its own, and the attribute that says from where."""


class Page(HTMLParser):
    """The anchors of a page, where it leads to, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        named = {key: value or "" for key, value in attrs}
        self.anchors |= {named[key] for key in ("id", "name") if key in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if LOADED.get(tag) in named:
            self.loaded.append(named[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as ``make docs`` does: with links and anchors of its pages checked by the builder."""
    pytest.importorskip("zensical")
    return (
        once(tmp_path_factory, "site", lambda folder: TOOL.build(folder / "site", folder / "stage")) / "site"
    )


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page but the two that answer for missing ones, which name places from the top."""
    return {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}


def test_every_link_leads_somewhere(pages: dict[Path, Page]) -> None:
    """To a file of the site, and to an anchor that its page has; the frame's own links too."""
    lost = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            target, anchor = urldefrag(unquote(link))
            if ":" in target.split("/")[0]:
                continue
            there = (path.parent / target).resolve() if target else path
            there = there / "index.html" if there.is_dir() else there
            if not there.is_file() or (anchor and there in pages and anchor not in pages[there].anchors):
                lost.append(f"{path.name}: {link}")
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    """No font, script, style or picture has an address of its own; styles import none."""
    assert [one for page in pages.values() for one in page.loaded if "//" in one] == []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "url(http" not in text, sheet.name
        assert "url(//" not in text, sheet.name
        assert "@import" not in text, sheet.name


@pytest.mark.parametrize(("language", "words"), [("en", "Search"), ("zh", "搜索")])
def test_both_languages_have_a_frame_and_a_search(site: Path, language: str, words: str) -> None:
    """The frame's words, a way to the other language, and an index with the pages of both."""
    text = (site / language / "index.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}"' in text
    assert words in text
    assert f'href="../{"zh" if language == "en" else "en"}/index.html"' in text
    items = json.loads((site / language / "search.json").read_text(encoding="utf-8"))["items"]
    found = {item["location"].partition("#")[0] for item in items}
    assert {"tutorials/robot.html", "zh/tutorials/robot.html", "reference/python/index.html"} <= found


def test_python_is_told_from_docstrings(pages: dict[Path, Page], site: Path) -> None:
    """Every public name has its place, roles of docstrings are names."""
    page = site / "en" / "reference" / "python" / "index.html"
    assert {f"nearfar.{name}" for name in nearfar.__all__ if name != "__version__"} <= pages[page].anchors
    assert ":class:" not in page.read_text(encoding="utf-8")


def test_every_page_of_docs_is_on_the_site(site: Path) -> None:
    """None is forgotten."""
    docs = TOOL.ROOT / "docs"
    for page in docs.rglob("*.md"):
        name = "index" if page.name == "README.md" else page.stem
        assert (site / "en" / page.relative_to(docs).with_name(f"{name}.html")).is_file(), page


def test_lists_begin_after_an_empty_line() -> None:
    """As Markdown of GitHub does not need it; within a list nothing changes."""
    assert TOOL._lists_apart("a:\n- b\n- c\n  d\n- e") == "a:\n\n- b\n- c\n  d\n- e"
