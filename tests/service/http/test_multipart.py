"""The one reader of multipart bodies."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass, field
from typing import Any

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


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("near", [b"\r\n--", b"\r\n--xy", b"\r\n--x\r", b"\r\n--x-"])
def test_what_only_looks_like_a_delimiter_is_data(near: bytes, size: int) -> None:
    """A part full of the beginnings of delimiters comes whole, whatever the pieces."""
    kept = Kept()
    reader = MultipartReader(b"x", kept, "hint")
    body = BODY.replace(b"12345", near * 50 + b"z")
    for at in range(0, len(body), size):
        reader.feed(body[at : at + size])
    reader.close()
    assert kept.parts == [["image", "a.jpg", near * 50 + b"z", "end"], ["pipeline", "", b"{}", "end"]]


def lines_run(body: bytes) -> int:
    """Lines of Python that reading a body runs."""
    count = 0

    def trace(_frame: Any, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    reader, before = MultipartReader(b"x", Kept(), "hint"), sys.gettrace()
    gc.disable()  # what earlier tests left is not collected, with lines of its own, while lines are counted
    sys.settrace(trace)
    try:
        reader.feed(body)
        reader.close()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.mark.parametrize("near", [b"\r\n--", b"\r\n--xy", b"\r\n--x\r", b"\r\n--x-"])
def test_what_only_looks_like_a_delimiter_costs_no_step_of_python(near: bytes) -> None:
    """100,000 of them run as many lines of Python as one does: they are passed over within C."""
    one, many = (lines_run(BODY.replace(b"12345", near * count + b"z")) for count in (1, 100_000))
    assert many == one


def test_blanks_behind_a_delimiter_cost_no_step_of_python() -> None:
    """100,000 blanks before the end of a delimiter's line run as many lines of Python as one does."""
    one, many = (lines_run(BODY.replace(b"5\r\n--x", b"5\r\n--x" + b" " * n)) for n in (1, 100_000))
    assert many == one


def test_a_large_body_is_searched_in_steps() -> None:
    """Other threads have a turn after each MiB: 10 MB fed at once are told in ten pieces at least."""
    taken: list[int] = []

    class Counting(Kept):
        def take(self, data: bytes) -> None:
            taken.append(len(data))

    reader = MultipartReader(b"x", Counting(), "hint")
    reader.feed(BODY.replace(b"12345", b"\r\n--xy" * 1_700_000))
    reader.close()
    assert max(taken) <= 1_100_000
    assert sum(taken) == 6 * 1_700_000 + len(b"{}")


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
        (b"y" * 300, BODY, "damaged"),
        (b"x", b"no delimiter", "damaged"),
        (b"x", b"\r\n", "ends early"),
        (b"x", b"--x\r\n\r\n1\r\n--x what\r\n--x--\r\n", "damaged"),
        (b"x", b"--x\r\n" + b"A: b\r\n" * 9 + b"\r\n", "damaged"),
        (b"x", b"--x\r\nbroken header\r\n\r\n", "damaged"),
        (b"x", b"--x\r\nA: " + b"a" * 20_000, "too long"),
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
