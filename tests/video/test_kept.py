"""Runs that keep a video's colours: side by side and overlay of HDR, of 10 bits and of older matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar import api
from nearfar.types.moving import VideoColour
from nearfar.video.drawing import EffectDrawer, KeptDrawer, drawer_of
from nearfar.video.estimate import estimate_video
from nearfar.video.outputs import Wish, sinks_of
from nearfar.video.passthrough import Ink
from nearfar.video.read import open_video
from nearfar.video.run import RunOptions, run
from video.clips import Recipe, clip, packets

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = {
    "pq": Recipe(codec="libx265", pixels="yuv420p10le", colour=(9, 1, 9, 16), audio=1),
    "601": Recipe(colour=(5, 1, 5, 6), audio=1),
    "turned": Recipe(rotation=-90, audio=1),
}


@pytest.mark.parametrize("effect", ["side-by-side", "overlay"])
@pytest.mark.parametrize("name", SOURCES)
def test_what_is_passed_through_stays(tmp_path: Path, name: str, effect: str) -> None:
    """Colours, bits, times and sound of the source; the photo's half looks like the photo."""
    source = clip(tmp_path / "clip.mp4", SOURCES[name])
    target = tmp_path / "out.mp4"
    with open_video(source) as film:
        run(film, api.load(engine="fake"), sinks_of([Wish(target, effect, {}, 6)]), RunOptions(segment=5))
        info = film.info
    found = open_video(target)
    assert (found.info.colour, found.info.bits) == (info.colour, info.bits)
    assert [one.pts for one in found] == [one.pts for one in open_video(source)]
    assert packets(target, "audio") == packets(source, "audio")
    new, old = next(iter(found)), next(iter(open_video(source)))
    if effect == "side-by-side":
        assert (new.width, new.height) == (2 * info.width, info.height)
        assert np.abs(new.rgb[:, : info.width].astype(int) - old.rgb).mean() < 5


def test_a_preview_of_it_is_plain(tmp_path: Path) -> None:
    """What is shown in between is sRGB, whatever the file has."""
    source = clip(tmp_path / "clip.mp4", SOURCES["pq"])
    found = next(iter(estimate_video(source, api.load(engine="fake"))))
    drawn = drawer_of("side-by-side").plan(found)()
    assert drawn.ink == Ink(VideoColour("bt2020nc", "tv", "bt2020", "smpte2084"), 10)
    assert drawn.size == (128, 48)
    assert np.abs(drawn.colours()[:, :64].astype(int) - found.frame.rgb).mean() < 5


def test_a_gap_is_drawn_by_us() -> None:
    """White between the two, in plain colours."""
    assert isinstance(drawer_of("side-by-side", {"gap": "8"}), EffectDrawer)
    assert isinstance(drawer_of("side-by-side"), KeptDrawer)
