"""The one reader of multipart bodies."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from nearfar.service.errors import MalformedRequestError
from nearfar.service.http.multipart import MultipartReader, boundary_of

BODY = (
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n12345\r\n'
    b'--x\r\nContent-Disposition: form-data; name="pipeline"\r\n\r\n{}\r\n--x--\r\n'
)


@dataclass
class Kept:
    """What a reader told."""

    parts: list[list] = field(default_factory=list)

    def begin(self, name: str, file: str) -> None:
        """A part."""
        self.parts.append([name, file, b""])

    def take(self, data: bytes) -> None:
        """Its bytes."""
        self.parts[-1][2] += data

    def end(self) -> None:
        """Its end."""
        self.parts[-1].append("end")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_parts_come_whole_whatever_the_pieces(size: int) -> None:
    """A body fed in pieces of any size tells the same parts."""
    kept = Kept()
    reader = MultipartReader(b"x", kept, "hint")
    for at in range(0, len(BODY), size):
        reader.feed(BODY[at : at + size])
    reader.close()
    assert kept.parts == [["image", "a.jpg", b"12345", "end"], ["pipeline", "", b"{}", "end"]]


def read(boundary: bytes, body: bytes) -> None:
    """All of a body, of three parts at most."""
    reader = MultipartReader(boundary, Kept(), "the hint", most_parts=3)
    reader.feed(body)
    reader.close()


@pytest.mark.parametrize(
    ("boundary", "body", "words"),
    [
        (b"", BODY, "no boundary"),
        (b"x", BODY[:60], "ends early"),
        (b"x", b"--x\r\nbroken header\r\n\r\n", "damaged"),
        (b"x", b"--x\r\nA: " + b"a" * 20_000, "too long|damaged"),  # the parser may have a limit of its own
        (b"x", b"--x\r\n\r\n\r\n" * 4 + b"--x--\r\n", "more than 3 parts"),
    ],
)
def test_what_is_no_body_is_told(boundary: bytes, body: bytes, words: str) -> None:
    """With the hint of whoever reads."""
    with pytest.raises(MalformedRequestError, match=words) as caught:
        read(boundary, body)
    assert caught.value.hint == "the hint"


def test_the_boundary_of_a_content_type() -> None:
    """None for what is no multipart, empty where it names none."""
    assert boundary_of("multipart/form-data; boundary=abc") == b"abc"
    assert boundary_of("Multipart/Form-Data") == b""
    assert boundary_of("image/png") is None
