"""What crosses the wall.

Into a worker goes a pickle, whose large bytes and arrays lie in the shared memory. Out of it comes JSON of a
few known types, for a worker that was taken over by a picture may answer anything: nothing in it is run,
every place is checked to be within the shared memory, every class checks its own values.
"""

from __future__ import annotations

import io
import json
import pickle
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.encode.metadata import Metadata
from nearfar.errors import NearfarError, ParameterError
from nearfar.types import Camera, DepthMap, Photo, PhotoWarning, Provenance
from nearfar.types.solid import Solid, SolidPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.wall.arena import Arena

    Blobs = dict[int, bytes]  # bytes by their place

LARGE = 4096
"""From so many bytes on they lie in the shared memory."""
_ANSWERED = (Camera, DepthMap, Metadata, Photo, PhotoWarning, Provenance, Solid, SolidPart)
CLASSES = {cls.__name__: cls for cls in _ANSWERED}
_KINDS = {"|u1", "<u2", "<f4", "|b1", "<i8"}
_MARK = "!"
_MOST_TEXT = 2000
_ERRORS = ("nearfar.",)


class _Pickler(pickle.Pickler):
    """Leaves large bytes and arrays in the arena, and names their places."""

    def __init__(self, file: io.BytesIO, arena: Arena, places: dict[int, tuple[int, bytes]]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._arena = arena
        self._places = places

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) is bytes and len(obj) >= LARGE:
            if id(obj) not in self._places:
                self._places[id(obj)] = self._arena.put(obj), obj
            return "bytes", self._places[id(obj)][0], len(obj)
        if type(obj) is np.ndarray and obj.nbytes >= LARGE and not obj.dtype.hasobject:
            at = self._arena.place_of(obj)
            return "array", self._arena.put_array(obj) if at is None else at, obj.shape, obj.dtype.str
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, arena: Arena, blobs: Blobs) -> None:
        super().__init__(file)
        self._arena = arena
        self._blobs = blobs

    def persistent_load(self, pid: Any) -> Any:
        kind, at, size, *dtype = pid
        if kind == "array":
            return self._arena.array(at, size, *dtype)
        if at not in self._blobs:
            self._blobs[at] = self._arena.bytes(at, size)
        return self._blobs[at]


def pack(work: Any, arena: Arena, places: dict[int, tuple[int, bytes]]) -> bytes:
    """What a worker is to do, as it is sent. ``places``: of bytes that were sent before, by identity."""
    file = io.BytesIO()
    _Pickler(file, arena, places).dump(work)
    return file.getvalue()


def unpack(data: bytes, arena: Arena, blobs: Blobs) -> Any:
    """In a worker: what it is to do."""
    return _Unpickler(io.BytesIO(data), arena, blobs).load()


def tell(value: Any, arena: Arena, blobs: Blobs) -> Any:
    """In a worker: a result as JSON holds it. TypeError for what may not cross."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, DepthKind)):
        return value
    if isinstance(value, bytes):
        at = next((place for place, known in blobs.items() if known is value), None)
        return {_MARK: "bytes", "at": arena.put(value) if at is None else at, "size": len(value)}
    if isinstance(value, np.ndarray):
        at = arena.place_of(value)
        return {
            _MARK: "array",
            "at": arena.put_array(value) if at is None else at,
            "shape": list(value.shape),
            "dtype": value.dtype.str,
        }
    if isinstance(value, (tuple, list)):
        return {_MARK: type(value).__name__, "of": [tell(part, arena, blobs) for part in value]}
    if isinstance(value, dict):
        return {_MARK: "dict", "of": [[key, tell(part, arena, blobs)] for key, part in value.items()]}
    if isinstance(value, DepthKind):
        return {_MARK: "kind", "of": value.value}
    if CLASSES.get(type(value).__name__) is type(value):
        parts = {f.name: tell(getattr(value, f.name), arena, blobs) for f in fields(value) if f.init}
        return {_MARK: type(value).__name__, "of": parts}
    raise TypeError(f"A {type(value).__name__} cannot be answered by a worker.")


def hear(told: Any, arena: Arena, blobs: Blobs) -> Any:
    """A worker's result. ValueError, TypeError or KeyError where it is none."""
    if told is None or isinstance(told, (bool, int, float, str)):
        return told
    if not isinstance(told, dict) or not isinstance(told.get(_MARK), str):
        raise TypeError("A worker's answer is of no known kind.")
    kind = told[_MARK]
    if kind in _READERS:
        return _READERS[kind](told, arena, blobs)
    cls, parts = CLASSES[kind], told["of"]
    if not isinstance(parts, dict) or parts.keys() != {f.name for f in fields(cls) if f.init}:
        raise ValueError(f"A worker's {kind} has other parts.")
    return cls(**{name: hear(part, arena, blobs) for name, part in parts.items()})


