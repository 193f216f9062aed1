"""Pieces and the files that are joined of them: times, frames, sound and words as in the source."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from nearfar.errors import OutputError, OutputExistsError, ParameterError
from nearfar.types.moving import VideoInfo
from nearfar.video.join import JoinOptions, join, kept_time
from nearfar.video.look import Look, look_of
from nearfar.video.read import open_video
from nearfar.video.write import open_piece
from video.clips import Recipe, clip, packets, picture

if TYPE_CHECKING:
    from pathlib import Path

ODD_BASES = (
    Fraction(1, 15_360),
    Fraction(1, 1000),
    Fraction(1001, 30_000),
    Fraction(1, 90_000),
    Fraction(1, 25),
)
VARIED = (0, 1501, 4000, 4001, 90_017, 90_018, 180_000, 181_001)
PLAIN = JoinOptions()
INFO = VideoInfo(64, 48, Fraction(1, 90_000), Fraction(30))


def pieces_of(source: Path, folder: Path, look: Look, count: int = 5) -> list[Path]:
    """The frames of a source as pieces of so many frames."""
    frames = list(open_video(source))
    found = []
    for begin in range(0, len(frames), count):
        path = folder / f"{begin:05d}.nut"
        with open_piece(path, look) as piece:
            for frame in frames[begin : begin + count]:
                piece.write(frame.rgb, frame.pts)
        found.append(path)
    return found


def rewritten(
    source: Path, target: Path, options: JoinOptions = PLAIN, kind: str = "colour"
) -> tuple[str, ...]:
    """A source through pieces into another file."""
    info = open_video(source).info
    look = look_of(kind, info, (info.width, info.height), 10, target.suffix)
    return join(pieces_of(source, target.parent, look), target, source, options)


def test_times_sound_and_texts_are_the_sources(tmp_path: Path) -> None:
    """Of a variable rate with two sounds, texts and chapters: the same times and packets, byte for byte."""
    words = {"title": "A walk", "artist": "Somebody"}
    recipe = Recipe(frames=8, times=VARIED, audio=2, subtitles=True, chapters=True, words=words)
    source = clip(tmp_path / "clip.mp4", recipe)
    target = tmp_path / "new.mp4"
    assert rewritten(source, target) == ()
    video = open_video(target)
    assert tuple(one.pts for one in video) == VARIED
    assert video.info.time_base == Fraction(1, 90_000)
    assert packets(target, "audio") == packets(source, "audio")
    texts = [[one for one in row if one[0] != b"\0\0"] for row in packets(target, "subtitle")]
    assert texts == [[one for one in row if one[0] != b"\0\0"] for row in packets(source, "subtitle")]
    assert video.info.chapters == open_video(source).info.chapters
    assert words.items() <= dict(video.info.metadata).items()
    assert [one.language for one in video.info.streams if one.kind == "audio"] == ["eng", "deu"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".m4v"])
def test_every_container_takes_the_sound(tmp_path: Path, suffix: str) -> None:
    """Packets are the same; of Matroska times are milliseconds."""
    source = clip(
        tmp_path / "clip.mkv", Recipe(base=Fraction(1, 1000), step=40, audio=2, subtitles=True, chapters=True)
    )
    target = tmp_path / f"new{suffix}"
    rewritten(source, target)
    given, found = packets(source, "audio"), packets(target, "audio")
    assert [[data for data, _ in row] for row in found] == [[data for data, _ in row] for row in given]
    for row, other in zip(found, given, strict=True):
        assert [time for _, time in row] == pytest.approx([time for _, time in other], abs=0.0006)
    assert [one.pts * one.time_base for one in open_video(target)] == [
        Fraction(40 * i, 1000) for i in range(12)
    ]
    assert [one.title for one in open_video(target).info.chapters] == ["near", "far"]
    assert any(one.kind == "subtitle" for one in open_video(target).info.streams)


def test_texts_change_their_kind_with_the_container(tmp_path: Path) -> None:
    """Timed text of MP4 becomes SubRip in Matroska, and the other way round."""
    source = clip(tmp_path / "clip.mp4", Recipe(subtitles=True))
    rewritten(source, tmp_path / "new.mkv")
    assert [data for data, _ in packets(tmp_path / "new.mkv", "subtitle")[0]] == [b"near", b"far"]
    rewritten(tmp_path / "new.mkv", tmp_path / "back.mp4")
    texts = [data[2:] for data, _ in packets(tmp_path / "back.mp4", "subtitle")[0]]
    assert [text for text in texts if text] == [b"near", b"far"]


def test_what_a_container_does_not_take_is_said(tmp_path: Path) -> None:
    """AAC is no sound of WebM."""
    source = clip(tmp_path / "clip.mp4", Recipe(audio=1))
    notes = rewritten(source, tmp_path / "new.webm")
    assert len(notes) == 1
    assert "sound" in notes[0]
    assert open_video(tmp_path / "new.webm").info.codec.startswith("vp9")


def test_an_attached_file_goes_along(tmp_path: Path) -> None:
    """Fonts of subtitles, in Matroska."""
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height = 64, 48
        container.add_attachment("a.ttf", "font/ttf", b"letters")
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0, 64, 48), format="rgb24")))
        container.mux(stream.encode())
    rewritten(path, tmp_path / "new.mkv")
    with av.open(str(tmp_path / "new.mkv")) as container:
        assert [bytes(one.data) for one in container.streams.attachments] == [b"letters"]


def test_names_that_phones_give_are_kept(tmp_path: Path) -> None:
    """Where a video was taken, and with what, beside a plain title."""
    words = {
        "com.apple.quicktime.make": "Some",
        "com.apple.quicktime.location.ISO6709": "+48.1+011.5/",
        "title": "x",
    }
    path = tmp_path / "clip.mov"
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(words)
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height = 64, 48
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0, 64, 48), format="rgb24")))
        container.mux(stream.encode())
    rewritten(path, tmp_path / "new.mp4")
    assert words.items() <= dict(open_video(tmp_path / "new.mp4").info.metadata).items()


def test_a_part_begins_at_nought_with_its_sound(tmp_path: Path) -> None:
    """Of seconds 1 to 2: its first picture is at 0, and the sound is that part's."""
    source = clip(tmp_path / "clip.mp4", Recipe(frames=90, audio=1, chapters=True))
    look = look_of("colour", open_video(source).info, (64, 48))
    path = tmp_path / "piece.nut"
    with open_piece(path, look) as piece:
        for frame in open_video(source).frames(start=1, end=2):
            piece.write(frame.rgb, frame.pts)
    target = tmp_path / "part.mp4"
    join([path], target, source, JoinOptions(start=1, end=2))
    found = [one.seconds for one in open_video(target)]
    assert (found[0], len(found)) == (0, 30)
    whole, part = packets(source, "audio")[0], packets(target, "audio")[0]
    wanted = [(data, time - 1) for data, time in whole if 1 <= time < 2]
    assert [data for data, _ in part] == [data for data, _ in wanted]
    assert [time for _, time in part] == pytest.approx([time for _, time in wanted], abs=1e-4)
    assert [one.title for one in open_video(target).info.chapters] == ["near", "far"]


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        ((64, 48), "colour"),
        ((63, 47), "colour"),
        ((1, 1), "colour"),
        ((33, 18), "colour10"),
        ((64, 48), "colour10"),
    ],
)
def test_pictures_come_back(tmp_path: Path, size: tuple[int, int], kind: str) -> None:
    """Odd sizes are filled up to even ones with their last row and column."""
    width, height = size
    pixels = np.full((height, width, 3), (200, 90, 40), np.uint8)
    with open_piece(tmp_path / "a.nut", look_of(kind, INFO, size, 8)) as piece:
        piece.write(pixels, 7)
    join([tmp_path / "a.nut"], tmp_path / "a.mp4")
    frame = next(iter(open_video(tmp_path / "a.mp4")))
    assert (frame.width, frame.height) == tuple(side + side % 2 for side in size)
    assert np.abs(frame.rgb.astype(int) - (200, 90, 40)).max() < 8
    assert frame.seconds == pytest.approx(7 / 90_000)


