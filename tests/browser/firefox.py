"""A Firefox, without a window where there is no display, driven by its own protocol (W3C WebDriver BiDi)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("firefox-esr", "firefox")
QUIET = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("webgl.force-enabled", true);
user_pref("intl.accept_languages", "en-GB, en");
user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.permission.disabled", true);
"""
"""Settings of the profile: it talks to nobody on its own, and its camera shows a test picture."""


def find_firefox() -> str | None:
    """The path of an installed Firefox, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Firefox:
    """One tab of it; ``faults`` holds errors of pages and requests to other hosts than those visited."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._sent = 0
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self._tab = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **params: Any) -> Any:
        """What a command answers; events that come meanwhile are noted.

        Raises:
            RuntimeError: the browser says that it failed.
        """
        self._sent += 1
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv(timeout=120))
            if told.get("id") == self._sent:
                break
            self._note(told)
        if told["type"] == "error":
            raise RuntimeError(f"{method}: {told['message']}")
        return told["result"]

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "log.entryAdded" and params["level"] == "error":
            self.faults.append(str(params["text"]))
        if event.get("method") == "network.beforeRequestSent":
            self.asked.append(params["request"]["url"])

    def visit(self, address: str) -> None:
        """Load a page."""
        self.call("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page, awaited, as JSON has it.

        Raises:
            RuntimeError: it threw.
        """
        target = {"context": self._tab}
        told = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target=target,
            awaitPromise=True,
        )
        if told["type"] == "exception":
            raise RuntimeError(told["exceptionDetails"]["text"])
        text = told["result"].get("value")
        return None if text is None else json.loads(text)

    def wait_until(self, expression: str, seconds: float = 60) -> None:
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < end, f"it did not become true: {expression}"
            time.sleep(0.1)

    def give(self, file: Path) -> None:
        """Hand the page a photo through its file input."""
        found = self.call(
            "script.evaluate",
            expression="document.getElementById('file')",
            target={"context": self._tab},
            awaitPromise=False,
        )
        element = {"sharedId": found["result"]["sharedId"]}
        self.call("input.setFiles", context=self._tab, element=element, files=[str(file)])

    def screenshot(self) -> str:
        """A PNG of what is seen, in base64."""
        return str(self.call("browsingContext.captureScreenshot", context=self._tab)["data"])


@contextlib.contextmanager
def _display() -> Iterator[dict[str, str]]:
    """The environment with a display, without which it has no WebGL; as it is where none can be made."""
    server = shutil.which("Xvfb")
    if "DISPLAY" in os.environ or server is None:
        yield dict(os.environ)
        return
    taken, given = os.pipe()
    command = [server, "-displayfd", str(given), "-screen", "0", "1280x900x24"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, pass_fds=[given], stdout=log, stderr=log)
        os.close(given)
        try:
            with os.fdopen(taken) as told:
                yield {**os.environ, "DISPLAY": f":{told.readline().strip()}"}
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextlib.contextmanager
def firefox(path: str) -> Iterator[Firefox]:
    """A Firefox with a fresh profile while the block runs."""
    with (
        tempfile.TemporaryDirectory() as profile,
        tempfile.TemporaryFile("w+") as log,
        _display() as environment,
    ):
        (Path(profile) / "user.js").write_text(QUIET)
        head = [] if "DISPLAY" in environment else ["--headless"]
        command = [path, *head, "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        try:
            with connect(f"{_address(log)}/session", max_size=None) as socket:
                yield Firefox(socket)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(log: Any) -> str:
    """Where it listens, which it says as it starts."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        log.seek(0)
        found = re.search(r"listening on (ws://\S+)", log.read())
        if found:
            return found[1]
        time.sleep(0.1)
    raise RuntimeError("Firefox did not say where it listens")
