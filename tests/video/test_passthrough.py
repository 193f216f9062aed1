"""A video beside its heat map in its own colours: 10 bits, HDR and every matrix stay as they are."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops.colormap import colorize
from nearfar.types.moving import VideoColour, VideoFrame
from nearfar.video._about import light_level, mastering_display
from nearfar.video.join import join
from nearfar.video.passthrough import Ink, KeptOptions, kept_look, kept_size, painted
from nearfar.video.read import open_video
from nearfar.video.write import open_piece
from video.clips import Recipe, clip

if TYPE_CHECKING:
    from pathlib import Path

RAMP = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
HDR = Recipe(codec="libx265", pixels="yuv420p10le", colour=(9, 1, 9, 16))
DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def luma(frame: object) -> np.ndarray:
    """Brightness as it is stored."""
    plane = frame.planes[0]
    kind = np.uint16 if "10" in frame.format.name else np.uint8
    return np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width].astype(int)


def kept(folder: Path, source: Path, layout: str = "right", suffix: str = ".mp4") -> Path:
    """The source beside a ramp, in its own colours."""
    video = open_video(source)
    info, ink, options = video.info, Ink.of(video.info), KeptOptions(layout=layout, colormap="grey")
    look = kept_look(info, kept_size(info.width, info.height, layout), ink, 4, suffix)
    with open_piece(folder / "a.nut", look) as piece:
        for frame in video:
            piece.write_planes(painted(frame, (RAMP, (0.0, 1.0)), ink, options), frame.pts)
    target = folder / f"kept{suffix}"
    join([folder / "a.nut"], target, source)
    return target


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(colour=(5, 1, 5, 6)),
        Recipe(colour=(1, 2, 1, 1)),
        Recipe(width=63, height=47, pixels="yuv444p"),
        Recipe(rotation=-90),
        HDR,
        Recipe(codec="libx265", pixels="yuv420p10le", colour=(9, 1, 9, 18)),
    ],
    ids=["709", "601", "full range", "odd 4:4:4", "turned", "pq", "hlg"],
)
def test_the_videos_own_half_stays(tmp_path: Path, recipe: Recipe) -> None:
    """Colours, bits, range and brightness are the source's; the other half is the heat map."""
    source = clip(tmp_path / "clip.mp4", recipe)
    target = kept(tmp_path, source)
    info, found = open_video(source).info, open_video(target).info
    assert (found.bits, found.is_hdr) == (info.bits, info.is_hdr)
    assert found.colour == info.colour
    half = info.width + info.width % 2
    given, new = next(iter(open_video(source))), next(iter(open_video(target)))
    gap = np.abs(new.rgb[: info.height, : info.width].astype(int) - given.rgb)
    assert gap.mean() < 4
    heat = new.rgb[: info.height, half : half + info.width].astype(int)
    shown = colorize(RAMP[: info.height, : info.width] if not recipe.rotation else RAMP, "grey")
    if heat.shape == shown.shape:
        assert np.abs(heat - shown)[shown < 140].mean() < 12  # brighter tones of HDR are mapped down


def test_brightness_is_copied_to_a_step(tmp_path: Path) -> None:
    """Of 10 bits: what is written is what was decoded, before it is encoded."""
    source = clip(tmp_path / "clip.mp4", HDR)
    frame = next(iter(open_video(source)))
    y, u, v = painted(frame, (RAMP, (0.0, 1.0)), Ink.of(open_video(source).info), KeptOptions())
    with av.open(str(source)) as container:
        stored = luma(next(container.decode(video=0)))
    assert np.array_equal(y[:, :64], stored)
    assert (y.shape, u.shape, v.shape, y.dtype) == ((48, 128), (24, 64), (24, 64), np.uint16)


def test_layouts_lie_where_they_should(tmp_path: Path) -> None:
    """Each side, and over it."""
    frame = next(iter(open_video(clip(tmp_path / "clip.mp4"))))
    ink = Ink(VideoColour("bt709", "tv", "bt709", "bt709"))
    plain = {
        layout: painted(frame, (np.zeros((4, 4), np.float32), (0.0, 1.0)), ink, KeptOptions(layout=layout))[0]
        for layout in ("right", "left", "below", "above", "over")
    }
    for layout, y in plain.items():
        assert y.shape[::-1] == kept_size(64, 48, layout)
    black = plain["right"][0, -1]
    assert plain["left"][0, 0] == plain["above"][0, 0] == plain["below"][-1, 0] == black
    assert abs(int(plain["over"][0, 0]) - round(0.6 * int(plain["right"][0, 0]) + 0.4 * int(black))) <= 1


def test_frames_of_arrays_are_taken_too() -> None:
    """Of plain colours; there is no HDR in them."""
    frame = VideoFrame.of(np.full((5, 7, 3), 255, np.uint8), 0)
    ink = Ink(VideoColour("bt709", "tv", "bt709", "bt709"))
    y, _, _ = painted(frame, (RAMP, (0.0, 1.0)), ink, KeptOptions())
    assert (y.shape, y[0, 0]) == ((6, 16), 235)
    with pytest.raises(ParameterError):
        painted(
            frame,
            (RAMP, (0.0, 1.0)),
            Ink(VideoColour("bt2020nc", "tv", "bt2020", "smpte2084"), 10),
            KeptOptions(),
        )


def test_a_flat_map_is_far_everywhere() -> None:
    """Where the span has no width."""
    frame = VideoFrame.of(np.zeros((4, 4, 3), np.uint8), 0)
    y, _, _ = painted(
        frame, (RAMP, (1.0, 1.0)), Ink(VideoColour("bt709", "tv")), KeptOptions(colormap="grey")
    )
    assert set(y[:, 4:].ravel()) == {16}


def test_the_screen_of_hdr_goes_along(tmp_path: Path) -> None:
    """Primaries and light of the screen it was made on, and the brightest pixel."""
    # without bframes=0, x265 gives the times of a clip of one or two pictures as memory held them
    params = f"log-level=none:bframes=0:hdr10=1:master-display={DISPLAY}:max-cll=1000,400"
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx265", rate=30, options={"preset": "veryfast", "x265-params": params}
        )
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = 9, 1, 9, 16
        frame = av.VideoFrame(64, 48, "yuv420p10le")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert (open_video(path).info.mastering_display, open_video(path).info.light_level) == (
        DISPLAY,
        "1000,400",
    )
    found = open_video(kept(tmp_path, path)).info
    assert (found.mastering_display, found.light_level) == (DISPLAY, "1000,400")


def test_screens_that_are_not_told_stay_empty() -> None:
    """No bytes, and bytes that say that nothing is known."""
    assert mastering_display(b"") == mastering_display(bytes(88)) == ""
    assert light_level(b"") == light_level(bytes(8)) == ""
