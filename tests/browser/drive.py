"""What drives the page: the real service in a process of its own, and the Chromium of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser, Page, Playwright

REPOSITORY = Path(__file__).resolve().parents[2]
ARTIFACTS = REPOSITORY / "artifacts"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("C:/Program Files/Google/Chrome/Application/chrome.exe"),
)
MISSING = "no Chrome or Chromium here: on Debian, sudo apt-get install chromium"
QUIET = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a moving test picture
)


def find_chromium() -> str | None:
    """The path of an installed Chrome or Chromium, or None."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((str(path) for path in PLACES if path.is_file()), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """A Chromium without a window that talks to nobody on its own."""
    return playwright.chromium.launch(executable_path=path, args=list(QUIET))


@contextlib.contextmanager
def serving(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a service that runs on a free port while the block does; ``settings`` by variable."""
    own = {"NEARFAR_PORT": "0", "NEARFAR_HOST": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    environment = {**os.environ, **own, **(settings or {})}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "nearfar", "serve"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        )
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _address(process: subprocess.Popen[str], log: object) -> str:
    """The address that the service tells when it answers."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://\S+?:\d+", line)
        if found:
            return found[0] + "/"
    log.seek(0)
    raise RuntimeError(f"the service did not start:\n{log.read()}")


def give(page: Page, file: str | Path | dict[str, object]) -> None:
    """Hand the page a photo through its file input, and wait for the heat map."""
    page.set_input_files("#file", file)
    wait_for_heat(page)


def wait_for_heat(page: Page) -> None:
    """Until the result is there and its entrance, if it has one, is over."""
    page.wait_for_selector("html[data-state=result]", state="attached")
    page.evaluate("Promise.allSettled(document.getAnimations().map((motion) => motion.finished))")


def wait_until(page: Page, expression: str, seconds: float = 30) -> None:
    """Until an expression of JavaScript is true; the page's policy forbids Playwright's own way."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"it did not become true: {expression}"
        page.wait_for_timeout(50)
