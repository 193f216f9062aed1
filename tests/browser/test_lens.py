"""The lens by WebGPU beside the one by WebGL2: the same picture; which of them draws is measured."""

from __future__ import annotations

import numpy as np
import pytest

from browser.drive import QUIET, REPOSITORY, find_chromium, give, wait_until
from browser.eyes import canvas

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STREET = REPOSITORY / "src" / "nearfar" / "assets" / "samples" / "street.jpg"
WITH_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
"""WebGPU drawn by the processor: what this machine has in place of a card."""
CARD = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });"
"""The stand-in is taken for a card."""
SLOW = """
  const [machine, act] = [%s.prototype, "%s"];
  const own = machine[act];
  machine[act] = function (...given) {
    for (const end = performance.now() + 400; performance.now() < end; );
    return own.apply(this, given);
  };
"""
SLOW_GL, SLOW_GPU = SLOW % ("WebGL2RenderingContext", "drawArrays"), SLOW % ("GPUQueue", "submit")


@pytest.fixture(scope="module")
def with_gpu(browser):
    """A Chromium with WebGPU; where there is none the tests are skipped."""
    arguments = [word for word in QUIET if word != "--disable-gpu"] + WITH_GPU
    found = browser.browser_type.launch(executable_path=find_chromium(), args=arguments)
    yield found
    found.close()


def lens_of(browser, service: str, script: str) -> tuple[str, np.ndarray]:
    """Who drew the street out of focus, and the picture at rest."""
    page = browser.new_page(viewport={"width": 900, "height": 700})
    if script:
        page.add_init_script(script)
    page.goto(service)
    if not page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
        page.close()
        pytest.skip("no WebGPU in this Chromium")
    give(page, str(STREET))
    page.click("#modes [data-mode=refocus]")
    wait_until(page, "document.getElementById('lens').dataset.ms !== undefined", 90)
    wait_until(page, "document.getElementById('lens').width === 640", 90)
    page.wait_for_timeout(2500)  # the picture at rest is drawn finely
    found = page.get_attribute("#lens", "data-by"), canvas(page, "lens").astype(int)
    page.close()
    return found


def test_webgpu_draws_the_same_picture_where_it_is_faster(with_gpu, service) -> None:
    """Beside a slow WebGL2 it is chosen; what it draws is what WebGL2 draws where there is no card."""
    name, picture = lens_of(with_gpu, service, CARD + SLOW_GL)
    assert name == "webgpu"
    fallback, wanted = lens_of(with_gpu, service, "")
    assert fallback == "webgl2"
    assert picture.shape == wanted.shape
    assert np.abs(picture - wanted).mean() < 0.5
    assert np.percentile(np.abs(picture - wanted), 99.9) <= 2


def test_webgl2_draws_where_webgpu_is_slower(with_gpu, service) -> None:
    """A card is there, but measured to take longer."""
    assert lens_of(with_gpu, service, CARD + SLOW_GPU)[0] == "webgl2"
