"""Where results go: a tree of files like the source's, or shards that hold many."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from nearfar.errors import SourceError
from nearfar.runs.arrow import parquet
from nearfar.runs.items import safe_name
from nearfar.runs.rows import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nearfar.runs.places import Place
    from nearfar.runs.rows import Row
    from nearfar.runs.work import Done, Keep

LAYOUTS = ("tree", "webdataset", "parquet")
_SUFFIXES = {"webdataset": ".tar", "parquet": ".parquet"}
_MEMBER = "::"
_MOST_BYTES = 64 * 2**20


class Target(Protocol):
    """What a run does with what became of its photos."""

    @property
    def keep(self) -> Keep | None:
        """What writes the results of a photo where it is worked on; None where the run itself does."""

    def add(self, done: Done) -> None:
        """Take what became of a photo."""

    def flush(self) -> None:
        """Make sure that all of it is there, with its rows."""


@dataclass(frozen=True, slots=True)
class TreeKeep:
    """Writes ``sub/photo.jpg`` to ``sub/photo.jpg.heatmap.png``, ..."""

    place: Place

    def __call__(self, name: str, files: Mapping[str, bytes]) -> tuple[Result, ...]:
        """As of :class:`nearfar.runs.work.Keep`."""
        found = []
        for suffix, data in files.items():
            path = f"{safe_name(name)}.{suffix}"
            self.place.write(path, data)
            found.append(Result(path, len(data), _sha256(data)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Tree:
    """Results in a tree of files like the source's."""

    keep: TreeKeep
    tell: Callable[[Sequence[Row]], object]

    def add(self, done: Done) -> None:
        """Its files are written: its row is told."""
        self.tell([done.row])

    def flush(self) -> None:
        """Nothing waits."""


@dataclass(slots=True)
class Shards:
    """Results in shards, each written whole before its rows are told, all at once."""

    place: Place
    layout: str
    tell: Callable[[Sequence[Row]], object]
    most: int = 1000
    keep: None = None
    _held: list[Done] = field(default_factory=list)
    _bytes: int = 0
    _next: int = 0

    def __post_init__(self) -> None:
        if self.layout == "parquet":
            parquet("A target of Parquet")
        shards = [entry.name for entry in self.place.entries() if is_shard(entry.name)]
        self._next = max((_number(name) for name in shards), default=0) + 1

    def add(self, done: Done) -> None:
        """A photo without results needs no shard: its row is told."""
        if done.row.is_failed:
            self.tell([done.row])
            return
        self._held.append(done)
        self._bytes += sum(map(len, done.files.values()))
        if len(self._held) >= self.most or self._bytes >= _MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits as a shard, and tell its rows."""
        if not self._held:
            return
        name = f"shard-{self._next:06d}{_SUFFIXES[self.layout]}"
        pack = _packed_tar if self.layout == "webdataset" else _packed_table
        data, rows = pack(name, self._held)
        self.place.write(name, data)
        self.tell(rows)
        self._next += 1
        self._held, self._bytes = [], 0


def target_of(place: Place, layout: str, tell: Callable[[Sequence[Row]], object], most: int = 1000) -> Target:
    """The target of a layout; ``tell`` hears rows whose results are whole, ``most``: photos of a shard."""
    return Tree(TreeKeep(place), tell) if layout == "tree" else Shards(place, layout, tell, most)


def is_shard(name: str) -> bool:
    """Whether a file is one of a run's shards."""
    return name.startswith("shard-") and PurePosixPath(name).suffix in _SUFFIXES.values() and "/" not in name


def shard_of(path: str) -> str:
    """The shard that a result is in; "" where it is a file of its own."""
    return path.partition(_MEMBER)[0] if _MEMBER in path and is_shard(path.partition(_MEMBER)[0]) else ""


def remove_strays(place: Place, rows: Iterable[Row]) -> list[str]:
    """Remove shards that no row tells of: a run was killed before; their photos are done again."""
    found = {entry.name for entry in place.entries() if is_shard(entry.name)}
    if not found:
        return []
    told = {shard_of(result.path) for row in rows for result in row.results}
    strays = sorted(found - told)
    for name in strays:
        place.remove(name)
    return strays


