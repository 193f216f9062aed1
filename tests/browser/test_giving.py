"""Giving away: clipboard, a link to the settings, and photos that other apps share with this one."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from browser.drive import give, wait_until
from browser.eyes import canvas, pixels

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

READ = """async () => {
  const [item] = await navigator.clipboard.read();
  const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def test_the_picture_goes_to_the_clipboard(open_page, photo) -> None:
    """What is pasted elsewhere is the heat map that is seen."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    give(page, photo)
    page.click("#copy")
    wait_until(page, "document.getElementById('given').textContent !== ''")
    assert "on the clipboard" in page.inner_text("#given")
    pasted = pixels(base64.b64decode(page.evaluate(READ)))
    assert np.abs(pasted.astype(int) - canvas(page, "heat")).max() <= 1


def test_a_link_leads_to_the_same_settings(open_page, photo) -> None:
    """Mode, colours, overlay and the options of an effect are set as they were; no photo is in it."""
    page = open_page()
    give(page, photo)
    page.check("input[value=turbo]")
    page.fill("#opacity", "40")
    page.click("#modes [data-mode=effects]")
    page.click("[data-effect=fog]")
    page.fill("#effect-fog-density", "6")
    page.click("#link")
    wait_until(page, "location.hash.includes('fx-density=6')")
    other = open_page(page.url)
    give(other, photo)
    assert other.get_attribute("#modes [data-mode=effects]", "aria-pressed") == "true"
    wait_until(other, "document.getElementById('effect-fog-density')?.value === '6'")
    other.click("#modes [data-mode=depth]")
    assert other.is_checked("input[value=turbo]")
    assert other.input_value("#opacity") == "40"


def test_photos_shared_by_other_apps_come_in(open_page, service, photo) -> None:
    """The page is an app with a worker: what a phone's gallery shares with it lies on the page."""
    page = open_page(service_workers="allow")
    manifest = json.loads(page.request.get(f"{service}manifest.webmanifest").text())
    assert manifest["share_target"]["params"]["files"][0]["name"] == "photos"
    wait_until(page, "navigator.serviceWorker.controller !== null")
    page.evaluate(
        """async (bytes) => {
          const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
          const form = document.createElement("form");
          const input = Object.assign(document.createElement("input"), { type: "file", name: "photos" });
          const hand = new DataTransfer();
          hand.items.add(new File([data], "图.jpg", { type: "image/jpeg" }));
          input.files = hand.files;
          form.append(input);
          document.body.append(form);
          const enctype = "multipart/form-data";
          Object.assign(form, { method: "post", action: "share-target", enctype }).submit();
        }""",
        base64.b64encode(photo["buffer"]).decode(),
    )
    page.wait_for_selector("html[data-state=result]", state="attached")
    assert page.inner_text("#name") == "图.jpg"
