"""Properties in XMP, by the names of their makers whatever prefix a file gives them. Nothing is expanded."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMESPACE = re.compile(r"xmlns:([\w.-]{1,64})\s*=\s*[\"']([^\"'<>]{1,200})[\"']")
_ATTRIBUTE = re.compile(r"([\w.-]{1,64}):([\w.-]{1,64})\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
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
    for prefix, name, double, single in _ATTRIBUTE.findall(text):
        found.setdefault(f"{prefixes.get(prefix, prefix)}:{name}", html.unescape(double or single))
    for prefix, name, value in _ELEMENT.findall(text):
        found.setdefault(f"{prefixes.get(prefix, prefix)}:{name}", html.unescape(value.strip()))
    return found


def items(text: str) -> list[Mapping[str, str]]:
    """The items of a container's directory, in order: the properties of each."""
    prefixes = _prefixes(text)
    rows: list[Mapping[str, str]] = []
    for part in re.findall(r"<rdf:li\b.*?</rdf:li>|<rdf:li\b[^<>]*/>", text, re.DOTALL):
        row = {}
        for prefix, name, double, single in _ATTRIBUTE.findall(part):
            if prefixes.get(prefix, prefix) == "Item":
                row[name] = html.unescape(double or single)
        for prefix, name, value in _ELEMENT.findall(part):
            if prefixes.get(prefix, prefix) == "Item":
                row.setdefault(name, html.unescape(value.strip()))
        if row:
            rows.append(row)
    return rows


def _prefixes(text: str) -> dict[str, str]:
    return {prefix: NAMES[uri] for prefix, uri in _NAMESPACE.findall(text) if uri in NAMES}


def number(found: Mapping[str, str], *names: str) -> float | None:
    """The first of the named properties that is a number."""
    for name in names:
        try:
            return float(found[name])
        except (KeyError, ValueError):
            continue
    return None
