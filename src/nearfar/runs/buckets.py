"""Buckets, hubs and web servers, by fsspec; what a busy storage refuses is asked again."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from nearfar.errors import MissingExtraError, NearfarError, OutputError, ParameterError, SourceError
from nearfar.runs.places import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_TRIES = 8
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 10.0
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, ImportError)
_STAMPS = ("ETag", "etag", "md5Hash", "sha", "blob_id", "LastModified", "updated", "mtime", "created")


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """A prefix of a bucket, or any other address that fsspec knows."""

    url: str

    def __post_init__(self) -> None:
        _opened(self.url)

    def read(self, name: str, span: tuple[int, int] | None = None) -> bytes:
        """As :meth:`nearfar.runs.places.Place.read`."""
        fs, path = self._at(name)
        start, end = (None, None) if span is None else (span[0], sum(span))
        return bytes(_patient(lambda: fs.cat_file(path, start, end), self._unread(name)))

    def open(self, name: str) -> BinaryIO:
        """As :meth:`nearfar.runs.places.Place.open`."""
        fs, path = self._at(name)
        file: BinaryIO = _patient(lambda: fs.open(path, "rb"), self._unread(name))
        return file

    def write(self, name: str, data: bytes) -> None:
        """As :meth:`nearfar.runs.places.Place.write`: by one request, or parts that count together."""
        fs, path = self._at(name)
        _patient(lambda: fs.pipe_file(path, data), self._unwritten(name))

    @contextmanager
    def writer(self, name: str) -> Iterator[BinaryIO]:
        """As :meth:`nearfar.runs.places.Place.writer`: written on this machine, then sent."""
        fs, path = self._at(name)
        with tempfile.NamedTemporaryFile(prefix="nearfar-") as file:
            yield file  # type: ignore[misc]
            file.flush()
            _patient(lambda: fs.put_file(file.name, path), self._unwritten(name))

    def entries(self, under: str = "") -> Iterator[Entry]:
        """As :meth:`nearfar.runs.places.Place.entries`; a folder of it is listed at a time."""
        fs, root = self._at("")
        _, top = self._at(under)
        todo = [top]
        while todo:
            folder = todo.pop(0)
            rows = _listed(fs, folder, self._unread(folder))
            for row in sorted(rows, key=lambda row: row["name"]):
                name = _below(row["name"], root)
                if row["type"] == "directory" and name and row["name"] != folder:
                    todo.append(row["name"])
                elif row["type"] == "file" and name:
                    yield _entry(name, row)

    def entry(self, name: str) -> Entry | None:
        """As :meth:`nearfar.runs.places.Place.entry`."""
        fs, path = self._at(name)
        try:
            return _entry(name, _patient(lambda: fs.info(path), self._unread(name)))
        except SourceError:
            return None

    def remove(self, name: str) -> None:
        """As :meth:`nearfar.runs.places.Place.remove`."""
        fs, path = self._at(name)
        with suppress(_GoneError):
            _patient(lambda: fs.rm(path, recursive=True), self._unwritten(name))

    def _at(self, name: str) -> tuple[Any, str]:
        fs, root = _opened(self.url)
        return fs, f"{root.rstrip('/')}/{name}" if name else root

    def _unread(self, name: str) -> Callable[[BaseException], NearfarError]:
        return lambda exc: SourceError(
            f"{self.url}/{name} cannot be read: {_reason(exc)}.", "Check the name."
        )

    def _unwritten(self, name: str) -> Callable[[BaseException], NearfarError]:
        def told(exc: BaseException) -> NearfarError:
            if isinstance(exc, FileNotFoundError):
                return _GoneError(f"{self.url} has no {name}.", "Check the name of the bucket.")
            hint = "Check that you may write there."
            return OutputError(f"{self.url}/{name} cannot be written: {_reason(exc)}.", hint)

        return told


def matches(pattern: str) -> list[str]:
    """The addresses that a pattern matches, sorted. SourceError where they cannot be listed."""

    def told(exc: BaseException) -> NearfarError:
        return SourceError(f"{pattern} cannot be listed: {_reason(exc)}.", "Check the address.")

    fs, path = _opened(pattern)
    scheme = pattern.partition("://")[0]
    return [f"{scheme}://{name.lstrip('/')}" for name in sorted(_patient(lambda: fs.glob(path), told))]


class _GoneError(OutputError):
    """There is no such file or bucket."""


@cache
def _opened(url: str) -> tuple[Any, str]:
    """The file system of an address, and its path there; listings are never remembered."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as exc:
        raise MissingExtraError(
            f"{url} needs the library fsspec, which is not installed.",
            'Install it: pip install "nearfar[run]"',
        ) from exc
    try:
        fs, path = url_to_fs(url, use_listings_cache=False)
    except ImportError as exc:
        raise MissingExtraError(f"{url} needs a library that is not installed: {exc}.") from exc
    except ValueError as exc:
        raise ParameterError(f"'{url}' is no address: {exc}.", "For example: s3://bucket/photos.") from exc
    return fs, str(path)


def _patient(ask: Callable[[], T], told: Callable[[BaseException], NearfarError]) -> T:
    """What ``ask`` gives, asked again with growing pauses where the storage is busy or out of reach."""
    wait_s = _FIRST_WAIT_S
    for left in reversed(range(_TRIES)):
        try:
            return ask()
        except _FINAL as exc:
            raise told(exc) from exc
        except Exception as exc:  # each storage has errors of its own
            if not left:
                raise told(exc) from exc
        time.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - so that many do not come at once
        wait_s = min(_LONGEST_WAIT_S, 2 * wait_s)
    raise AssertionError


def _listed(fs: Any, folder: str, told: Callable[[BaseException], NearfarError]) -> list[dict[str, Any]]:
    def ask() -> list[dict[str, Any]]:
        try:
            return list(fs.ls(folder, detail=True))
        except FileNotFoundError:
            return []  # a prefix without files is none

    return _patient(ask, told)


def _below(path: str, root: str) -> str:
    return path.strip("/").removeprefix(root.strip("/")).strip("/")


def _entry(name: str, row: dict[str, Any]) -> Entry:
    size = int(row.get("size") or 0)
    stamp = next((str(row[word]) for word in _STAMPS if row.get(word)), "")
    return Entry(name, size, f"{size:x}-{stamp}" if stamp else "")


def _reason(exc: BaseException) -> str:
    return str(exc).strip().rstrip(".") or type(exc).__name__
