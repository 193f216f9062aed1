"""A file that is lent to a worker: read from there, and nowhere else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import captive
from nearfar.errors import NearfarError
from nearfar.wall import Wall, WallOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux")
MIB = 2**20


@pytest.fixture(scope="module")
def wall() -> Iterator[Wall]:
    """A wall with little memory."""
    made = Wall(WallOptions(workers=1, most_bytes=64 * MIB, seconds=20.0, modules=("captive",)))
    made.start()
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of numbers."""
    path = tmp_path / "numbers"
    path.write_bytes(bytes(range(200)))
    return path


def test_a_part_of_the_file_is_read(wall: Wall, file: Path) -> None:
    """From a place on, never beyond its end; the file's own place here stays."""
    with wall.lease() as lease, file.open("rb") as lent:
        lease.lend(lent.fileno())
        assert lease.do(captive.read_lent, 10, 50, 5, 3) == bytes([15, 16, 17])
        assert lease.do(captive.read_lent, 10, 50, 48, 100) == bytes([58, 59])
        assert lent.tell() == 0


def test_the_next_request_has_none_of_it(wall: Wall, file: Path) -> None:
    """Also where the same worker serves it."""
    with wall.lease() as lease, file.open("rb") as lent:
        lease.lend(lent.fileno())
        lease.do(captive.read_lent, 0, 200, 0, 1)
    with wall.lease() as lease, pytest.raises(NearfarError, match="No file was lent"):
        lease.do(captive.read_lent, 0, 200, 0, 1)


def test_work_over_and_over_takes_no_more_memory(wall: Wall) -> None:
    """Each answer's room is free again; 64 of a megabyte would not fit beside each other."""
    with wall.lease() as lease:
        for number in range(100):
            found = lease.do_apart(captive.large_picture, number)
            assert np.all(found == number)
