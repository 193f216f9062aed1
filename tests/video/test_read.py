"""Videos are read frame by frame: exact times, upright, right colours, and what is left of a damaged one."""

from __future__ import annotations

import io
import sys
import threading
import time
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest

from nearfar.errors import (
    BrokenImageError,
    EmptyInputError,
    MissingExtraError,
    ParameterError,
    SourceError,
    TooLargeError,
    UnsupportedFormatError,
)
from nearfar.video._source import VideoSource, source_of
from nearfar.video.limits import VideoLimits
from nearfar.video.read import open_video
from video.clips import Recipe, clip, picture, times

VARIED = (0, 1501, 4000, 4001, 90_017, 90_018, 180_000, 181_001)


def off(got: np.ndarray, want: np.ndarray) -> float:
    """The mean difference of colours, in steps of 255."""
    return float(np.abs(got.astype(float) - want).mean())


@pytest.mark.parametrize(
    ("recipe", "suffix"),
    [
        (Recipe(), ".mp4"),
        (Recipe(frames=1), ".mp4"),
        (Recipe(width=63, height=47, pixels="yuv444p"), ".mp4"),
        (Recipe(width=33, height=31, codec="ffv1"), ".mkv"),
        (Recipe(codec="libx265", pixels="yuv420p10le"), ".mp4"),
        (Recipe(codec="libvpx-vp9", base=Fraction(1, 1000), step=33), ".webm"),
        (
            Recipe(
                codec="mpeg4", base=Fraction(1, 25), step=1, colour=(5, 1, 5, 6), options={"b": "4000000"}
            ),
            ".avi",
        ),
        (Recipe(colour=(5, 1, 5, 6)), ".mov"),
        (Recipe(colour=(1, 2, 1, 1)), ".mkv"),
        (Recipe(colour=(9, 1, 9, 14), codec="libx265", pixels="yuv420p10le"), ".mkv"),
        (Recipe(), ".ts"),
        (Recipe(), ".nut"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.codec}-{value.width}-{value.colour[0]}",
)
def test_every_frame_comes_with_its_colours(tmp_path: Path, recipe: Recipe, suffix: str) -> None:
    """Any container, size, depth and matrix: the pictures that were written come out again, in order."""
    path = clip(tmp_path / f"clip{suffix}", recipe)
    with open_video(path) as video:
        frames = list(video)
    assert [one.index for one in frames] == list(range(recipe.frames))
    assert video.info.bits == (10 if "10" in recipe.pixels else 8)
    for one in frames:
        assert off(one.rgb, picture(one.index, recipe.width, recipe.height)) < 6
    assert video.notes == ()


def test_times_are_exact(tmp_path: Path) -> None:
    """Of a variable rate every step is as it was written."""
    recipe = Recipe(frames=len(VARIED), times=VARIED)
    with open_video(clip(tmp_path / "clip.mp4", recipe)) as video:
        assert tuple(one.pts for one in video) == VARIED
        assert video.info.time_base == Fraction(1, 90_000)


def test_bytes_and_open_files_are_read(tmp_path: Path) -> None:
    """A path, bytes, a file in memory and an open file give the same frames, more than once."""
    path = clip(tmp_path / "clip.mp4")
    data = path.read_bytes()
    with path.open("rb") as file:
        for given in (path, str(path), data, io.BytesIO(data), file):
            video = open_video(given)
            assert len(list(video)) == len(list(video)) == 12


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_frames_are_upright(tmp_path: Path, degrees: int, *, is_mirrored: bool) -> None:
    """Whatever the display matrix says: each of the eight ways, at full size and small."""
    recipe = Recipe(rotation=-degrees, is_mirrored=is_mirrored)
    with open_video(clip(tmp_path / "clip.mp4", recipe)) as video:
        first = next(iter(video))
    want = np.rot90(picture(0, 64, 48), -degrees // 90)
    want = want[:, ::-1] if is_mirrored else want
    assert (video.info.width, video.info.height) == want.shape[1::-1] == (first.width, first.height)
    assert (video.info.rotation, video.info.is_mirrored) == (degrees, is_mirrored)
    assert off(first.rgb, want) < 6
    small = first.small(first.width // 2, first.height // 2)
    assert off(small, want.reshape(want.shape[0] // 2, 2, want.shape[1] // 2, 2, 3).mean((1, 3))) < 8


def test_pixels_that_are_no_squares_are_told(tmp_path: Path) -> None:
    """Their aspect is kept as a number; turned by a quarter, it is turned over."""
    recipe = Recipe(aspect=Fraction(4, 3))
    assert open_video(clip(tmp_path / "a.mp4", recipe)).info.sample_aspect == Fraction(4, 3)
    recipe = Recipe(aspect=Fraction(4, 3), rotation=90)
    info = open_video(clip(tmp_path / "b.mp4", recipe)).info
    assert info.sample_aspect == Fraction(3, 4)
    assert any("4/3" in note for note in info.notes)


def test_interlaced_is_said(tmp_path: Path) -> None:
    """In words and as a fact."""
    interlaced = int(av.codec.context.Flags.interlaced_dct)
    path = clip(
        tmp_path / "clip.ts", Recipe(codec="mpeg2video", flags=interlaced, base=Fraction(1, 30), step=1)
    )
    info = open_video(path).info
    assert info.is_interlaced
    assert any("interlaced" in note for note in info.notes)


@pytest.mark.parametrize("transfer", [16, 18], ids=["pq", "hlg"])
def test_high_dynamic_range_is_mapped_to_a_plain_screen(tmp_path: Path, transfer: int) -> None:
    """Grey of PQ and HLG at the white of a plain picture is bright and grey; it is said in words."""
    recipe = Recipe(codec="libx265", pixels="yuv420p10le", colour=(9, 1, 9, transfer))
    with open_video(clip(tmp_path / "clip.mp4", recipe)) as video:
        pixels = next(iter(video)).rgb
    assert video.info.is_hdr
    assert any("HDR" in note for note in video.notes)
    bright = pixels[3:9, 3:9].reshape(-1, 3).astype(int)
    assert bright.min() > 230
    assert np.ptp(bright.mean(axis=0)) < 4


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("start", [0.0, 0.19, 0.2, 0.9])
def test_a_part_is_that_of_the_whole(tmp_path: Path, start: float, suffix: str) -> None:
    """Frames after a seek are those of the whole video, bit for bit, with their own index and time."""
    recipe = Recipe(frames=40, gop=6, options={"x264-params": "open-gop=1"}, base=Fraction(1, 30), step=1)
    video = open_video(clip(tmp_path / f"clip{suffix}", recipe))
    whole = {one.index: one for one in video}
    part = list(video.frames(start=start, end=start + 0.4, every=3))
    first = next(one.index for one in whole.values() if one.seconds >= start)
    last = next((one.index for one in whole.values() if one.seconds >= start + 0.4), 40)
    assert [one.index for one in part] == list(range(first, last, 3))
    for one in part:
        assert one.pts == whole[one.index].pts
        assert np.array_equal(one.rgb, whole[one.index].rgb)


@pytest.mark.parametrize("first", [0, 1, 11, 12, 13, 38])
def test_a_run_goes_on_at_an_index(tmp_path: Path, first: int) -> None:
    """The same frames as if it had never been ended, also of each third one."""
    video = open_video(clip(tmp_path / "clip.mp4", Recipe(frames=40, gop=6)))
    whole = [one.index for one in video.frames(start=0.1, every=3)]
    assert [one.index for one in video.frames(start=0.1, every=3, first=first)] == [
        index for index in whole if index >= first
    ]


@pytest.mark.parametrize("given", [{"start": -1}, {"start": 2, "end": 1}, {"every": 0}, {"first": -1}])
def test_parts_without_frames_are_refused(tmp_path: Path, given: dict) -> None:
    """With what would have a meaning."""
    video = open_video(clip(tmp_path / "clip.mp4"))
    with pytest.raises(ParameterError):
        list(video.frames(**given))


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".nut"])
def test_of_a_broken_tail_the_rest_is_kept(tmp_path: Path, suffix: str) -> None:
    """What was readable comes, and what is lost is said."""
    path = clip(tmp_path / f"clip{suffix}", Recipe(frames=60))
    data = path.read_bytes()
    video = open_video(data[: len(data) * 6 // 10])
    found = list(video)
    assert 20 < len(found) < 55
    assert off(found[10].rgb, picture(10, 64, 48)) < 6
    if suffix == ".mkv":  # the others do not tell how long they were
        assert any("breaks off" in note for note in video.notes)


def test_frames_keep_their_size_where_the_stream_changes_it(tmp_path: Path) -> None:
    """A broadcast that changes its size in the middle: later frames are scaled to the first one's."""
    first = clip(tmp_path / "a.ts", Recipe())
    second = clip(
        tmp_path / "b.ts", Recipe(width=32, height=32, times=tuple(36_000 + 3000 * i for i in range(12)))
    )
    frames = list(open_video(first.read_bytes() + second.read_bytes()))
    assert len(frames) > 15
    assert {one.rgb.shape for one in frames} == {(48, 64, 3)}


def test_holes_are_said(tmp_path: Path) -> None:
    """Packets full of noise in the middle: the others come, and words tell it."""
    path = clip(tmp_path / "clip.mkv", Recipe(frames=60, gop=1))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 700] = np.random.default_rng(1).integers(0, 256, 700, np.uint8).tobytes()
    video = open_video(bytes(data))
    assert 30 < len(list(video)) <= 60
    assert video.notes


def test_streams_chapters_and_words_are_told(tmp_path: Path) -> None:
    """Two sounds with their languages, subtitles, chapters, a title."""
    recipe = Recipe(audio=2, subtitles=True, chapters=True, words={"title": "A walk"})
    info = open_video(clip(tmp_path / "clip.mkv", recipe)).info
    assert [(one.kind, one.codec, one.language) for one in info.streams] == [
        ("audio", "aac", "eng"),
        ("audio", "aac", "deu"),
        ("subtitle", "srt", ""),
    ]
    assert [one.title for one in info.chapters] == ["near", "far"]
    assert dict(info.metadata)["title"] == "A walk"


def test_closing_waits_for_a_read_in_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera is let go of while its frames are taken elsewhere: they end, and nothing breaks."""
    monkeypatch.setattr(VideoSource, "is_live", property(lambda _: True))
    source = clip(tmp_path / "clip.ts", Recipe(frames=120))
    for _ in range(12):
        video, taken = open_video(source), []
        thread = threading.Thread(target=lambda one=video, out=taken: out.extend(f.index for f in one))
        thread.start()
        time.sleep(0.005)
        video.close()
        thread.join(20)
        assert not thread.is_alive()
        assert taken == list(range(len(taken)))


def test_words_that_are_no_text_are_read(tmp_path: Path) -> None:
    """A title in an older code page: replaced, not refused."""
    data = clip(tmp_path / "clip.mkv", Recipe(words={"title": "xxxx"})).read_bytes()
    found = open_video(data.replace(b"xxxx", b"\xffa\xfeb")).info.metadata
    assert "a" in dict(found)["title"]


def test_without_the_library_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    path = clip(tmp_path / "clip.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"nearfar\[video\]"):
        open_video(path)


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (VideoLimits(bytes=100), "bytes"),
        (VideoLimits(pixels=100), "pixels"),
        (VideoLimits(frames=5), "frames"),
        (VideoLimits(seconds=0.1), "long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_limits_are_held_before_work(tmp_path: Path, limits: VideoLimits, word: str) -> None:
    """Nothing is given out of a video that goes over one."""
    with pytest.raises(TooLargeError, match=word):
        open_video(clip(tmp_path / "clip.mp4"), limits)


def test_limits_are_held_where_the_file_does_not_tell(tmp_path: Path) -> None:
    """A stream that tells no count is ended at the limit."""
    video = open_video(clip(tmp_path / "clip.ts"), VideoLimits(frames=5))
    with pytest.raises(TooLargeError, match="more than 5"):
        list(video)


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    """Text, sound alone, nothing, no file, a folder, an unknown kind of address."""
    (tmp_path / "a.mp4").write_bytes(b"far from a video " * 100)
    (tmp_path / "b.mp4").write_bytes(b"")
    with av.open(str(tmp_path / "c.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    expected = {
        tmp_path / "a.mp4": UnsupportedFormatError,
        tmp_path / "b.mp4": EmptyInputError,
        tmp_path / "c.mp4": UnsupportedFormatError,
        b"": EmptyInputError,
        tmp_path / "none.mp4": SourceError,
        tmp_path: SourceError,
        "gopher://x/y": ParameterError,
    }
    for given, error in expected.items():
        with pytest.raises(error):
            open_video(given)
    with pytest.raises(ParameterError):
        open_video(3)


def test_a_video_of_noise_alone_is_broken(tmp_path: Path) -> None:
    """The container is whole, but nothing in it can be decoded."""
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("mpeg4", width=64, height=48)
        stream.time_base = Fraction(1, 25)
        packet = av.Packet(b"\xff" * 400)
        packet.pts = packet.dts = 0
        packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 25), stream, True
        container.mux(packet)
    with pytest.raises((BrokenImageError, UnsupportedFormatError)):
        open_video(path)


@pytest.mark.parametrize(
    "text", ["ffconcat version 1.0\nfile '{}'\n", "#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"]
)
def test_lists_of_files_open_nothing(tmp_path: Path, text: str) -> None:
    """What points to other files is no video."""
    inner = clip(tmp_path / "inner.ts")
    for name in ("list.mp4", "list.m3u8", "list.ffconcat"):
        (tmp_path / name).write_text(text.format(inner), encoding="utf-8")
        with pytest.raises(UnsupportedFormatError):
            open_video(tmp_path / name)
    with pytest.raises(UnsupportedFormatError):
        open_video(text.format(inner).encode())


def test_a_path_with_a_colon_is_a_file(tmp_path: Path) -> None:
    """No name is taken for a protocol, and a Path never for an address."""
    path = clip(tmp_path / "clip.mp4")
    odd = path.rename(tmp_path / "concat:a|b.mp4")
    assert len(list(open_video(odd))) == 12
    with pytest.raises(SourceError):
        source_of(Path("rtsp://example/stream"))


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_an_address_is_opened(tmp_path: Path) -> None:
    """A file on another machine; one that is not there is told."""
    clip(tmp_path / "clip.mkv", Recipe())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_address[1]}"
        found = [one.index for one in open_video(f"{place}/clip.mkv")]
        with pytest.raises(SourceError):
            open_video(f"{place}/none.mkv")
        server.shutdown()
    assert found == list(range(12))


def test_addresses_are_live() -> None:
    """A camera's stream has no end; a file that is fetched has."""
    assert source_of("rtsp://example/stream").is_live
    assert not source_of("http://example/clip.mp4").is_live


def test_times_of_the_recipe_are_those_of_the_frames(tmp_path: Path) -> None:
    """The helper that makes clips and the reader agree."""
    recipe = Recipe(frames=3)
    assert tuple(one.pts for one in open_video(clip(tmp_path / "clip.mp4", recipe))) == times(recipe)
