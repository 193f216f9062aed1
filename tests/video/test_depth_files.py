"""Depth as a folder of files: each frame with its time, and the folder whole or not there."""

from __future__ import annotations

import csv
import json
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.cards import DepthKind
from nearfar.errors import OutputError, OutputExistsError, ParameterError
from nearfar.types import DepthMap, Provenance
from nearfar.types.moving import VideoFrame
from nearfar.video.depth_files import FORMATS, FRAMES, DepthFiles, join_files

if TYPE_CHECKING:
    from pathlib import Path


def depth(number: int) -> DepthMap:
    """A ramp with a hole."""
    values = np.linspace(0, 1 + number, 12, dtype=np.float32).reshape(3, 4)
    valid = np.ones((3, 4), bool)
    valid[0, number % 4] = False
    return DepthMap(values, DepthKind.METRIC, valid, None, Provenance("embedded", "ab12"))


def made(folder: Path, format: str) -> Path:
    """Two pieces of three frames, joined."""
    folders = []
    for piece in range(2):
        part = folder / f"piece{piece}"
        part.mkdir()
        files = DepthFiles(part, format, (0.0, 8.0))
        for number in range(3 * piece, 3 * piece + 3):
            files.add(VideoFrame.of(np.zeros((3, 4, 3), np.uint8), 2 * number), depth(number))
        files.close()
        folders.append(part)
    join_files(folders, folder / "depth", format)
    return folder / "depth"


def rows(folder: Path) -> list[dict[str, str]]:
    """The table of frames."""
    with (folder / FRAMES).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("format", "suffix"), [("png16", ".png"), ("exr", ".exr")])
def test_a_file_a_frame(tmp_path: Path, format: str, suffix: str) -> None:
    """Each is read back; all numbers of 16 bits have one scale."""
    folder = made(tmp_path, format)
    table = rows(folder)
    assert [row["file"] for row in table] == [f"{2 * n:06d}{suffix}" for n in range(6)]
    assert [int(row["pts"]) for row in table] == [6000 * n for n in range(6)]
    for number, row in enumerate(table):
        found = nearfar.read_depth(folder / row["file"])
        want = depth(number)
        assert np.array_equal(found.valid, want.valid)
        assert np.abs(found.values - want.values)[want.valid].max() < 8 / 65534
    assert json.loads((folder / "about.json").read_text())["unit"] == "m"


def test_archives_hold_many_frames(tmp_path: Path) -> None:
    """A chunk a piece here, with index and time of each frame."""
    folder = made(tmp_path, "npz")
    chunks = sorted(folder.glob("*.npz"))
    assert [chunk.name for chunk in chunks] == ["000000.npz", "000006.npz"]
    with np.load(chunks[1]) as held:
        assert held["index"].tolist() == [6, 8, 10]
        assert held["pts"].tolist() == [18_000, 24_000, 30_000]
        assert np.array_equal(held["values"][2], depth(5).values)
        assert np.array_equal(held["valid"][2], depth(5).valid)
        assert json.loads(str(held["about"]))["model"] == "embedded"


def test_a_store_is_zarrs(tmp_path: Path) -> None:
    """Version 2: each frame a chunk, holes NaN, with times beside it."""
    folder = made(tmp_path, "zarr")
    about = json.loads((folder / "depth" / ".zarray").read_text())
    assert (about["shape"], about["chunks"], about["dtype"]) == ([6, 3, 4], [1, 3, 4], "<f4")
    for number in range(6):
        data = zlib.decompress((folder / "depth" / f"{number}.0.0").read_bytes())
        values = np.frombuffer(data, "<f4").reshape(3, 4)
        assert np.array_equal(np.isnan(values), ~depth(number).valid)
    assert np.frombuffer(zlib.decompress((folder / "pts" / "0").read_bytes()), "<i8").tolist()[-1] == 30_000
    assert json.loads((folder / ".zattrs").read_text())["kind"] == "metric"
    assert json.loads((folder / ".zgroup").read_text()) == {"zarr_format": 2}


def test_large_frames_make_more_archives(tmp_path: Path) -> None:
    """Memory does not grow with the length of a piece."""
    files = DepthFiles(tmp_path, "npz")
    values = np.zeros((2048, 2048), np.float32)
    for number in range(5):
        files.add(VideoFrame.of(np.zeros((1, 1, 3), np.uint8), number), DepthMap(values, DepthKind.METRIC))
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == ["000000.npz", "000002.npz"]


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_there_may_stay_or_go(tmp_path: Path, format: str) -> None:
    """A folder of before is taken away as a whole, or left."""
    (tmp_path / "depth").mkdir()
    (tmp_path / "depth" / "000099.png").write_bytes(b"old")
    with pytest.raises(OutputExistsError):
        join_files([tmp_path], tmp_path / "depth", format, overwrite=False)
    assert not (made(tmp_path, format) / "000099.png").exists()


def test_unknown_formats_and_places_are_told(tmp_path: Path) -> None:
    """With what there is."""
    with pytest.raises(ParameterError):
        DepthFiles(tmp_path, "gif")
    with pytest.raises(OutputError):
        DepthFiles(tmp_path / "none", "exr").add(VideoFrame.of(np.zeros((1, 1, 3), np.uint8), 0), depth(0))
