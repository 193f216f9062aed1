"""Depth of a video as a folder of files: 16-bit PNG, OpenEXR, NumPy archives, or a Zarr store.

Files of a piece lie in a folder of its own, with ``frames.csv`` that says which frame is which; folders are
joined to one in the end. A Zarr store is version 2 of its format, written without a library: each frame a
chunk, deflated.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import OutputError, OutputExistsError, ParameterError, did_you_mean
from nearfar.machine.files import write_whole
from nearfar.registry import EXPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from nearfar.types import DepthMap
    from nearfar.types.moving import VideoFrame

FORMATS = ("png16", "exr", "npz", "zarr")
FRAMES = "frames.csv"
_COLUMNS = ("file", "index", "pts", "time_base", "seconds")
_CHUNK_BYTES = 32 << 20  # of values in one NumPy archive
_ABOUT = "about.json"
_OURS = re.compile(
    r"[0-9]{6,}\.(png|exr|npz|z)|frames\.csv|about\.json|\.z(group|attrs)|depth|index|pts|seconds"
)


@dataclass(slots=True, eq=False)
class DepthFiles:
    """Depth files of a piece of a video. ``span``: the values that numbers of 16 bits span in all frames."""

    folder: Path
    format: str
    span: tuple[float, float] = (0.0, 1.0)
    _rows: list[tuple[str, int, int, str, str]] = field(default_factory=list)
    _held: list[tuple[VideoFrame, DepthMap]] = field(default_factory=list)
    _about: str = ""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ParameterError(
                f"Depth is not written as '{self.format}'.", did_you_mean(self.format, FORMATS), "format"
            )

    def add(self, frame: VideoFrame, depth: DepthMap) -> None:
        """Write a frame's depth, of any size as long as it is the same for all.

        Raises:
            OutputError: the folder cannot be written to.
        """
        self._about = self._about or json.dumps(_about_of(depth))
        if self.format == "npz":
            self._held.append((frame, depth))
            if sum(one.values.nbytes for _, one in self._held) >= _CHUNK_BYTES:
                self._write_chunk()
            return
        name = f"{frame.index:06d}" + {"png16": ".png", "exr": ".exr", "zarr": ".z"}[self.format]
        write_whole(self.folder / name, _BYTES[self.format](depth, self.span))
        self._note(name, frame)

    def close(self) -> None:
        """Write what is held, and which frame is which."""
        if self._held:
            self._write_chunk()
        write_whole(self.folder / FRAMES, _table(self._rows))
        write_whole(self.folder / _ABOUT, self._about.encode())

    def _note(self, name: str, frame: VideoFrame) -> None:
        base = f"{frame.time_base.numerator}/{frame.time_base.denominator}"
        self._rows.append((name, frame.index, frame.pts, base, f"{frame.seconds:.9f}"))

    def _write_chunk(self) -> None:
        frames, maps = zip(*self._held, strict=True)
        out = io.BytesIO()
        valid = [np.ones(one.values.shape, bool) if one.valid is None else one.valid for one in maps]
        np.savez_compressed(
            out,
            values=np.stack([one.values for one in maps]),
            valid=np.stack(valid),
            index=np.array([one.index for one in frames]),
            pts=np.array([one.pts for one in frames]),
            seconds=np.array([one.seconds for one in frames]),
            about=np.array(self._about),
        )
        name = f"{frames[0].index:06d}.npz"
        write_whole(self.folder / name, out.getvalue())
        for one in frames:
            self._note(name, one)
        self._held.clear()


def join_files(folders: Sequence[Path], target: Path, format: str, *, overwrite: bool = True) -> None:
    """Move the files of pieces into one folder, which appears whole.

    Raises:
        OutputExistsError: something is there and must stay.
        OutputError: it cannot be written.
    """
    if target.exists() and not overwrite:
        raise OutputExistsError(f"{target} exists already.", "Pass overwrite, or choose another name.")
    part = target.with_name(f".{target.name}.part")
    with _disk(target):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        rows: list[list[str]] = []
        for folder in folders:
            rows += _read_table(folder / FRAMES)
            for file in sorted(folder.iterdir()):
                if file.name not in {FRAMES, _ABOUT} and file.suffix in {".png", ".exr", ".npz", ".z"}:
                    second_name(file, part / file.name)  # a run that is killed here joins them again
        about = json.loads((folders[0] / _ABOUT).read_text(encoding="utf-8") or "{}")
        if format == "zarr":
            _as_store(part, rows, about)
        else:
            write_whole(part / _ABOUT, json.dumps(about, indent=1).encode())
            write_whole(part / FRAMES, _table(rows))
        if target.is_dir() and not target.is_symlink():
            check_ours(target)
            shutil.rmtree(target)
        part.replace(target)


def check_ours(folder: Path) -> None:
    """Raise OutputExistsError where a folder holds anything but depth files: it is not replaced."""
    if not folder.is_dir():
        return
    with _disk(folder):
        others = [path.name for path in folder.iterdir() if not _OURS.fullmatch(path.name)]
    if others:
        raise OutputExistsError(
            f"The folder {folder} holds other things too, such as {min(others)}, which would be lost.",
            "Name a folder of its own for the depth of this video.",
        )


def second_name(file: Path, name: Path) -> None:
    """The file under another name too; a copy where the disk has no second names."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)


