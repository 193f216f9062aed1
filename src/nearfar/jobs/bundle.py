"""The results of a job as one ZIP, made while it is sent: never whole in memory or on the disk."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

from nearfar.jobs.errors import NoSuchJobError, PictureLostError
from nearfar.jobs.records import DONE, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nearfar.jobs.records import Job, PictureRow
    from nearfar.jobs.store import JobStore

MANIFEST = "manifest.json"
_CHUNK = 256 * 1024
_PAGE = 500
_DATE = (1980, 1, 1, 0, 0, 0)  # the same job gives the same bytes
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def manifest(store: JobStore, job: Job) -> dict[str, Any]:
    """What the ZIP holds, and what became of every picture."""
    pictures = [_entry(store, row) for row in rows_of(store, job.id)]
    return {
        "job": job.id,
        "state": job.state,
        "pipeline": shown(job.pipeline),
        "counts": job.counts,
        "pictures": pictures,
    }


def describe(row: PictureRow) -> dict[str, Any]:
    """A picture as plain values, the same on every face."""
    files = [{"name": f.name, "media_type": f.media_type, "bytes": f.bytes} for f in row.files]
    plain = {"picture": row.position, "name": row.name, "state": row.state, "files": files}
    plain |= {"depth": row.depth, "problem": row.problem}
    return plain if row.progress is None else plain | {"progress": row.progress}


def _entry(store: JobStore, row: PictureRow) -> dict[str, Any]:
    """A picture as the manifest tells of it; one whose files somebody removed is told apart."""
    if is_there(store, row):
        return describe(row) | {"folder": folder_of(row) if row.files else None}
    return describe(row) | {"files": [], "folder": None, "problem": {"detail": _lost(row).message}}


def is_there(store: JobStore, row: PictureRow) -> bool:
    """Whether every file of a result is where it belongs."""
    folder = store.spool.result(row.job, row.position, row.token)
    return all((folder / file.name).is_file() for file in row.files)


def _lost(row: PictureRow) -> PictureLostError:
    return PictureLostError(
        f"The result of picture {row.position} is no more in the store of jobs.",
        "Send the picture again; what removed files from the store's folder should not.",
    )


def rows_of(store: JobStore, id: str) -> Iterator[PictureRow]:
    """All pictures of a job, read page by page."""
    after = 0
    while page := store.pictures(id, after, _PAGE):
        yield from page
        after = page[-1].position


def folder_of(row: PictureRow) -> str:
    """The folder of a picture in the ZIP: its number, then as much of its name as is harmless."""
    stem = _UNSAFE.sub("-", PurePath(row.name.replace("\\", "/")).stem).strip(".-")[:60]
    return f"{row.position:05d}-{stem}" if stem else f"{row.position:05d}"


def file_of(store: JobStore, row: PictureRow, name: str = "") -> tuple[Path, str]:
    """Path and media type of a file of a result; its first one where none is named.

    Raises:
        NoSuchJobError: it has no such file.
        PictureLostError: it had, and somebody removed it.
    """
    for file in row.files:
        if name in {"", file.name}:
            if not is_there(store, row):
                raise _lost(row)
            return store.spool.result(row.job, row.position, row.token) / file.name, file.media_type
    known = ", ".join(file.name for file in row.files)
    raise NoSuchJobError(f"Picture {row.position} has no such file.", f"It has: {known}." if known else "")


def bundle(store: JobStore, job: Job) -> Iterator[bytes]:
    """The ZIP, piece by piece."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        text = json.dumps(manifest(store, job), ensure_ascii=False, indent=1).encode()
        yield from _add(archive, sink, (MANIFEST, len(text)), io.BytesIO(text))
        for row in rows_of(store, job.id):
            for file in row.files if row.state == DONE and is_there(store, row) else ():
                with file_of(store, row, file.name)[0].open("rb") as source:
                    yield from _add(archive, sink, (f"{folder_of(row)}/{file.name}", file.bytes), source)
    yield sink.taken()


def _add(archive: zipfile.ZipFile, sink: _Sink, file: tuple[str, int], source: BinaryIO) -> Iterator[bytes]:
    """Put a file (name, bytes) in, giving what is ready on the way."""
    entry = zipfile.ZipInfo(file[0], _DATE)
    entry.file_size = file[1]  # decides whether its sizes need 64 bits
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    with archive.open(entry, "w") as target:
        while piece := source.read(_CHUNK):
            target.write(piece)
            if ready := sink.taken():
                yield ready


class _Sink(io.RawIOBase):
    """Where the ZIP is written to; what has come is taken away at once."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What has come since the last time."""
        ready = b"".join(self._parts)
        self._parts.clear()
        return ready
