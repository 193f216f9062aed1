"""What an ONNX file says of its own input, read from its bytes: the base install has no library for that.

A file is a tree of numbered fields (protocol buffers); only the few that are looked for are followed, and
weights are passed over. Source of the numbers: onnx.proto of the ONNX project.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Fields = Iterator[tuple[int, int | memoryview]]
    Values = npt.NDArray[np.float64]

_MODEL_GRAPH = 7
_NODE, _INITIALIZER, _INPUT = 1, 5, 11  # of a graph
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_TENSOR, _ATTRIBUTE_FLOAT = 5, 2
_DIMS, _TYPE, _FLOATS, _INT64S, _NAME, _RAW, _DOUBLES = 1, 2, 4, 7, 8, 9, 10  # of a tensor
_NUMPY = {1: "<f4", 7: "<i8", 10: "<f2", 11: "<f8", 6: "<i4"}
_MOST_VALUES = 16  # a constant of a normalisation or of a shape is not longer
_MOST_STEPS = 8  # before the first layer that is more than a scale or a shift
_SAME = {"Identity", "Cast", "Unsqueeze", "Reshape", "Squeeze"}  # they change no value


@dataclass(frozen=True, slots=True)
class Graph:
    """``scale`` and ``shift``: by colour, what the file does to a picture before its first layer.

    ``has_constant_shapes``: somewhere it puts its data into a shape with sides that were written down when
    it was made, so that it may take one size of picture only.
    """

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    has_constant_shapes: bool = False


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    value: Values | None


def read(path: Path) -> Graph:
    """What a file says; nothing in particular where it is no ONNX file: its runtime tells that better."""
    if not path.stat().st_size:
        return Graph()
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        graph = next((part for field, part in _fields(data) if field == _MODEL_GRAPH), None)
        return _read_graph(graph) if isinstance(graph, memoryview) else Graph()
    except (ValueError, IndexError, TypeError, UnicodeDecodeError):
        return Graph()


def _read_graph(graph: memoryview) -> Graph:
    nodes: list[_Node] = []
    constants: dict[str, Values] = {}
    first, weights = "", set()
    for field, part in _fields(graph):
        if not isinstance(part, memoryview):
            continue
        if field == _NODE:
            nodes.append(_node(part))
        elif field == _INITIALIZER:
            name, value = _tensor(part)
            weights.add(name)
            if value is not None:
                constants[name] = value
        elif field == _INPUT:
            name = next(_text(value) for number, value in _fields(part) if number == 1)
            first = first or ("" if name in weights else name)
    _add_constants(nodes, constants)
    scale, shift = _first_affine(nodes, constants, first)
    return Graph(scale, shift, any(_is_bound(node, constants) for node in nodes))


def _add_constants(nodes: list[_Node], constants: dict[str, Values]) -> None:
    """Constants that are nodes of their own, and those that others only reshape."""
    for node in nodes:
        if node.kind == "Constant" and node.value is not None:
            constants[node.outputs[0]] = node.value
        elif node.kind in _SAME and node.inputs and node.inputs[0] in constants:
            constants[node.outputs[0]] = constants[node.inputs[0]]


def _first_affine(
    nodes: list[_Node], constants: dict[str, Values], name: str
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Scale and shift of all that happens to the input before anything else does."""
    scale, shift = np.ones(3), np.zeros(3)
    for _ in range(_MOST_STEPS):
        users = [node for node in nodes if name in node.inputs]
        if len(users) != 1:
            break
        (node,) = users
        if node.kind not in {"Identity", "Cast"}:
            other = next((constants[key] for key in node.inputs if key in constants), None)
            if other is None or other.size not in {1, 3} or len(node.inputs) != 2:
                break
            step = _STEPS.get(node.kind)
            if step is None or (node.kind in {"Sub", "Div"} and node.inputs[0] != name):
                break
            scale, shift = step(scale, shift, other)
        name = node.outputs[0]
    return _three(scale), _three(shift)


