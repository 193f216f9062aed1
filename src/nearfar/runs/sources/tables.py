"""Photos that a column of a table names or holds: Parquet, CSV, JSON lines."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

from nearfar.errors import ParameterError, SourceError, did_you_mean
from nearfar.runs.arrow import parquet
from nearfar.runs.items import Held, Item
from nearfar.runs.sources.listed import named, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nearfar.runs.places import Place

_USUAL = ("image", "photo", "path", "file", "filename", "url", "jpg", "bytes")
_BATCH = 16  # rows of a Parquet file in memory, as each may hold a photo


def of_table(place: Place, name: str, wanted: tuple[str, str], before: str) -> Iterator[Item]:
    """The photos of the column ``wanted[0]``, named by the column ``wanted[1]`` where there is one.

    A cell is a path beside the table, an address, bytes, base64 (a text that begins ``data:`` or
    ``base64:``), or what Hugging Face's tables hold: an object with ``bytes`` and ``path``.

    Raises:
        ParameterError: there is no such column.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    column, names = wanted
    for number, row in enumerate(_rows(place, name)):
        if number == 0:
            column = _column(column, row, name)
            if names and names not in row:
                raise ParameterError(f"{name} has no column '{names}'.", did_you_mean(names, row), "names")
        called = before + (shown_name(str(row[names])) if names else f"{number:09d}")
        item = _item(place, row.get(column), called, is_named=bool(names))
        if item is not None:
            yield item


def _column(column: str, row: Mapping[str, Any], name: str) -> str:
    """The column with the photos; one of the usual names where none was given."""
    if column and column not in row:
        raise ParameterError(f"{name} has no column '{column}'.", did_you_mean(column, row), "column")
    found = [word for word in (column, *_USUAL) if word and word in row]
    if not found:
        columns = ", ".join(list(row)[:20])
        raise ParameterError(
            f"Which column of {name} holds the photos? It has {columns}.",
            "Name one: --column NAME.",
            "column",
        )
    return found[0]


def _item(place: Place, cell: Any, called: str, *, is_named: bool) -> Item | None:
    """The photo of a cell; None where it is empty."""
    if isinstance(cell, dict):  # Hugging Face's Image
        if not is_named and cell.get("path"):
            called = f"{called}/{shown_name(str(cell['path']))}"
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, str) and cell.startswith(("data:", "base64:")):
        cell = _of_base64(cell)
    if isinstance(cell, (bytes, bytearray, memoryview)):
        data = bytes(cell)
        return Item(called, hashlib.blake2b(data, digest_size=16).hexdigest(), len(data), Held(data))
    if cell is None or not str(cell).strip():
        return None
    found = named(place, str(cell).strip())
    return Item(called, found.stamp, found.size, found.read) if is_named else found


def _of_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.rpartition(",")[2].removeprefix("base64:"), validate=True)
    except (ValueError, binascii.Error):
        return b""  # told when it is looked at


def _rows(place: Place, name: str) -> Iterator[Mapping[str, Any]]:
    if name.lower().endswith(".parquet"):
        with place.open(name) as file:
            yield from _of_parquet(file, name)
        return
    with io.TextIOWrapper(place.open(name), encoding="utf-8-sig", errors="replace", newline="") as text:
        yield from csv.DictReader(text) if name.lower().endswith(".csv") else _of_lines(text, name)


def _of_parquet(file: Any, name: str) -> Iterator[Mapping[str, Any]]:
    library = parquet(f"The table {name}")
    try:
        for batch in library.ParquetFile(file).iter_batches(_BATCH):
            yield from batch.to_pylist()
    except (OSError, ValueError) as exc:  # pyarrow's own errors are these
        raise SourceError(f"{name} is no whole Parquet file: {exc}.", "Download it again.") from exc


def _of_lines(text: io.TextIOWrapper, name: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as exc:
            raise SourceError(f"Line {number} of {name} is no JSON: {exc}.", "Mend the line.") from exc
        if not isinstance(row, dict):
            raise SourceError(f"Line {number} of {name} is no object.", "Mend the line.")
        yield row
