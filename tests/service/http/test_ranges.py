"""Parts of a file, and what is no part of it."""

from __future__ import annotations

import pytest

from nearfar.service.errors import RangeError
from nearfar.service.http.ranges import check_range


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        (b"bytes=0-9", True),
        (b"bytes=90-", True),
        (b"bytes=-5", True),
        (b"bytes=-5000", True),
        (b"Bytes=0-9", True),
        (b"bytes=-", False),
        (b"bytes=9-0", False),
        (b"bytes=a-b", False),
        (b"bytes=0-9,20-30", False),
        (b"bytes=--1", False),
        (b"bytes", False),
        (b"lines=1-2", False),
        (b"bytes=" + b"9" * 60 + b"-", False),
        (b"\xff\xfe", False),
        (b"", False),
    ],
)
def test_what_is_no_range_is_passed_over(text: bytes, is_kept: bool) -> None:
    """A header that is wrong, or wants several parts, is as if it were not there: the whole is right."""
    scope = {"headers": [(b"range", text), (b"a", b"b")]}
    check_range(scope, 100)
    assert scope["headers"] == ([(b"range", text.lower())] if is_kept else []) + [(b"a", b"b")]


@pytest.mark.parametrize("text", [b"bytes = 0 - 9", b" bytes=0-9 ", b"BYTES=0-9"])
def test_a_range_is_written_plainly(text: bytes) -> None:
    """What reads it next has one way to read it; a second header is not there."""
    scope = {"headers": [(b"range", text), (b"range", b"bytes=5-7,1-2")]}
    check_range(scope, 100)
    assert scope["headers"] == [(b"range", b"bytes=0-9")]


def test_a_part_of_another_file_is_the_whole() -> None:
    """Behind the end, of the file that the client has the beginning of: this one is sent anew."""
    scope = {"headers": [(b"range", b"bytes=100-"), (b"if-range", b'"of before"')]}
    check_range(scope, 100)
    assert scope["headers"] == [(b"if-range", b'"of before"')]


@pytest.mark.parametrize("text", [b"bytes=100-", b"bytes=200-300", b"bytes=-0"])
def test_parts_behind_the_end_are_told(text: bytes) -> None:
    """With the size of the file, as the standard wants it."""
    with pytest.raises(RangeError, match="100 bytes") as caught:
        check_range({"headers": [(b"range", text)]}, 100)
    assert caught.value.headers == {"Content-Range": "bytes */100"}
