"""Rows of the manifest as Parquet, by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nearfar.errors import MissingExtraError, SourceError
from nearfar.runs.rows import FATE, row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from nearfar.runs.rows import Fate, Row

_BATCH = 8192


def has_arrow() -> bool:
    """Whether pyarrow is installed."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError:
        return False
    return True


def parquet(what: str) -> Any:
    """The module that reads and writes Parquet; MissingExtraError where ``what`` needs it in vain."""
    try:
        import pyarrow.parquet as found
    except ImportError as exc:
        raise MissingExtraError(
            f"{what} needs the library pyarrow, which is not installed.",
            'Install it: pip install "nearfar[run]"',
        ) from exc
    return found


def schema() -> Any:
    """The columns of the manifest."""
    import pyarrow as pa

    result = pa.struct([("path", pa.string()), ("bytes", pa.int64()), ("sha256", pa.string())])
    texts = [(name, pa.string()) for name in ("source", "stamp", "key")]
    facts = [(name, pa.string()) for name in ("kind", "unit")]
    ends = [(name, pa.float64()) for name in ("low", "high")]
    sides = [(name, pa.int32()) for name in ("width", "height")]
    model = [(name, pa.string()) for name in ("model", "weights_sha256", "setup")]
    fate = [("warnings", pa.list_(pa.string())), ("error", pa.string()), ("error_type", pa.string())]
    return pa.schema([
        *texts, ("size", pa.int64()), ("results", pa.list_(result)), *facts, *ends, *sides, *model, *fate,
        ("seconds", pa.float64()),
    ])  # fmt: skip


def write_rows(file: BinaryIO, rows: Iterable[Row]) -> None:
    """Write rows as Parquet, a few thousand in memory at a time."""
    import pyarrow as pa

    columns = schema()
    with parquet("The manifest").ParquetWriter(file, columns, compression="zstd") as writer:
        held: list[dict[str, Any]] = []
        for row in rows:
            held.append(row.plain)
            if len(held) == _BATCH:
                writer.write_batch(pa.RecordBatch.from_pylist(held, columns))
                held = []
        writer.write_batch(pa.RecordBatch.from_pylist(held, columns))


def read_rows(file: BinaryIO, name: str) -> Iterator[Row]:
    """The rows of a file.

    Raises:
        SourceError: the file is damaged.
        MissingExtraError: pyarrow is not installed.
    """
    for batch in _batches(file, name, None):
        yield from (row_of(plain) for plain in batch.to_pylist())


def read_fates(file: BinaryIO, name: str) -> Iterator[Fate]:
    """Of the rows of a file what :data:`nearfar.runs.rows.Fate` holds; errors as of :func:`read_rows`."""
    for batch in _batches(file, name, list(FATE)):
        yield from zip(*(batch.column(word).to_pylist() for word in FATE), strict=True)


def _batches(file: BinaryIO, name: str, columns: list[str] | None) -> Iterator[Any]:
    library = parquet(f"The manifest {name}")
    try:
        yield from library.ParquetFile(file).iter_batches(_BATCH, columns=columns)
    except (OSError, ValueError, TypeError) as exc:  # pyarrow's own errors are these
        raise SourceError(f"The manifest {name} cannot be read: {exc}.", "Restore it, or remove it.") from exc
