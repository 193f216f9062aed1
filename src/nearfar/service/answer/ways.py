"""The ways to answer with what an effect or an export makes: which kinds of files, under which names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar import api, outputs
from nearfar.encode import PICTURE_TYPES
from nearfar.encode.metadata import with_metadata
from nearfar.options import parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer.answers import SHARED, Format, choose_format

if TYPE_CHECKING:
    from nearfar.registry import Registry
    from nearfar.service.answer.answers import Result

_PICTURES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "tiff": ".tiff"}


def is_effect(plugin: Any) -> bool:
    """It is an effect, which answers in several kinds of files; an export has one."""
    return hasattr(plugin, "is_clip")


def picture_formats(plugin: Any) -> tuple[str, ...]:
    """What ``format`` may be, for an effect that makes pictures; empty for clips and exports."""
    if not is_effect(plugin) or plugin.is_clip:
        return ()
    return tuple(name for name, suffix in _PICTURES.items() if suffix in plugin.suffixes)


def shared_by(plugin: Any) -> tuple[str, ...]:
    """Parameters of a plug-in's route that are not its own options."""
    return (*SHARED, "format") if picture_formats(plugin) else SHARED


def choose_way(plugin: Any, given: dict[str, str], format: str, accept: str) -> Format:
    """How an answer is written: by ``format``, else by the Accept header; an export as it is.

    Raises:
        ParameterError: no such format, or an option that is wrong.
        NotAcceptableError: nothing that the client accepts.
    """
    if not is_effect(plugin):
        return _way(plugin, given)
    if plugin.is_clip:
        return _choose_clip(plugin, given, accept)
    known = {name: _way(plugin, given, _PICTURES[name]) for name in picture_formats(plugin)}
    return choose_format(format, accept, known)


def _choose_clip(plugin: Any, given: dict[str, str], accept: str) -> Format:
    """Of the option ``format`` where it is given; its usual value goes before the others."""
    usual = parse(plugin.options, given).format
    names = [usual] if "format" in given else dict.fromkeys((usual, *(kind[1:] for kind in plugin.suffixes)))
    known = {name: _way(plugin, {**given, "format": name}) for name in names}
    return known[usual] if len(known) == 1 else choose_format("", accept, known)


def _written(registry: Registry, name: str, given: dict[str, str], suffix: str, result: Result) -> bytes:
    """The bytes of an answer; files of the options come out of the upload's fields."""
    plugin = registry.load(name)
    files = {**given, **result.files}
    options = api.read_options(plugin.options, files, api.subject_of(result.photo), result.limits)
    data = outputs.Output(plugin, options).make(result.photo, result.depth, suffix)
    return with_metadata(data, result.kept) if is_effect(plugin) else data


def _way(plugin: Any, given: dict[str, str], suffix: str = "") -> Format:
    """One way."""
    output = outputs.Output(plugin, parse(plugin.options, given))
    kind = suffix or output.suffix
    registry = EFFECTS if is_effect(plugin) else EXPORTS
    write = partial(_written, registry, plugin.name, given, suffix)
    media_type = PICTURE_TYPES[kind] if suffix else output.media_type
    return Format(plugin.name, plugin.summary, media_type, kind, write, plugin.name)
