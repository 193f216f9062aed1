"""Where photos come from, and how large they may be."""

from __future__ import annotations

import io
import os
import socket
import struct
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.decode.photo import Limits, read_photo
from nearfar.errors import (
    BrokenImageError,
    EmptyInputError,
    NearfarError,
    ParameterError,
    SourceError,
    TooLargeError,
    UnsupportedFormatError,
)
from pictures import encoded, exif, png_chunk, tiff

if TYPE_CHECKING:
    from collections.abc import Callable


class Reader:
    """A file object of someone else's, whose ``read`` is the function given."""

    def __init__(self, read: Callable[[int], object]) -> None:
        self.read = read


def test_path_text_bytes_file_and_photo_are_the_same(photo_png: Path, drawing: np.ndarray) -> None:
    """A photo is read alike from all that may hold it."""
    data = photo_png.read_bytes()
    with photo_png.open("rb") as file:
        sources = [
            photo_png,
            str(photo_png),
            os.fsencode(photo_png) and data,
            bytearray(data),
            memoryview(data),
            file,
        ]
        found = [
            nearfar.read(source) for source in [*sources, io.BytesIO(data), Image.open(photo_png), drawing]
        ]
    assert all(np.array_equal(photo.pixels, drawing) for photo in found)
    assert nearfar.read(found[0]) is found[0]


def test_file_that_gives_little_at_a_time(photo_png: Path, drawing: np.ndarray) -> None:
    """A pipe or socket that answers in pieces is read to its end."""
    data = io.BytesIO(photo_png.read_bytes())
    photo = nearfar.read(Reader(lambda count: data.read(min(count, 100))))
    assert np.array_equal(photo.pixels, drawing)


def test_name_with_spaces_and_chinese(tmp_path: Path, photo_png: Path) -> None:
    """Any name the file system takes is taken."""
    path = photo_png.rename(tmp_path / "我的 照片 (1).png")
    assert nearfar.read(path).name == str(path)


def test_wrong_suffix_does_not_matter(photo_png: Path, tmp_path: Path) -> None:
    """The bytes decide what a file is."""
    assert nearfar.read(photo_png.rename(tmp_path / "photo.jpg")).format == "PNG"


def test_empty_file(tmp_path: Path) -> None:
    """An empty file is told by its name."""
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(EmptyInputError, match=r"empty\.jpg is empty"):
        nearfar.read(tmp_path / "empty.jpg")


@pytest.mark.parametrize("source", [b"", io.BytesIO(), Image.new("RGB", (0, 3)), Reader(lambda _: None)])
def test_nothing_at_all(source: object) -> None:
    """Nothing is an error of its own."""
    with pytest.raises(EmptyInputError):
        nearfar.read(source)


def test_text_named_jpg(tmp_path: Path) -> None:
    """A text is no picture, whatever its name; the message says what would be one."""
    path = tmp_path / "letter.jpg"
    path.write_text("Dear Sir or Madam,")
    with pytest.raises(UnsupportedFormatError, match=r"letter\.jpg is not a picture.*Give a JPEG"):
        nearfar.read(path)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_off_file(drawing: np.ndarray, format: str, share: float) -> None:
    """A file that ends early is broken: half a photo is not shown as a whole one."""
    data = encoded(drawing, format)
    with pytest.raises(BrokenImageError, match="damaged"):
        nearfar.read(data[: int(len(data) * share)])


