"""The search of the docs' site finds Chinese and English words, and asks nobody else."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from scripts import script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the docs' site."""
    pytest.importorskip("zensical")
    folder: Path = tmp_path_factory.mktemp("docs")
    script("tools/docs_site.py").build(folder / "site", folder / "stage")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("language", "words", "title"), [("zh", "虚化", "把背景虚化"), ("en", "bump", "does not")]
)
def test_words_are_found(browser: Browser, site: str, language: str, words: str, title: str) -> None:
    """A page whose title holds them is offered."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/{language}/index.html")
    page.locator(".md-search__button").click()
    page.locator("input").last.fill(words)
    page.locator("a:has(mark)").filter(has_text=title).first.wait_for(timeout=30_000)
    assert [url for url in asked if not url.startswith((site, "blob:", "data:"))] == []
    page.close()
