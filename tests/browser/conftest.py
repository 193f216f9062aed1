"""A real service, a real Chromium, and a page that is watched: no error, nothing from outside goes unseen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from browser.drive import MISSING, find_chromium, launch, serving
from nearfar.keys import KeyFile
from pictures import draw, encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    OpenPage = Callable[..., Page]

MAX_BYTES = 2_000_000
"""What the service under test takes: enough for every photo but the one that is meant to be too large."""
WAYS = {
    "service_workers": "block",
    "locale": "en-GB",
    "viewport": {"width": 1280, "height": 860},
    "reduced_motion": "reduce",
}
"""How a page is opened where a test says nothing else; without motion nothing has to be waited for."""
ANSWERED_IN_WORDS = (
    "v1/depth",
    "v1/models",
    "v1/effects",
    "v1/exports",
    "v1/photos",
    "v1/jobs",
    "v1/segment",
    "healthz",
)
"""Addresses whose failures the page shows in words; the browser notes them on its console as well."""

OWN_WORDS = (
    *("WebSocket connection to", "GPU stall due to ReadPixels", "registration blocked by Playwright"),
    "No available adapters",
)
"""What the browser notes by itself: a refused stream (the page tells it, too); how it draws, or cannot."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service with the embedded network."""
    home = str(tmp_path_factory.mktemp("home"))
    with serving({"NEARFAR_MAX_BYTES": str(MAX_BYTES), "NEARFAR_HOME": home}) as address:
        yield address


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    """Where the keys of the service that needs one are."""
    return KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="session")
def keyed_service(key_file: KeyFile) -> Iterator[str]:
    """The address of a running service that needs a key."""
    with serving({"NEARFAR_KEYS": str(key_file.path), "NEARFAR_REQUIRE_KEYS": "1"}) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium; where there is none the tests are skipped, but they fail in CI."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = launch(playwright, path)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, service: str) -> Iterator[OpenPage]:
    """Open the page in a fresh profile of given ways; at the end nothing may have gone wrong unseen."""
    contexts, faults = [], []

    def open_(at: str = service, script: str = "", **ways: object) -> Page:
        context = browser.new_context(**{**WAYS, **ways})
        contexts.append(context)
        if script:
            context.add_init_script(script)  # before any of the page's own
        page = context.new_page()
        page.set_default_timeout(60_000)
        _watch(page, at.partition("#")[0], faults)
        page.goto(at)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The page in English on a desktop."""
    return open_page()


@pytest.fixture(scope="session")
def photo() -> dict[str, object]:
    """The drawn scene as a photo to hand over."""
    data = encoded(draw(320, 240), "JPEG", quality=92)
    return {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": data}


def _watch(page: Page, service: str, faults: list[str]) -> None:
    """Gather console errors (which tell of violated policies, too), exceptions, and requests elsewhere."""

    def on_console(message: object) -> None:
        source = message.location["url"].removeprefix(service)
        is_told = source.startswith(ANSWERED_IN_WORDS) or any(words in message.text for words in OWN_WORDS)
        if message.type in {"error", "warning"} and not is_told:
            faults.append(f"console: {message.text} ({source})")

    def on_request(request: object) -> None:
        if not request.url.startswith((service, "blob:", "data:")):
            faults.append(f"outside: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    page.on("request", on_request)
