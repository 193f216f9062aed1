"""ZIPs from outside: what is taken, and every trick that is refused."""

from __future__ import annotations

import io
import random
import stat
import struct
import warnings
import zipfile

import pytest

from jobbing import make_zip
from nearfar.errors import TooLargeError
from nearfar.jobs.archive import ArchiveLimits, Window, is_archive, read_archive
from nearfar.jobs.errors import BadArchiveError

LIMITS = ArchiveLimits(max_entries=20, max_bytes=10_000, max_total=50_000)


def read(data: bytes, limits: ArchiveLimits = LIMITS):
    return read_archive(io.BytesIO(data), len(data), limits)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_plain_zip_is_read(how) -> None:
    """Names, sizes and checksums in order; folders, hidden files and the Mac's own are passed over."""
    junk = {"__MACOSX/._a.jpg": b"1", "b/": b"", "b/.DS_Store": b"2"}
    slots, skipped = read(make_zip({"a.jpg": b"first", "b/c.png": b"second"} | junk, how))
    assert [(slot.name, slot.size, slot.method) for slot in slots] == [("a.jpg", 5, how), ("b/c.png", 6, how)]
    assert skipped == 3


def test_an_entry_without_a_name_is_passed_over() -> None:
    """In the directory and at its own place: it does not refuse the others."""
    data = make_zip({"good.jpg": b"1", "x": b"2"})
    for signature, place in ((b"PK\3\4", 26), (b"PK\1\2", 28)):  # the length of the name, which stands last
        at = data.rindex(signature)
        name_at = at + (30 if place == 26 else 46)
        data = data[: at + place] + b"\0\0" + data[at + place + 2 : name_at] + data[name_at + 1 :]
    start = data.index(b"PK\1\2")
    end = data.rindex(b"PK\5\6")
    data = (
        data[: end + 12]
        + (end - start).to_bytes(4, "little")
        + start.to_bytes(4, "little")
        + data[end + 20 :]
    )
    slots, skipped = read(data)
    assert ([slot.name for slot in slots], skipped) == (["good.jpg"], 1)


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "/etc/a.jpg", "a/../../b.jpg", "C:\\a.jpg", "a\\..\\b.jpg", "a\n.jpg", "..", "a:b.jpg"],
)
def test_names_that_lead_elsewhere_are_passed_over(name) -> None:
    """What is called so is never looked at, and does not refuse the others."""
    slots, skipped = read(make_zip({"good.jpg": b"1", name: b"2"}))
    assert ([slot.name for slot in slots], skipped) == (["good.jpg"], 1)


def test_links_and_devices_are_refused() -> None:
    """A symbolic link in a ZIP is a file whose mode says so."""
    for kind in (stat.S_IFLNK, stat.S_IFIFO):
        entry = zipfile.ZipInfo("link.jpg")
        entry.external_attr = (kind | 0o777) << 16
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(entry, "/etc/passwd")
        with pytest.raises(BadArchiveError, match="a link or device"):
            read(out.getvalue())


@pytest.mark.parametrize("name", ["a.zip", "b.tar", "photo.jpg"])
def test_archives_within_are_refused(name) -> None:
    """By name and by content."""
    with pytest.raises(BadArchiveError, match="archive within"):
        read(make_zip({name: make_zip({"a.jpg": b"1"})}))


def test_encrypted_entries_and_other_methods_are_refused() -> None:
    """The flag of encryption, and what is packed by bzip2."""
    data = bytearray(make_zip({"a.jpg": b"secret"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadArchiveError, match="encrypted"):
        read(bytes(data))
    with pytest.raises(BadArchiveError, match="deflate was expected"):
        read(make_zip({"a.jpg": b"1" * 100}, zipfile.ZIP_BZIP2))


def test_two_files_of_one_name_are_refused() -> None:
    """Which one would it be?"""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a.jpg", b"1")
        archive.writestr("a.jpg", b"2")
    with pytest.raises(BadArchiveError, match="two files of the name"):
        read(out.getvalue())


def test_bombs_are_refused() -> None:
    """One picture too large, all together too large, packed too well, and entries that share their bytes."""
    with pytest.raises(TooLargeError, match="unpacks to more"):
        read(make_zip({"a.bmp": bytes(20_000)}))
    with pytest.raises(TooLargeError, match="The ZIP unpacks"):
        read(make_zip({f"{n}.bmp": bytes(9_000) for n in range(8)}))
    wide = ArchiveLimits(20, 10**8, 10**9)
    with pytest.raises(BadArchiveError, match="100 times"):
        read(make_zip({"a.bmp": bytes(5 * 2**20)}), wide)
    data = bytearray(make_zip({"a.jpg": b"1" * 50, "b.jpg": b"1" * 50}, zipfile.ZIP_STORED))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)  # the second entry's bytes are the first one's
    with pytest.raises(BadArchiveError, match=r"over each other|not where|damaged"):
        read(bytes(data))


def test_too_many_entries_are_refused_before_they_are_read() -> None:
    """By the number at the end, and by the size of the directory."""
    with pytest.raises(TooLargeError, match="more than 20 pictures"):
        read(make_zip({f"{n}.jpg": b"1" for n in range(21)}))
    data = bytearray(make_zip({"a.jpg": b"1"}))
    end = data.rindex(b"PK\x05\x06")
    data[end + 10 : end + 12] = struct.pack("<H", 60_000)
    with pytest.raises(TooLargeError, match="more than 20 pictures"):
        read(bytes(data))
    data[end + 10 : end + 12] = struct.pack("<H", 0xFFFF)
    with pytest.raises(TooLargeError, match="ZIP64"):
        read(bytes(data))


def test_ten_thousand_pictures() -> None:
    """As many as the setting allows are read at once."""
    data = make_zip({f"d/{n}.jpg": b"%d" % n for n in range(10_000)}, zipfile.ZIP_STORED)
    slots, _ = read(data, ArchiveLimits(10_000, 10_000, 10**6))
    assert len(slots) == 10_000
    assert data[slots[-1].offset :][:4] == b"9999"


def test_damaged_zips_are_refused_and_never_break() -> None:
    """Cut anywhere or with any byte changed: read, or refused with an error of the tree."""
    good, chance = make_zip({"a.jpg": b"12345" * 20, "b/c.jpg": b"678"}), random.Random(7)  # noqa: S311
    for cut in range(4, len(good) - 1, 3):
        with pytest.raises((BadArchiveError, TooLargeError)):
            read(good[:cut])
    refused = 0
    for _ in range(400):
        data = bytearray(good)
        data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read(bytes(data))
        except (BadArchiveError, TooLargeError):
            refused += 1
    assert refused > 50


def test_a_window_is_a_part_of_a_file() -> None:
    """It begins and ends where the part does."""
    window = Window(io.BytesIO(b"0123456789"), 3, 4)
    assert (window.read(2), window.read(), window.read(), window.tell()) == (b"34", b"56", b"", 4)
    assert (window.seek(-1, 2), window.read(), window.seekable()) == (3, b"6", True)
    with pytest.raises(OSError, match="before"):
        window.seek(-1)
    assert is_archive(make_zip({}))
    assert not is_archive(b"\x89PNG")


def test_names_turn_no_writing_round() -> None:
    """What is shown of a name is escaped: gpj.exe stays what it is."""
    (slot,), _ = read(make_zip({"a\u202egpj.exe": b"1"}))
    assert slot.name == r"a\u202egpj.exe"