def test_a_picture_too_small_for_its_encoder_is_refused() -> None:
    """Rather than enlarged; numbers of depth say themselves what of them counts."""
    with pytest.raises(ParameterError, match="2×40, but HEVC of 10 bits takes 16"):
        look_of("colour10", INFO, (2, 40))
    assert look_of("depth10", INFO, (2, 40)).coded_size == (16, 40)


def test_planes_are_written_as_they_are(tmp_path: Path) -> None:
    """Brightness and two colours, of odd sizes too."""
    look = look_of("colour", replace(INFO, width=63, height=47), (63, 47), 0)
    planes = tuple(
        np.full(shape, value, np.uint8) for shape, value in (((47, 63), 120), ((24, 32), 90), ((24, 32), 200))
    )
    with open_piece(tmp_path / "a.nut", look) as piece:
        piece.write_planes(planes, 0)
    with av.open(str(tmp_path / "a.nut")) as container:
        y, u, v = (
            np.frombuffer(p, np.uint8).reshape(-1, p.line_size)
            for p in next(container.decode(video=0)).planes
        )
    assert (y[0, 0], u[0, 0], v[0, 0]) == (120, 90, 200)


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    """In every container, from one run to the next."""
    source = clip(tmp_path / "clip.mp4", Recipe(audio=1))
    for suffix in (".mp4", ".mkv", ".webm"):
        for name in ("a", "b"):
            (tmp_path / name).mkdir(exist_ok=True)
            rewritten(source, tmp_path / name / f"new{suffix}")
        assert (tmp_path / "a" / f"new{suffix}").read_bytes() == (
            tmp_path / "b" / f"new{suffix}"
        ).read_bytes()


