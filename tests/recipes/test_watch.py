"""A watched folder: each photo once, when it is whole, over any end of the process."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from nearfar.errors import BrokenImageError, OutputError, ParameterError
from nearfar.recipes import watch as module
from nearfar.recipes.watch import JOURNAL, FolderWatch, Happened, WatchOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENDING = ".done.txt"


class Making:
    """Makes a text of a photo's bytes, and counts how often."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, photo: Path, target: Path) -> dict[Path, bytes]:
        """One file."""
        self.made.append(photo.name)
        data = photo.read_bytes()
        if data == b"broken":
            raise BrokenImageError("It is damaged.", "Save it anew.")
        return {target: b"of " + data}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder into which photos come."""
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def look(inbox: Path, make: Callable[..., dict], **how: object) -> list[Happened]:
    """What one watch until all is done makes."""
    options = WatchOptions(ENDING, **{"settle_s": 0.0, "every_s": 0.01, **how})
    watch = FolderWatch(inbox, inbox.parent / "out", make, lambda path: path.suffix == ".jpg", options)
    with watch.opened() as opened:
        return list(opened.run(is_once=True))


def test_each_photo_is_done_once(inbox: Path) -> None:
    """Also by the next watch; what is no photo is left alone."""
    make = Making()
    for name in ("b.jpg", "a.jpg", "notes.txt", ".hidden.jpg"):
        (inbox / name).write_bytes(name.encode())
    found = look(inbox, make)
    assert [row.photo.name for row in found] == ["a.jpg", "b.jpg"]
    assert (inbox.parent / "out" / f"a{ENDING}").read_bytes() == b"of a.jpg"
    (inbox / "c.jpg").write_bytes(b"c")
    assert [row.photo.name for row in look(inbox, make)] == ["c.jpg"]
    assert make.made == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_photo_that_is_replaced_is_new(inbox: Path) -> None:
    """Its own result makes way."""
    make = Making()
    (inbox / "a.jpg").write_bytes(b"one")
    look(inbox, make)
    (inbox / "a.jpg").write_bytes(b"another")
    assert len(look(inbox, make)) == 1
    assert (inbox.parent / "out" / f"a{ENDING}").read_bytes() == b"of another"


def test_a_file_that_is_being_written_is_waited_for(inbox: Path) -> None:
    """It is done when it has not changed for a while, whole."""
    make = Making()

    def write() -> None:
        with (inbox / "a.jpg").open("wb") as file:
            for _ in range(8):
                file.write(b"x" * 100)
                file.flush()
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.02)
    found = look(inbox, make, settle_s=0.3)
    writer.join()
    assert len(found) == 1
    assert (inbox.parent / "out" / f"a{ENDING}").read_bytes() == b"of " + b"x" * 800


def test_an_empty_file_ends_one_look(inbox: Path) -> None:
    """It is told as one that failed; nobody waits for bytes that never come."""
    (inbox / "a.jpg").write_bytes(b"")
    found = look(inbox, Making(), settle_s=0.05)
    assert [(one.photo.name, one.error is None) for one in found] == [("a.jpg", True)]


def test_what_else_is_made_is_made_too(inbox: Path) -> None:
    """Results of another ending are new work in the same folder; each of them is done once."""
    (inbox / "a.jpg").write_bytes(b"a")
    make = Making()
    for ending in (".one.txt", ".two.txt", ".one.txt"):
        watch = FolderWatch(inbox, inbox.parent / "out", make, lambda path: path.suffix == ".jpg",
                            WatchOptions(ending, 0.0, 0.01))  # fmt: skip
        with watch.opened() as opened:
            list(opened.run(is_once=True))
    assert make.made == ["a.jpg", "a.jpg"]
    assert {path.name for path in (inbox.parent / "out").glob("*.txt")} == {"a.one.txt", "a.two.txt"}


def test_other_options_in_the_same_folder_are_refused(inbox: Path) -> None:
    """Else the old results would stand there as if they were the new ones."""
    (inbox / "a.jpg").write_bytes(b"a")
    look(inbox, Making(), made="strength=1")
    with pytest.raises(ParameterError, match="other options"):
        look(inbox, Making(), made="strength=2")
    assert look(inbox, Making(), made="strength=1") == []


def test_a_file_is_no_folder_of_results(inbox: Path) -> None:
    """And the error says which flag names another."""
    (inbox.parent / "out").write_bytes(b"")
    with pytest.raises(OutputError, match="folder of results") as caught:
        look(inbox, Making())
    assert "--output" in caught.value.hint


def test_folders_within_keep_their_places(inbox: Path) -> None:
    """With recursive alone."""
    make = Making()
    (inbox / "day").mkdir()
    (inbox / "day" / "a.jpg").write_bytes(b"a")
    assert look(inbox, make) == []
    look(inbox, make, recursive=True)
    assert (inbox.parent / "out" / "day" / f"a{ENDING}").exists()


def test_what_fails_is_told_once(inbox: Path) -> None:
    """And tried again when the file has changed; the others go on."""
    make = Making()
    (inbox / "a.jpg").write_bytes(b"broken")
    (inbox / "b.jpg").write_bytes(b"fine")
    found = look(inbox, make)
    assert [row.error is not None for row in found] == [True, False]
    assert look(inbox, make) == []
    (inbox / "a.jpg").write_bytes(b"mended")
    assert [row.error for row in look(inbox, make)] == [None]
    rows = [json.loads(line) for line in (inbox.parent / "out" / JOURNAL).read_text().splitlines()]
    assert [row["why"] for row in rows if row["state"] == "failed"] == ["It is damaged. Save it anew."]


def test_a_file_of_somebody_else_stays(inbox: Path) -> None:
    """A result is never written over what was there before."""
    make = Making()
    (inbox.parent / "out").mkdir()
    (inbox.parent / "out" / f"a{ENDING}").write_bytes(b"mine")
    (inbox / "a.jpg").write_bytes(b"a")
    assert "exists already" in str(look(inbox, make)[0].error)
    assert (inbox.parent / "out" / f"a{ENDING}").read_bytes() == b"mine"
    assert make.made == []


class PulledError(BaseException):
    """The process ends here."""


def test_wherever_it_is_cut_off_each_photo_is_done_once(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every write of a row or file in turn: the next watch leaves nothing out, and does nothing twice."""
    real_sync, real_write = os.fsync, module.write_whole
    for cut in itertools.count():
        for old in (inbox.parent / "out").glob("*") if (inbox.parent / "out").exists() else ():
            old.unlink()
        for file in inbox.iterdir():
            file.unlink()
        (inbox.parent / "out" / JOURNAL).unlink(missing_ok=True)
        for name in ("a.jpg", "b.jpg"):
            (inbox / name).write_bytes(name.encode())
        left = itertools.count(cut, -1)

        def pull(*given: object, real: object = None, **how: object) -> object:
            if next(left) == 0:  # noqa: B023 - used within this turn
                raise PulledError
            return real(*given, **how)

        make = Making()
        monkeypatch.setattr(module.os, "fsync", lambda file: pull(file, real=real_sync))
        monkeypatch.setattr(module, "write_whole", lambda *g, **h: pull(*g, real=real_write, **h))
        try:
            look(inbox, make)
            was_cut = False
        except PulledError:
            was_cut = True
        monkeypatch.setattr(module.os, "fsync", real_sync)
        monkeypatch.setattr(module, "write_whole", real_write)
        look(inbox, make)
        for name in ("a", "b"):
            assert (inbox.parent / "out" / f"{name}{ENDING}").read_bytes() == b"of " + f"{name}.jpg".encode()
        assert look(inbox, make) == []
        assert len(make.made) <= 3
        if not was_cut:
            break
    assert cut > 4


def test_a_row_that_was_cut_off_says_nothing(inbox: Path) -> None:
    """A damaged one before it is told."""
    make = Making()
    (inbox / "a.jpg").write_bytes(b"a")
    look(inbox, make)
    journal = inbox.parent / "out" / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"photo": "b')
    assert look(inbox, make) == []
    assert journal.read_bytes() == whole
    journal.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(OutputError, match="Line 1"):
        look(inbox, make)


def test_two_watchers_take_turns(inbox: Path) -> None:
    """The second waits for the first, and finds all done."""
    make = Making()
    (inbox / "a.jpg").write_bytes(b"a")
    threads = [threading.Thread(target=look, args=(inbox, make)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert make.made == ["a.jpg"]


def test_wrong_seconds() -> None:
    """Are refused."""
    with pytest.raises(ParameterError):
        WatchOptions(ENDING, settle_s=-1)
