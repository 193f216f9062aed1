"""The main path in Firefox: the served page and the studio without a server."""

from __future__ import annotations

import pytest

from browser.drive import REPOSITORY
from browser.firefox import find_firefox, firefox
from browser.static_studio import built, given_out

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STREET = REPOSITORY / "src" / "nearfar" / "assets" / "samples" / "street.jpg"
COLOURS = """((id) => {
  const from = document.getElementById(id);
  const [width, height] = [from.width, from.height];
  const to = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  to.drawImage(from, 0, 0);
  return new Set(new Uint32Array(to.getImageData(0, 0, width, height).data.buffer)).size;
})"""
IS_RESULT = "document.documentElement.dataset.state === 'result'"
IS_MADE = "!document.getElementById('effect-save').disabled"


@pytest.fixture(scope="module")
def fox():
    """A Firefox; where there is none the tests are skipped."""
    path = find_firefox()
    if path is None:
        pytest.skip("no Firefox here: on Debian, sudo apt-get install firefox-esr")
    with firefox(path) as found:
        yield found


def walk(fox, address: str) -> None:
    """A photo, its heat map, refocus, 3D and an effect; nothing went wrong, nothing from elsewhere."""
    fox.faults.clear()
    fox.asked.clear()
    fox.visit(address)
    fox.give(STREET)
    fox.wait_until(IS_RESULT)
    assert fox.run(f"{COLOURS}('heat')") > 100
    has_gl = fox.run("document.createElement('canvas').getContext('webgl2') !== null")
    for mode, canvas in (("refocus", "lens"), ("space", "space")):
        fox.run(f"document.querySelector('[data-mode={mode}]').click()")
        if has_gl:
            fox.wait_until(f"document.getElementById('{canvas}').dataset.ms !== undefined")
            assert fox.run(f"{COLOURS}('{canvas}')") > 1000
        else:  # without a display Firefox has no WebGL: the page says so
            fox.wait_until(f"!document.getElementById('{mode}-none').hidden")
    fox.run("document.querySelector('[data-mode=effects]').click()")
    fox.wait_until("document.querySelector('[data-effect=fog]') !== null")
    fox.run("document.querySelector('[data-effect=fog]').click()")
    fox.wait_until(IS_MADE)
    assert fox.run("document.getElementById('effect-image').naturalWidth") == 640
    fox.run("document.querySelector('[data-language=zh]').click()")
    assert fox.run("document.querySelector('[data-mode=depth]').innerText") == "远近"
    assert [fault for fault in fox.faults if has_gl or "WebGL" not in fault] == []
    assert [url for url in fox.asked if not url.startswith((address, "blob:", "data:"))] == []


def test_the_served_page(fox, service) -> None:
    """By the service, from the photo to an effect."""
    walk(fox, service)


@pytest.mark.slow
def test_the_studio_without_a_server(fox) -> None:
    """By the network in the browser, from the photo to an effect; the live camera runs, too."""
    with given_out(built("studio")) as (address, _):
        walk(fox, address)
        fox.visit(address)
        fox.run("document.getElementById('live-start').click()")
        fox.wait_until("Number(document.getElementById('live-heat').dataset.frames ?? 0) > 2")
        assert fox.run(f"{COLOURS}('live-heat')") > 20
