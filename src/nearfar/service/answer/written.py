"""Photo and depth to the bytes of an answer: what is done behind the wall, where there is one."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from nearfar.api import read_options, subject_of
from nearfar.decode.metadata import metadata_of
from nearfar.decode.photo import Limits
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.ops.reduce import reduced_depth, reduced_photo
from nearfar.outputs import Output
from nearfar.plugins import Effect
from nearfar.service.answer.answers import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.decode.masks import Subject
    from nearfar.registry import Registry
    from nearfar.service.answer.answers import DepthQuery, Format
    from nearfar.types import DepthMap, Photo


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """How an answer is to be: its query and format, what its JSON says, the upload's other files."""

    query: DepthQuery
    format: Format
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = Limits()
    """Of those files."""


def written(photo: Photo, depth: DepthMap, wish: Wish) -> tuple[bytes, int, int]:
    """The bytes of an answer, and the width and height of the map in it."""
    result = replace(_result(photo, depth, wish), limits=wish.limits)
    return wish.format.write(result), result.depth.width, result.depth.height


def _result(photo: Photo, depth: DepthMap, wish: Wish) -> Result:
    """What is answered: all of it, or a smaller copy in the colours of the whole."""
    query, (low, high) = wish.query, depth.value_range
    facts = {**wish.facts, "min": low, "max": high, "photo_width": depth.width, "photo_height": depth.height}
    longest, kept = query.max_side, metadata_of(photo)
    if longest is None:
        return Result(photo, depth, query, facts, wish.files, kept)
    small = reduced_depth(depth, longest)
    low, high = depth.limits(query.range)
    if small is not depth and high > low:
        query = replace(query, range=(low, high))
    if not query.shows_depth_only(wish.format.name):
        photo = reduced_photo(photo, longest)
    return Result(photo, small, query, facts, wish.files, kept)


@dataclass(frozen=True, slots=True, eq=False)
class FileWish:
    """One file of a job's picture: an effect or export, its options, and what is kept of the photo's file.

    ``files``: bytes of those of its options that are files, within ``limits``.
    """

    registry: Registry
    name: str
    options: Any
    kept: Metadata
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = Limits()


def with_files(options: Any, files: Mapping[str, bytes], subject: Subject, limits: Limits) -> Any:
    """The options with those that are files read.

    Raises:
        InputError: a file does not hold what it should.
    """
    if not files:
        return options
    given = {row.name: getattr(options, row.name) for row in fields(options)}
    told = {name: value for name, value in given.items() if value is not None}
    return read_options(type(options), told | dict(files), subject, limits)


def files_read(options: Any, files: Mapping[str, bytes], subject: Subject, limits: Limits) -> dict[str, Any]:
    """What the files hold, by the option's name; errors as of :func:`with_files`."""
    read = with_files(options, files, subject, limits)
    return {name: getattr(read, name) for name in files}


def file_written(photo: Photo, depth: DepthMap, wish: FileWish) -> bytes:
    """Its bytes."""
    plugin = wish.registry.load(wish.name)
    options = with_files(wish.options, wish.files, subject_of(photo), wish.limits)
    data = Output(plugin, options).make(photo, depth)
    return with_metadata(data, wish.kept) if isinstance(plugin, Effect) else data