def damaged(place: Place, rows: Iterable[Row]) -> Iterator[tuple[Row, str]]:
    """The rows whose results are not there as they were written, and why; each result is read and hashed.

    Of shards the last one read is remembered, so that rows in their order read each once.
    """
    shards = _Shards(place)
    for row in rows:
        for result in row.results:
            why = _wrong_with(place, shards, result)
            if why:
                yield row, why
                break


def _wrong_with(place: Place, shards: _Shards, result: Result) -> str:
    try:
        shard = shard_of(result.path)
        data = (
            shards.member(shard, result.path.removeprefix(shard + _MEMBER))
            if shard
            else place.read(result.path)
        )
    except SourceError as exc:
        return exc.message
    return "" if _sha256(data) == result.sha256 else f"{result.path} was changed."


class _Shards:
    """Reads members of shards."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._name, self._members = "", dict[str, bytes]()

    def member(self, shard: str, member: str) -> bytes:
        """The bytes of a member; SourceError where it is not there."""
        if shard != self._name:
            read = _tar_members if shard.endswith(".tar") else _table_members
            self._name, self._members = shard, {}
            self._members = read(self._place.read(shard), shard)
        if member not in self._members:
            raise SourceError(f"{shard} has no {member}.", "Run with --verify, so that it is made again.")
        return self._members[member]


def _packed_tar(name: str, held: Sequence[Done]) -> tuple[bytes, list[Row]]:
    """A tar as WebDataset reads it: a sample has its files beside each other, one of JSON among them."""
    file, rows = io.BytesIO(), []
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for done in held:
            sample = safe_name(done.row.source)
            folder, slash, base = sample.rpartition("/")
            sample = f"{folder}{slash}{base.replace('.', '_')}"  # a sample's name ends at the first dot
            results = []
            for suffix, data in done.files.items():
                _add(archive, f"{sample}.{suffix}", data)
                results.append(Result(f"{name}{_MEMBER}{sample}.{suffix}", len(data), _sha256(data)))
            row = replace(done.row, results=tuple(results))
            facts = {word: value for word, value in row.plain.items() if word not in {"results", "seconds"}}
            _add(archive, f"{sample}.json", json.dumps(facts).encode())
            rows.append(row)
    return file.getvalue(), rows


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    archive.addfile(member, io.BytesIO(data))


def _packed_table(name: str, held: Sequence[Done]) -> tuple[bytes, list[Row]]:
    """A table with a column of bytes for each file, beside what the manifest says."""
    library, rows = parquet("A target of Parquet"), []
    import pyarrow as pa

    plain: list[dict[str, Any]] = []
    for number, done in enumerate(held):
        results = tuple(
            Result(f"{name}{_MEMBER}{number}/{suffix}", len(data), _sha256(data))
            for suffix, data in done.files.items()
        )
        rows.append(replace(done.row, results=results))
        facts = ("source", "key", "kind", "unit", "low", "high", "width", "height", "model", "weights_sha256")
        plain.append({word: getattr(done.row, word) for word in facts} | dict(done.files))
    file = io.BytesIO()
    library.write_table(pa.Table.from_pylist(plain), file, compression="zstd")
    return file.getvalue(), rows


def _tar_members(data: bytes, name: str) -> dict[str, bytes]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            files = ((member.name, archive.extractfile(member)) for member in archive)
            return {called: file.read() for called, file in files if file is not None}
    except (tarfile.TarError, EOFError) as exc:
        raise SourceError(f"{name} is damaged: {exc}.", "It is made again.") from exc


def _table_members(data: bytes, name: str) -> dict[str, bytes]:
    try:
        rows = parquet(name).read_table(io.BytesIO(data)).to_pylist()
    except (OSError, ValueError) as exc:
        raise SourceError(f"{name} is damaged: {exc}.", "It is made again.") from exc
    return {
        f"{k}/{word}": value
        for k, row in enumerate(rows)
        for word, value in row.items()
        if isinstance(value, bytes)
    }


def _number(name: str) -> int:
    digits = PurePosixPath(name).stem.removeprefix("shard-")
    return int(digits) if digits.isdigit() else 0


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