def _as_store(folder: Path, rows: list[list[str]], about: dict[str, Any]) -> None:
    """The folder as a Zarr store with the arrays ``depth`` (N, H, W), ``index``, ``pts`` and ``seconds``."""
    _array(folder / "depth", (len(rows), about["height"], about["width"]), np.dtype("<f4"))
    for number, row in enumerate(rows):
        (folder / row[0]).replace(folder / "depth" / f"{number}.0.0")
    for name, column, kind in (("index", 1, "<i8"), ("pts", 2, "<i8"), ("seconds", 4, "<f8")):
        values = np.array([float(row[column]) if kind == "<f8" else int(row[column]) for row in rows], kind)
        _array(folder / name, values.shape, values.dtype)
        write_whole(folder / name / "0", zlib.compress(values.tobytes(), 1))
    write_whole(folder / ".zgroup", b'{"zarr_format": 2}')
    base = rows[0][3] if rows else ""
    write_whole(folder / ".zattrs", json.dumps(about | {"time_base": base}, indent=1).encode())


def _array(folder: Path, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
    folder.mkdir()
    about = {
        "zarr_format": 2,
        "shape": list(shape),
        "chunks": [1, *shape[1:]] if len(shape) > 1 else list(shape),
        "dtype": kind.str,
        "compressor": {"id": "zlib", "level": 1},
        "fill_value": "NaN" if kind.kind == "f" else 0,
        "order": "C",
        "filters": None,
    }
    write_whole(folder / ".zarray", json.dumps(about, indent=1).encode())


def _png(depth: DepthMap, span: tuple[float, float]) -> bytes:
    return _exported("png16", depth, range=span)


def _exr(depth: DepthMap, span: tuple[float, float]) -> bytes:  # noqa: ARG001 - floats need no span
    return _exported("exr", depth)


def _chunk(depth: DepthMap, span: tuple[float, float]) -> bytes:  # noqa: ARG001 - floats need no span
    return zlib.compress(np.ascontiguousarray(depth.numpy(), "<f4").tobytes(), 1)


_BYTES: dict[str, Callable[[DepthMap, tuple[float, float]], bytes]] = {
    "png16": _png,
    "exr": _exr,
    "zarr": _chunk,
}
"""By format, a frame's file."""


def _exported(name: str, depth: DepthMap, **options: Any) -> bytes:
    export = EXPORTS.load(name)
    data: bytes = export.write(None, depth, export.options(**options))
    return data


def _about_of(depth: DepthMap) -> dict[str, Any]:
    """What the values of every frame mean."""
    keep = ("kind", "unit", "near_is_large", "width", "height", "model", "weights_sha256", "engine")
    return {key: value for key, value in depth.describe().items() if key in keep}


def _table(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def _read_table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


@contextmanager
def _disk(target: Path) -> Iterator[None]:
    """Translate what the disk says."""
    try:
        yield
    except OutputError:
        raise
    except OSError as exc:
        raise OutputError(
            f"Cannot write {target}: {exc.strerror or exc}.", "Make room, or choose another folder."
        ) from exc