def test_exact_times_are_kept_beside_milliseconds(tmp_path: Path) -> None:
    """Matroska rounds; what was asked for is stored with each packet."""
    with open_piece(tmp_path / "a.nut", look_of("depth16", INFO, (33, 31))) as piece:
        for number, pts in enumerate(VARIED):
            piece.write(np.full((31, 33), 1000 * number, np.uint16), pts)
    join([tmp_path / "a.nut"], tmp_path / "a.mkv", options=JoinOptions({"NOTE": "x"}, keeps_times=True))
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert container.metadata["NOTE"] == "x"
        found = [kept_time(packet) for packet in container.demux(video=0) if packet.size]
    assert tuple(found) == VARIED
    numbers = [int(frame.to_ndarray()[0, 0]) for frame in av.open(str(tmp_path / "a.mkv")).decode(video=0)]
    assert numbers == [1000 * number for number in range(8)]


@pytest.mark.parametrize("base", ODD_BASES, ids=str)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_sources_time_base_stays(tmp_path: Path, base: Fraction, suffix: str) -> None:
    """Whatever steps a piece's container takes: the same seconds, and the same steps beside Matroska's."""
    info = replace(INFO, time_base=base)
    step = max(1, round(Fraction(1, 100) / base)) + 1
    for name, times in (("a", (0, step, 3 * step)), ("b", (4 * step, 1000 * step))):
        with open_piece(tmp_path / f"{name}.nut", look_of("colour", info, (64, 48), suffix=suffix)) as piece:
            for pts in times:
                piece.write(picture(0, 64, 48), pts)
    target = tmp_path / f"new{suffix}"
    join([tmp_path / "a.nut", tmp_path / "b.nut"], target, options=JoinOptions(keeps_times=True))
    exact = [step * number * base for number in (0, 1, 3, 4, 1000)]
    found = [one.pts * one.time_base for one in open_video(target)]
    if suffix == ".mp4":
        assert found == exact
        return
    assert [float(one) for one in found] == pytest.approx([float(one) for one in exact], abs=0.0006)
    with av.open(str(target)) as container:
        assert [kept_time(one) for one in container.demux(video=0) if one.size] == [
            step * n for n in (0, 1, 3, 4, 1000)
        ]