def _bytes(told: Any, arena: Arena, blobs: Blobs) -> bytes:
    at, size = _whole(told["at"]), _whole(told["size"])
    known = blobs.get(at)
    return known if known is not None and len(known) == size else arena.bytes(at, size)


def _array(told: Any, arena: Arena, _: Blobs) -> Any:
    if told["dtype"] not in _KINDS or len(told["shape"]) > 4:
        raise ValueError("A worker's array is of no known kind.")
    return arena.array(_whole(told["at"]), tuple(map(_whole, told["shape"])), told["dtype"])


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError(f"A worker's number is {number!r:.40}.")
    return number


def _dict(told: Any, arena: Arena, blobs: Blobs) -> dict[str, Any]:
    return {_text(key): hear(part, arena, blobs) for key, part in told["of"]}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("A worker's name is no text.")
    return value


_READERS: dict[str, Callable[[Any, Arena, Blobs], Any]] = {
    "bytes": _bytes,
    "array": _array,
    "list": lambda told, arena, blobs: [hear(part, arena, blobs) for part in told["of"]],
    "tuple": lambda told, arena, blobs: tuple(hear(part, arena, blobs) for part in told["of"]),
    "dict": _dict,
    "kind": lambda told, _, __: DepthKind(told["of"]),
}


def tell_error(error: NearfarError) -> dict[str, Any]:
    """In a worker: an error of the tree as JSON holds it, with its class and those above it, nearest first.

    A class of a module that the service has not imported is not known there; one above it is.
    """
    names = [cls.__name__ for cls in type(error).__mro__ if issubclass(cls, NearfarError)]
    row: dict[str, Any] = {"class": names, "message": error.message, "hint": error.hint}
    return row | ({"parameter": error.parameter} if isinstance(error, ParameterError) else {})


def hear_error(told: Any) -> NearfarError:
    """A worker's error, of the nearest of its classes that is known here and takes a message and a hint."""
    message, hint = _text(told["message"])[:_MOST_TEXT], _text(told["hint"])[:_MOST_TEXT]
    known, names = _classes(), told["class"]
    if not isinstance(names, list):
        raise TypeError("A worker's error has no classes.")
    cls = next((known[name] for name in map(_text, names) if name in known), NearfarError)
    if issubclass(cls, ParameterError):
        return cls(message, hint, _text(told.get("parameter", ""))[:_MOST_TEXT])
    return cls(message, hint)


def _classes() -> dict[str, type[NearfarError]]:
    """The classes of the tree, by name."""
    found, todo = {"NearfarError": NearfarError}, [NearfarError]
    while todo:
        for cls in todo.pop().__subclasses__():
            if cls.__module__.startswith(_ERRORS):
                found.setdefault(cls.__name__, cls)
                todo.append(cls)
    return found


def to_text(told: Any) -> bytes:
    """JSON as bytes."""
    return json.dumps(told, ensure_ascii=True).encode()


def of_text(data: bytes) -> Any:
    """The JSON in bytes; ValueError where there is none."""
    try:
        return json.loads(data)
    except RecursionError as exc:
        raise ValueError("A worker's answer is nested too deeply.") from exc
