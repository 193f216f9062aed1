"""Properties in XMP, by the names of their makers whatever prefix a file gives them. Nothing is expanded."""

from __future__ import annotations

import html
import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMESPACE = re.compile(r"xmlns:([\w.-]{1,64})\s*=\s*[\"']([^\"'<>]{1,200})[\"']")
_ATTRIBUTE = re.compile(r"(?<![\w.-])([\w.-]{1,64}):([\w.-]{1,64})\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_LIST_BEGIN, _LIST_END = "<rdf:li", "</rdf:li>"
_MOST = 10_000  # properties and items that are looked at
_ELEMENT = re.compile(r"<([\w.-]{1,64}):([\w.-]{1,64})(?:\s[^<>]*)?>([^<]*)</\1:\2>")

NAMES = {
    "http://ns.google.com/photos/1.0/depthmap/": "GDepth",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
    "http://ns.google.com/photos/dd/1.0/container/": "Container",
    "http://ns.google.com/photos/dd/1.0/item/": "Item",
    "http://ns.google.com/photos/dd/1.0/depthmap/": "DepthMap",
    "http://ns.google.com/photos/dd/1.0/camera/": "Camera",
    "http://ns.google.com/photos/dd/1.0/device/": "Device",
    "http://ns.google.com/photos/dd/1.0/profile/": "Profile",
    "http://ns.google.com/photos/dd/1.0/image/": "Image",
    "http://ns.google.com/photos/dd/1.0/imagingmodel/": "ImagingModel",
    "http://ns.apple.com/pixeldatainfo/1.0/": "apdi",
    "http://ns.apple.com/depthData/1.0/": "depthData",
    "https://nearfar.dev/ns/1.0/": "nearfar",
}
"""What a namespace is called here."""
NEARFAR = "https://nearfar.dev/ns/1.0/"


def properties(text: str) -> dict[str, str]:
    """The first value of each property, as ``Prefix:Name``, prefixes as in :data:`NAMES`."""
    prefixes = _prefixes(text)
    found: dict[str, str] = {}
    for prefix, name, double, single in _groups(_ATTRIBUTE, text):
        found.setdefault(f"{prefixes.get(prefix, prefix)}:{name}", html.unescape(double or single or ""))
    for prefix, name, value in _groups(_ELEMENT, text):
        found.setdefault(f"{prefixes.get(prefix, prefix)}:{name}", html.unescape(value.strip()))
    return found


def items(text: str) -> list[Mapping[str, str]]:
    """The items of a container's directory, in order: the properties of each."""
    prefixes = _prefixes(text)
    rows: list[Mapping[str, str]] = []
    for part in islice(_listed(text), _MOST):
        row = {}
        for prefix, name, double, single in _groups(_ATTRIBUTE, part):
            if prefixes.get(prefix, prefix) == "Item":
                row[name] = html.unescape(double or single or "")
        for prefix, name, value in _groups(_ELEMENT, part):
            if prefixes.get(prefix, prefix) == "Item":
                row.setdefault(name, html.unescape(value.strip()))
        if row:
            rows.append(row)
    return rows


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    """What a pattern finds, as many as are looked at."""
    return (found.groups() for found in islice(pattern.finditer(text), _MOST))


def _listed(text: str) -> Iterator[str]:
    """The entries of lists, each from its beginning to its end, or to the end of its only tag."""
    last, at = text.rfind(_LIST_END), text.find(_LIST_BEGIN)
    while at >= 0:
        tag_end = text.find(">", at)
        if tag_end < 0:
            return
        if text[tag_end - 1] == "/" and "<" not in text[at + 1 : tag_end]:
            end = tag_end + 1
        elif at > last:
            return
        else:
            end = text.index(_LIST_END, at) + len(_LIST_END)
        yield text[at:end]
        at = text.find(_LIST_BEGIN, end)


def _prefixes(text: str) -> dict[str, str]:
    return {prefix: NAMES[uri] for prefix, uri in _groups(_NAMESPACE, text) if uri in NAMES}


def number(found: Mapping[str, str], *names: str) -> float | None:
    """The first of the named properties that is a number."""
    for name in names:
        try:
            return float(found[name])
        except (KeyError, ValueError):
            continue
    return None