def test_pixels_that_are_no_squares_stay_so(tmp_path: Path) -> None:
    """Players stretch what is written as they stretch the source."""
    source = clip(tmp_path / "clip.mp4", Recipe(aspect=Fraction(4, 3)))
    for suffix in (".mp4", ".mkv"):
        rewritten(source, tmp_path / f"new{suffix}")
        assert open_video(tmp_path / f"new{suffix}").info.sample_aspect == Fraction(4, 3)


def test_nothing_is_left_of_what_fails(tmp_path: Path) -> None:
    """No half a file, neither under its name nor another."""
    source = clip(tmp_path / "clip.mp4")
    (tmp_path / "out").mkdir()
    (tmp_path / "bad.nut").write_bytes(b"no piece")
    with pytest.raises(OutputError):
        join([tmp_path / "bad.nut"], tmp_path / "out" / "new.mp4", source)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_there_may_stay(tmp_path: Path) -> None:
    """Where overwriting was not asked for."""
    with open_piece(tmp_path / "a.nut", look_of("colour", INFO, (64, 48))) as piece:
        piece.write(picture(0, 64, 48), 0)
    (tmp_path / "new.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        join([tmp_path / "a.nut"], tmp_path / "new.mp4", options=JoinOptions(overwrite=False))
    assert (tmp_path / "new.mp4").read_bytes() == b"mine"


def test_wrong_pictures_are_refused(tmp_path: Path) -> None:
    """Another size or type, and times that do not rise."""
    with open_piece(tmp_path / "a.nut", look_of("colour", INFO, (64, 48))) as piece:
        with pytest.raises(ParameterError, match="expected"):
            piece.write(np.zeros((48, 63, 3), np.uint8), 0)
        with pytest.raises(ParameterError, match="expected"):
            piece.write_planes((np.zeros((48, 64), np.uint16),) * 3, 0)
        piece.write(picture(0, 64, 48), 5)
        with pytest.raises(ParameterError, match="time"):
            piece.write(picture(1, 64, 48), 5)


@pytest.mark.parametrize(
    "given",
    [("nothing", 20, ".mp4"), ("colour", 99, ".mp4"), ("colour", 20, ".gif"), ("depth16", 20, ".webm")],
    ids=["kind", "quality", "suffix", "lossless webm"],
)
def test_impossible_outputs_are_refused(given: tuple[str, int, str]) -> None:
    """With what there is instead."""
    with pytest.raises(ParameterError):
        look_of(given[0], INFO, (64, 48), given[1], given[2])


def test_pieces_of_another_kind_are_refused(tmp_path: Path) -> None:
    """H.264 is not what WebM takes."""
    with open_piece(tmp_path / "a.nut", look_of("colour", INFO, (64, 48))) as piece:
        piece.write(picture(0, 64, 48), 0)
    with pytest.raises(ParameterError, match="takes no"):
        join([tmp_path / "a.nut"], tmp_path / "a.webm")


def test_joining_nothing_is_refused(tmp_path: Path) -> None:
    """No pieces, and a suffix that nobody writes."""
    with pytest.raises(ParameterError):
        join([], tmp_path / "a.mp4")
    with pytest.raises(ParameterError):
        join([tmp_path / "a.nut"], tmp_path / "a.gif")


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    """A folder that is not there."""
    with pytest.raises(OutputError):
        open_piece(tmp_path / "none" / "a.nut", look_of("colour", INFO, (64, 48)))
