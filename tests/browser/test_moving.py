"""A video dropped on the page: worked on with a preview, then scrubbed beside its depth, and saved."""

from __future__ import annotations

import io

import numpy as np
import pytest

from browser.drive import ARTIFACTS, wait_until
from moving_pictures import Shape, write_clip

av = pytest.importorskip("av")

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FRAMES = 60
DONE = "!document.getElementById('moving-player').hidden"
READY = "document.getElementById('moving-heat').readyState >= 2"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A short WebM, which every Chromium plays, as a file to hand over."""
    path = tmp_path_factory.mktemp("clips") / "walk.webm"
    shape = Shape(320, 180, FRAMES, codec="libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"})
    write_clip(path, shape)
    return {"name": "walk.webm", "mimeType": "video/webm", "buffer": path.read_bytes()}


def hand_over(page, clip) -> None:
    """Choose the file."""
    page.set_input_files("#file", clip)


def finish(page, clip) -> None:
    """Hand it over and wait until its depth is there."""
    hand_over(page, clip)
    wait_until(page, DONE)
    wait_until(page, READY)


def test_a_preview_runs_beside_the_video(open_page, clip) -> None:
    """While frames are counted the newest picture is shown; at the end it gives way to the depth."""
    page = open_page()
    hand_over(page, clip)
    wait_until(page, "!document.getElementById('moving-preview').hidden")
    assert "frames" in page.inner_text("#moving-text")
    page.screenshot(path=ARTIFACTS / "moving-preview.png")
    wait_until(page, DONE)
    assert page.is_hidden("#moving-preview")
    assert page.is_hidden("#moving-run")
    assert page.inner_text("#moving-facts").startswith(f"{FRAMES} frames")


def test_video_and_depth_are_scrubbed_together(open_page, clip) -> None:
    """One handle moves both; the depth is a picture of many colours of the video's size and shape."""
    page = open_page()
    finish(page, clip)
    for stage in page.locator("#moving .stage").all():
        box = stage.bounding_box()
        assert abs(box["width"] / box["height"] - 320 / 180) < 0.02
    page.evaluate(
        "document.getElementById('moving-scrub').value = 1.2;"
        "document.getElementById('moving-scrub').dispatchEvent(new Event('input'))"
    )
    for name in ("photo", "heat"):
        wait_until(page, f"Math.abs(document.getElementById('moving-{name}').currentTime - 1.2) < 0.05")
    wait_until(page, READY)
    assert page.inner_text("#moving-time") == "0:01 / 0:02"
    shown = page.locator("#moving-heat").screenshot()
    pixels = np.asarray(av.open(io.BytesIO(shown)).decode(video=0).__next__().to_ndarray(format="rgb24"))
    assert len(np.unique(pixels.reshape(-1, 3) // 8, axis=0)) > 50
    page.screenshot(path=ARTIFACTS / "moving-done.png")


def test_the_video_is_saved(open_page, clip) -> None:
    """Under the clip's name, with as many frames."""
    page = open_page()
    finish(page, clip)
    with page.expect_download() as found:
        page.click("#moving-save")
    assert found.value.suggested_filename.startswith("walk.heatmap.")
    with av.open(found.value.path()) as file:
        assert sum(1 for _ in file.decode(video=0)) == FRAMES


def test_cancelling_goes_back_to_the_start(open_page, service, clip) -> None:
    """And the service forgets the job."""
    page = open_page()
    hand_over(page, clip)
    wait_until(page, "document.getElementById('moving-text').innerText.includes('frames')")
    page.click("#moving-cancel")
    assert page.is_visible("#start")
    wait_until(page, "fetch('v1/jobs').then((a) => a.json()).then(({ jobs }) => jobs.length === 0)")


def test_another_effect_is_made_of_the_same_video(open_page, clip) -> None:
    """With the settings that are chosen then."""
    page = open_page()
    finish(page, clip)
    before = page.get_attribute("#moving-heat", "src")
    page.select_option("#moving-effect", "overlay")
    page.check("#moving-depth")
    page.click("#moving-again")
    wait_until(page, f"{DONE} && document.getElementById('moving-heat').getAttribute('src') !== {before!r}")
    assert page.is_visible("#moving-save-depth")


def test_it_speaks_chinese(open_page, clip) -> None:
    """Every word, also of what is counted."""
    page = open_page(locale="zh-CN")
    finish(page, clip)
    assert page.inner_text("#moving-facts").startswith(f"{FRAMES} 帧")
    assert page.inner_text("#moving-save") == "保存视频"
    page.screenshot(path=ARTIFACTS / "moving-zh.png")


def test_a_file_that_only_looks_like_a_video_is_told(open_page) -> None:
    """In words, at the top of the start page."""
    page = open_page()
    page.set_input_files(
        "#file", {"name": "no.mp4", "mimeType": "video/mp4", "buffer": b"\0\0\0\x18ftypmp42" + bytes(400)}
    )
    wait_until(page, "!document.getElementById('problem').hidden")
    assert page.is_visible("#start")
    assert "“no.mp4” is not a video" in page.inner_text("#problem-text")
    page.click("[data-language=zh]")
    wait_until(page, "document.querySelector('#problem-detail q').lang === 'zh-CN'")
    assert "不是能读取的视频" in page.inner_text("#problem-detail")