_STEPS = {
    "Sub": lambda scale, shift, by: (scale, shift - by),
    "Add": lambda scale, shift, by: (scale, shift + by),
    "Div": lambda scale, shift, by: (scale / by, shift / by),
    "Mul": lambda scale, shift, by: (scale * by, shift * by),
}


def _three(values: Values) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in np.broadcast_to(values, 3))
    return red, green, blue


def _is_bound(node: _Node, constants: dict[str, Values]) -> bool:
    """A Reshape to a constant shape of which two sides at least are written out."""
    shape = constants.get(node.inputs[1]) if node.kind == "Reshape" and len(node.inputs) == 2 else None
    return shape is not None and shape.size >= 3 and int((shape > 1).sum()) >= 2


def _node(part: memoryview) -> _Node:
    inputs: list[str] = []
    outputs: list[str] = []
    kind, value = "", None
    for field, item in _fields(part):
        if field == _NODE_INPUT:
            inputs.append(_text(item))
        elif field == _NODE_OUTPUT:
            outputs.append(_text(item))
        elif field == _NODE_TYPE:
            kind = _text(item)
        elif field == _NODE_ATTRIBUTE and kind == "Constant" and isinstance(item, memoryview):
            value = _attribute(item)
    return _Node(kind, tuple(inputs), tuple(outputs), value)


def _attribute(part: memoryview) -> Values | None:
    for field, item in _fields(part):
        if field == _ATTRIBUTE_TENSOR and isinstance(item, memoryview):
            return _tensor(item)[1]
        if field == _ATTRIBUTE_FLOAT and isinstance(item, memoryview):
            return np.frombuffer(item, "<f4").astype(np.float64)
    return None


def _tensor(part: memoryview) -> tuple[str, Values | None]:
    """Its name, and its values flat where they are few."""
    name, kind, raw = "", 0, memoryview(b"")
    count = 1
    packed: list[float] = []
    for field, item in _fields(part):
        if field == _DIMS:
            for side in _varints(item):
                count *= side
        elif field == _TYPE and isinstance(item, int):
            kind = item
        elif field == _NAME:
            name = _text(item)
        elif field == _RAW and isinstance(item, memoryview):
            raw = item
        elif field in (_FLOATS, _DOUBLES) and isinstance(item, memoryview) and count <= _MOST_VALUES:
            packed += np.frombuffer(item, "<f4" if field == _FLOATS else "<f8").tolist()
        elif field == _INT64S and count <= _MOST_VALUES:
            packed += _varints(item)
    if count > _MOST_VALUES or kind not in _NUMPY:
        return name, None
    values = np.frombuffer(raw, _NUMPY[kind]).astype(np.float64) if len(raw) else np.array(packed, np.float64)
    return name, values if values.size == count else None


def _text(part: int | memoryview) -> str:
    return bytes(part).decode() if isinstance(part, memoryview) else ""


def _varints(item: int | memoryview) -> list[int]:
    """Whole numbers, one or packed; negative ones are those with the highest of 64 bits."""
    if isinstance(item, int):
        return [_signed(item)]
    found, place = [], 0
    while place < len(item):
        number, place = _varint(item, place)
        found.append(_signed(number))
    return found


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A whole number in groups of seven bits, the lowest first, and the place behind it."""
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7


_FIXED_BYTES = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2  # kinds of a field on the wire


def _fields(data: memoryview) -> Fields:
    """Number and content of each field: a whole number, or its bytes.

    Raises:
        ValueError, IndexError: these are no fields.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        if wire == _VARINT:
            number, place = _varint(data, place)
            yield key >> 3, number
            continue
        if wire == _BYTES:
            size, place = _varint(data, place)
        elif wire in _FIXED_BYTES:
            size = _FIXED_BYTES[wire]
        else:
            raise ValueError(f"no field begins with {key}")
        if place + size > len(data):
            raise ValueError("a field ends behind the file")
        yield key >> 3, data[place : place + size]
        place += size