def test_cut_off_heic() -> None:
    """The same for HEIC."""
    data = (Path(__file__).parent.parent / "data" / "drawing.heic").read_bytes()
    with pytest.raises(BrokenImageError, match="damaged"):
        nearfar.read(data[: len(data) // 2])


def test_cut_off_png_of_16_bits(capfd: pytest.CaptureFixture[str]) -> None:
    """Sixteen bits that end early are broken too, and no library writes to our terminal."""
    data = encoded(np.random.default_rng(0).integers(0, 65536, (64, 64), dtype=np.uint16), "PNG")
    with pytest.raises(BrokenImageError):
        nearfar.read(data[:4000])
    assert capfd.readouterr().err == ""


def test_folder(tmp_path: Path) -> None:
    """A folder is told from a file."""
    with pytest.raises(SourceError, match="is a folder"):
        nearfar.read(tmp_path)


def test_missing_file(tmp_path: Path) -> None:
    """A missing file is told; the built-in that one would guess catches it."""
    with pytest.raises(OSError, match="does not exist"):
        nearfar.read(tmp_path / "none.jpg")


@pytest.mark.parametrize("name", ["", "a\0b.jpg", "x" * 5000, "https://example.org/photo.jpg"])
def test_impossible_names(name: str) -> None:
    """Names that no file can have are errors of the source, not crashes."""
    with pytest.raises(SourceError):
        nearfar.read(name)


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    """A dangling link does not exist; a link to itself cannot be read."""
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    for name in ("dangling.jpg", "loop.jpg"):
        with pytest.raises(SourceError, match=name):
            nearfar.read(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_unreadable_file(photo_png: Path) -> None:
    """A file without permission says so."""
    photo_png.chmod(0)
    with pytest.raises(SourceError, match="Permission denied"):
        nearfar.read(photo_png)


def test_file_that_fails_while_it_is_read(photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails becomes an error that names the file, whoever runs this."""

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(SourceError, match=r"photo\.png cannot be read: Permission denied"):
        nearfar.read(photo_png)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_socket_and_device_do_not_hang(tmp_path: Path) -> None:
    """What is not a regular file is refused at once."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero")):
            with pytest.raises(SourceError, match="not a regular file"):
                nearfar.read(path)


def test_file_open_as_text(tmp_path: Path, photo_png: Path) -> None:
    """A file opened without 'b' is told, before its bytes are taken for letters."""
    with photo_png.open(encoding="utf-8") as file, pytest.raises(ParameterError, match="binary"):
        nearfar.read(file)
    with pytest.raises(ParameterError, match="binary"):
        nearfar.read(Reader(lambda _: "letters"))


def test_closed_file(photo_png: Path) -> None:
    """A closed file cannot be read."""
    with photo_png.open("rb") as file:
        pass
    with pytest.raises(SourceError, match="cannot be read"):
        nearfar.read(file)


def test_file_whose_read_raises() -> None:
    """What a foreign file object raises is translated and kept as the cause."""

    def fail(_: int) -> bytes:
        raise RuntimeError("the line went dead")

    with pytest.raises(SourceError, match="line went dead") as caught:
        nearfar.read(Reader(fail))
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("source", [None, 7, object(), ["photo.jpg"]])
def test_things_that_hold_no_photo(source: object) -> None:
    """Anything else is refused with what is taken."""
    with pytest.raises(ParameterError, match="Give a path"):
        nearfar.read(source)


def test_limit_of_bytes(photo_png: Path) -> None:
    """One byte over the limit is too much, from a path, bytes or a file; the limit itself is not."""
    data = photo_png.read_bytes()
    exact, less = Limits(max_bytes=len(data)), Limits(max_bytes=len(data) - 1)
    for source in (photo_png, data, io.BytesIO(data)):
        with pytest.raises(TooLargeError, match="MiB"):
            read_photo(source, less)
    assert read_photo(io.BytesIO(data), exact).width == 128


def test_endless_file_is_read_to_the_limit_only() -> None:
    """A stream without end costs no more than the limit."""
    counts: list[int] = []

    def zeros(count: int) -> bytes:
        counts.append(count)
        return bytes(min(count, 1000))

    with pytest.raises(TooLargeError):
        read_photo(Reader(zeros), Limits(max_bytes=5000))
    assert len(counts) <= 6


@pytest.mark.parametrize("make", ["array", "image", "photo", "bytes"])
def test_limit_of_pixels(drawing: np.ndarray, make: str) -> None:
    """The limit holds for every source; the limit itself is not over it."""
    forms = {"array": drawing, "image": Image.fromarray(drawing), "photo": nearfar.Photo(drawing)}
    source = forms.get(make, encoded(drawing))
    with pytest.raises(TooLargeError, match="128×96"):
        read_photo(source, Limits(max_pixels=128 * 96 - 1))
    assert read_photo(source, Limits(max_pixels=128 * 96)).width == 128


def claims(format: str, width: int = 65535, height: int = 65535) -> bytes:
    """The header of a picture that claims a size, and little or nothing behind it."""
    small = encoded(np.zeros((8, 8, 3), np.uint8), format) if format not in {"VP8X", "GIF frame"} else b""
    if format == "PNG":
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    if format == "GIF":
        return small[:6] + struct.pack("<HH", width, height) + small[10:]
    if format == "GIF frame":  # a small screen, disposal "to background", a large frame
        screen = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0)
        return (
            screen
            + b"!\xf9\x04\x08\0\0\0\0"
            + b","
            + struct.pack("<HHHHB", 0, 0, width, height, 0)
            + b"\x08\0"
        )
    if format == "BMP":
        return small[:18] + struct.pack("<ii", width, height) + small[26:]
    if format == "VP8X":
        body = b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + (16382).to_bytes(3, "little") * 2
        return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
    if format == "JPEG":
        at = small.index(b"\xff\xc0") + 5
        return small[:at] + struct.pack(">HH", height, width) + small[at + 4 :]
    data = tiff(np.zeros((8, 8, 3), np.uint8))
    for tag, value in ((256, width), (257, height)):
        data = data.replace(struct.pack("<HHII", tag, 4, 1, 8), struct.pack("<HHII", tag, 4, 1, value))
    return data


@pytest.mark.parametrize("format", ["PNG", "GIF", "GIF frame", "BMP", "VP8X", "JPEG", "TIFF"])
def test_claimed_size_is_checked_before_memory_is_taken(format: str) -> None:
    """A header that claims 65535×65535 pixels costs neither time nor memory."""
    resource = pytest.importorskip("resource")
    data = claims(format)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match=r"65535×65535|16383×16383"):
            nearfar.read(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_bombs_in_text_chunks() -> None:
    """A megabyte of zeros in each of many compressed chunks does not fill the memory."""
    import zlib

    bomb = b"k\0\0" + zlib.compress(bytes(2**20 - 10), 9)
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"zTXt", bomb) * 100
    tracemalloc.start()
    try:
        with pytest.raises(BrokenImageError):
            nearfar.read(data)
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [(1, 1), (20000, 10), (10, 20000), (3, 1000), (7, 2)])
def test_odd_sizes_decode(size: tuple[int, int]) -> None:
    """One pixel, and strips as thin as threads, are photos."""
    photo = nearfar.read(encoded(np.full((size[1], size[0], 3), 90, np.uint8), "PNG"))
    assert (photo.width, photo.height) == size


def test_every_error_is_ours(tmp_path: Path) -> None:
    """One except clause catches whatever is wrong with an input, and each message ends with what to do."""
    for source in (b"", b"text", tmp_path, np.zeros(3), None, b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(NearfarError) as caught:
            nearfar.read(source)
        assert caught.value.hint or "shape" in caught.value.message


def test_no_warning_reaches_the_caller(drawing: np.ndarray) -> None:
    """Warnings are errors in these tests: odd metadata raises none."""
    data = encoded(drawing, "JPEG", exif=exif({271: "x" * 100})[:60])
    assert nearfar.read(data).width == 128
