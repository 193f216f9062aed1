"""What is to be made of each photo: which network looks at it, and which files come of it.

The one description that the command line, the routes of the service, its jobs and its client share: effects
and formats with their options, what their files are called, and how their bytes are made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar.errors import ParameterError, did_you_mean
from nearfar.machine.texts import parse_json
from nearfar.options import describe, parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nearfar.plugins import Effect, Export
    from nearfar.registry import Registry
    from nearfar.types import DepthMap, Photo

Named = str | tuple[str, Mapping[str, Any]] | Mapping[str, Any]
"""A plug-in to be asked for: its name, (name, options), or an object with name and options."""

MAX_OUTPUTS = 16
MAX_BYTES = 64 * 1024
_MEMBERS = ("model", "size", "effects", "exports", "video")
_REGISTRIES = {"effects": EFFECTS, "exports": EXPORTS}
_DEFAULT = {"effects": ["heatmap"]}
_SHAPE = 'Give an object such as {"model": "embedded", "effects": ["heatmap"], "exports": ["npy"]}.'


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One file that is made of each photo, by one effect or format with its options.

    ``number``: which of several files of the same plug-in and suffix it is, from 1.
    """

    plugin: Effect | Export
    options: Any
    number: int = 1

    @property
    def suffix(self) -> str:
        """The suffix of the file, such as ``.png``."""
        return self.plugin.suffix_of(self.options)

    @property
    def takes(self) -> frozenset[str]:
        """Names of its options that are files."""
        return frozenset(info.name for info in describe(self.plugin.options) if info.file)

    @property
    def media_type(self) -> str:
        """Such as ``image/png``."""
        return self.plugin.media_type_of(self.options)

    @property
    def file(self) -> str:
        """The name of the file where each photo has a place of its own: ``bokeh.png``, ``bokeh-2.png``."""
        return f"{self.plugin.name}{'' if self.number == 1 else f'-{self.number}'}{self.suffix}"

    def make(self, photo: Photo | None, depth: DepthMap, suffix: str = "") -> bytes:
        """The bytes of the file; of an effect's picture also as another kind, by its suffix.

        Raises:
            ParameterError: the options do not go with the photo.
            MissingExtraError: a library is not installed.
        """
        more = (suffix,) if suffix else ()
        return self.plugin.write(photo, depth, self.options, *more)


def effect(name: str, options: Any = None) -> Output:
    """What an effect makes; its usual options where none are given. Errors as of :func:`output_of`."""
    return output_of(EFFECTS, name, options)


def export(name: str, options: Any = None) -> Output:
    """What a format makes; its usual options where none are given. Errors as of :func:`output_of`."""
    return output_of(EXPORTS, name, options)


def output_of(registry: Registry, name: str, options: Any = None) -> Output:
    """What a plug-in makes. ``options``: an object of its options class, or names and values, or None.

    Raises:
        UnknownNameError: there is no such plug-in.
        ParameterError: an option is unknown or out of its range.
        MissingExtraError: it needs a library that is not installed.
    """
    plugin = registry.ready(name)
    if options is None or isinstance(options, Mapping):
        options = parse(plugin.options, options or {})
    return Output(plugin, options)


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """A checked pipeline. ``model`` is "" for the default one, ``size`` None for the model's own."""

    model: str
    size: int | None
    files: tuple[Output, ...]
    plain: dict[str, Any]
    """The same as JSON, as it is kept and shown."""

    @property
    def file_options(self) -> frozenset[str]:
        """Names of the options of these effects and formats that are files."""
        return frozenset(name for output in self.files for name in output.takes)

    @property
    def video(self) -> dict[str, Any]:
        """How videos are worked on, as it was given: :mod:`nearfar.video.pipeline` reads it."""
        found: dict[str, Any] = self.plain.get("video", {})
        return found


def file_options() -> frozenset[str]:
    """Names of all options that are files."""
    plugins = (registry.load(name) for registry in _REGISTRIES.values() for name in registry.names())
    return frozenset(info.name for plugin in plugins for info in describe(plugin.options) if info.file)


def plain_entry(entry: Named) -> object:
    """An entry of a pipeline as JSON holds it."""
    return {"name": entry[0], "options": dict(entry[1])} if isinstance(entry, tuple) else entry


def read_outputs(text: str, default_model: str) -> Outputs:
    """The pipeline in a JSON text; the heat map alone where it is empty.

    Raises:
        ParameterError: it is no JSON, has an unknown member, or an option is out of its range.
        UnknownNameError: there is no such model, effect or format.
        MissingExtraError: something in it needs a library that is not installed.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise _wrong(f"The pipeline has more than {MAX_BYTES} bytes.")
    if not text.strip():
        return check_outputs({}, default_model)
    try:
        given = parse_json(text, is_strict=True)
    except ValueError as exc:
        raise _wrong(f"The pipeline is no JSON: {exc}.") from exc
    if not isinstance(given, dict):
        raise _wrong("The pipeline is no JSON object.")
    if any("\ud800" <= character <= "\udfff" for character in json.dumps(given, ensure_ascii=False)):
        raise _wrong("The pipeline holds half a character, which no text can.")
    return check_outputs(given, default_model)


def check_outputs(given: dict[str, Any], default_model: str) -> Outputs:
    """The pipeline in an object; errors as in :func:`read_outputs`."""
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
    plain = _plain(model, size, entries)
    video = given.get("video")
    if video is not None:
        if not isinstance(video, dict):
            raise _wrong("The pipeline's video is no object.")
        plain["video"] = video
    return Outputs(model, size, tuple(_numbered(entries)), plain)


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
        name, options = _name_and_options(kind, plain_entry(row))
        plugin = _REGISTRIES[kind].ready(name)
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
    if isinstance(value, list) and not any(isinstance(part, (list, dict)) for part in value):
        return ",".join(_text(name, part) for part in value)
    raise ParameterError(
        f"{name[:60]} is neither a value nor a list of values.",
        "Give a number, a text, true or false.",
        parameter=name[:60],
    )


def _refuse_files(plugin: Any, given: dict[str, str]) -> None:
    for info in describe(plugin.options):
        if info.file and info.name in {key.replace("-", "_") for key in given}:
            raise ParameterError(
                f"{info.name} of {plugin.name} is a file, and was given as a text.",
                f"Send it as a file beside the pictures: the multipart field '{info.name}'.",
                parameter=info.name,
            )


def _numbered(entries: Sequence[_Entry]) -> Iterator[Output]:
    """Files with names of their own: the plug-in's, with a number where it comes again."""
    seen: dict[str, int] = {}
    for entry in entries:
        output = Output(entry.plugin, entry.options)
        seen[output.file] = count = seen.get(output.file, 0) + 1
        yield Output(entry.plugin, entry.options, count)


def _plain(model: str, size: int | None, entries: list[_Entry]) -> dict[str, Any]:
    rows: dict[str, Any] = {kind: [] for kind in _REGISTRIES}
    for entry in entries:
        rows[entry.kind].append({"name": entry.plugin.name, "options": entry.given})
    return {"model": model, "size": size, **rows}


def _wrong(message: str, hint: str = _SHAPE) -> ParameterError:
    return ParameterError(message, hint, "pipeline")
