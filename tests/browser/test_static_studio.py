"""The page as a folder of files: depth in the browser is the library's own, also without a connection."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest

import nearfar
from browser.drive import REPOSITORY, give, wait_for_heat, wait_until
from browser.eyes import canvas
from browser.static_studio import built, given_out

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.slow]

STREET = REPOSITORY / "src" / "nearfar" / "assets" / "samples" / "street.jpg"
MOST_ON_THE_WIRE = 8 * 1024 * 1024
BESIDE_VALUES = 0.02
"""Mean distance, in shares of the range: pixels decoded otherwise, integers added in another order."""
BESIDE_COLOURS = 6.0
"""Mean distance of heat maps in levels: the service works in float32, the studio in int8."""


@pytest.fixture(scope="module")
def folder():
    """The studio, built from these sources."""
    return built("studio")


def saved_values(page) -> np.ndarray:
    """The values of the result in the photo's own size, as the page saves them."""
    page.select_option("#save-format", "npy")
    with page.expect_download() as file:
        page.click("#save")
    return np.load(io.BytesIO(file.value.path().read_bytes()))


def test_all_of_it_is_small_on_the_wire(folder) -> None:
    """Everything together, compressed as the plainest web hosts do it (gzip)."""
    sizes = {
        file.name: len(gzip.compress(file.read_bytes(), 9)) for file in folder.rglob("*") if file.is_file()
    }
    assert sum(sizes.values()) <= MOST_ON_THE_WIRE, sizes


def test_the_browser_tells_what_python_tells_and_goes_on_without_a_connection(folder, open_page) -> None:
    """A photo on the static page: values and colours of the library; then offline, from the start."""
    served = open_page()
    give(served, str(STREET))
    wanted = canvas(served, "heat")
    truth = nearfar.load("embedded", precision="int8").estimate(STREET)
    with given_out(folder) as (address, server):
        page = open_page(address, service_workers="allow", accept_downloads=True)
        give(page, str(STREET))
        found = saved_values(page)
        assert found.shape == truth.values.shape
        span = float(np.ptp(truth.values))
        assert np.abs(found - truth.values).mean() < BESIDE_VALUES * span
        assert abs(np.ptp(found) - span) < 0.05 * span
        heat = canvas(page, "heat")
        assert heat.shape == wanted.shape
        assert np.abs(heat.astype(float) - wanted).mean() < BESIDE_COLOURS
        assert page.locator("#live-start, [data-mode=effects]").locator("visible=true").count() == 0
        wait_until(page, "navigator.serviceWorker.controller !== null", 60)
        server.shutdown()
        server.server_close()
        page.context.set_offline(True)
        page.reload()
        wait_for_heat(page)  # the result was kept
        page.click("#brand")
        page.click("#sample-list button >> nth=1")
        wait_for_heat(page)
        np.testing.assert_array_equal(canvas(page, "heat"), heat)
