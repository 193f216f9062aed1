"""A job's pipeline: which network, and what is made of each photo. Checked whole before a job is accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar.encode import CLIP_TYPES, MEDIA_TYPES
from nearfar.errors import ParameterError, did_you_mean
from nearfar.options import describe, parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nearfar.types import DepthMap, Photo

MAX_OUTPUTS = 16
MAX_BYTES = 64 * 1024
_MEMBERS = ("model", "size", "effects", "exports")
_REGISTRIES = {"effects": EFFECTS, "exports": EXPORTS}
_DEFAULT = {"effects": ["heatmap"]}
_SHAPE = 'Give an object such as {"model": "embedded", "effects": ["heatmap"], "exports": ["npy"]}.'


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One file that is made of each photo: ``file`` is its name, ``make`` its bytes."""

    file: str
    media_type: str
    make: Callable[[Photo, DepthMap], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """A checked pipeline. ``model`` is "" for the service's default, ``size`` None for the model's own."""

    model: str
    size: int | None
    outputs: tuple[Output, ...]
    plain: dict[str, Any]
    """The same as JSON, as it is kept and shown."""


def read_recipe(text: str, default_model: str) -> Recipe:
    """The pipeline in a JSON text; the heat map alone where it is empty.

    Raises:
        ParameterError: it is no JSON, has an unknown member, or an option is out of its range.
        UnknownNameError: there is no such model, effect or format.
        MissingExtraError: something in it needs a library that is not installed.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise _wrong(f"The pipeline has more than {MAX_BYTES} bytes.")
    if not text.strip():
        return check_recipe({}, default_model)
    try:
        given = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise _wrong(f"The pipeline is no JSON: {exc}.") from exc
    if not isinstance(given, dict):
        raise _wrong("The pipeline is no JSON object.")
    return check_recipe(given, default_model)


def check_recipe(given: dict[str, Any], default_model: str) -> Recipe:
    """The pipeline in an object; errors as in :func:`read_recipe`."""
    for name in given:
        if name not in _MEMBERS:
            raise _wrong(f"The pipeline has no member {name[:60]!r}.", did_you_mean(name, _MEMBERS))
    model, size = given.get("model") or "", given.get("size")
    if not isinstance(model, str):
        raise _wrong("The pipeline's model is no text.")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
        raise _wrong("The pipeline's size is no whole number of pixels above 0.")
    card = catalogue.card(model or default_model)
    if size is not None:
        card.input.with_size(size)
    asked = given if given.get("effects") or given.get("exports") else _DEFAULT
    entries = [entry for kind in _REGISTRIES for entry in _entries(kind, asked.get(kind) or [])]
    if len(entries) > MAX_OUTPUTS:
        raise _wrong(
            f"The pipeline makes {len(entries)} files of a photo; at most {MAX_OUTPUTS} were expected."
        )
    return Recipe(model, size, tuple(_named(entries)), _plain(model, size, entries))


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One effect or format with its options."""

    kind: str
    plugin: Any
    given: dict[str, str]
    options: Any


def _entries(kind: str, rows: object) -> Iterator[_Entry]:
    if not isinstance(rows, list):
        raise _wrong(f"The pipeline's {kind} are no list.")
    for row in rows:
        name, options = _name_and_options(kind, row)
        plugin = _REGISTRIES[kind].load(name)
        given = {key: _text(key, value) for key, value in options.items() if value is not None}
        _refuse_files(plugin, given)
        yield _Entry(kind, plugin, given, parse(plugin.options, given))


def _name_and_options(kind: str, row: object) -> tuple[str, dict[str, Any]]:
    if isinstance(row, str):
        return row, {}
    is_fine = isinstance(row, dict) and isinstance(row.get("name"), str) and set(row) <= {"name", "options"}
    options = row.get("options", {}) if isinstance(row, dict) else None
    if not is_fine or not isinstance(row, dict) or not isinstance(options, dict):
        raise _wrong(
            f"An entry of the pipeline's {kind} is neither a name nor an object with name and options."
        )
    return row["name"], options


def _text(name: str, value: object) -> str:
    """An option's value as a query would carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list):
        return ",".join(_text(name, part) for part in value)
    raise ParameterError(f"{name[:60]} is an object, but a value was expected.", parameter=name[:60])


def _refuse_files(plugin: Any, given: dict[str, str]) -> None:
    for info in describe(plugin.options):
        if info.file and info.name in {key.replace("-", "_") for key in given}:
            raise ParameterError(
                f"{info.name} of {plugin.name} is a file, and a job takes none beside its pictures.",
                f"Send each picture to POST /v1/effects/{plugin.name} instead.",
                parameter=info.name,
            )


def _named(entries: list[_Entry]) -> Iterator[Output]:
    """Files with names of their own: the plug-in's, with a number where it comes again."""
    seen: dict[str, int] = {}
    for entry in entries:
        suffix, media_type = _kind_of_file(entry)
        stem = entry.plugin.name
        seen[stem + suffix] = count = seen.get(stem + suffix, 0) + 1
        yield Output(f"{stem}{'' if count == 1 else f'-{count}'}{suffix}", media_type, _maker(entry))


def _kind_of_file(entry: _Entry) -> tuple[str, str]:
    """(suffix, media type) of what an entry makes."""
    if entry.kind == "exports":
        return entry.plugin.suffix, entry.plugin.media_type
    is_clip = "format" in entry.plugin.options.__dataclass_fields__
    suffix = f".{entry.options.format}" if is_clip else entry.plugin.suffixes[0]
    return suffix, (CLIP_TYPES if is_clip else MEDIA_TYPES)[suffix]


def _maker(entry: _Entry) -> Callable[[Photo, DepthMap], bytes]:
    def export(photo: Photo, depth: DepthMap) -> bytes:
        return bytes(entry.plugin.write(photo, depth, entry.options))

    def effect(photo: Photo, depth: DepthMap) -> bytes:
        done = entry.plugin.apply(photo, depth, entry.options)
        return bytes(done.encoded(_kind_of_file(entry)[0]))

    return export if entry.kind == "exports" else effect


def _plain(model: str, size: int | None, entries: list[_Entry]) -> dict[str, Any]:
    rows: dict[str, Any] = {kind: [] for kind in _REGISTRIES}
    for entry in entries:
        rows[entry.kind].append({"name": entry.plugin.name, "options": entry.given})
    return {"model": model, "size": size, **rows}


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _wrong(message: str, hint: str = _SHAPE) -> ParameterError:
    return ParameterError(message, hint, "pipeline")
