"""The photo as a JPEG with its depth behind it, as Dynamic Depth 1.0: what Android's cameras write."""

from __future__ import annotations

from nearfar.encode.jpeg import with_xmp
from nearfar.exports._photo_file import (
    NEARFAR,
    PhotoFileOptions,
    Written,
    attribute,
    base_of,
    packet,
    written,
)
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

_NAMES = "http://ns.google.com/photos/dd/1.0/"
_DEPTH, _SURE = "android/depthmap", "android/confidencemap"


def write(photo: Photo | None, depth: DepthMap, options: PhotoFileOptions) -> bytes:
    """The photo's own JPEG, its picture the same bytes, with XMP before and depth behind it.

    Source: Dynamic Depth 1.0, profile DepthPhoto. The map of confidence marks what is not valid.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    base, orientation = base_of(photo, depth, options.quality)
    made = written(depth, orientation, options.bits)
    spaces = "".join(
        attribute(f"xmlns:{prefix}", _NAMES + name)
        for prefix, name in {
            "Device": "device/",
            "Container": "container/",
            "Item": "item/",
            "Profile": "profile/",
            "Camera": "camera/",
            "DepthMap": "depthmap/",
        }.items()
    )
    parts = [("image/jpeg", 0, "primary_image"), ("image/png", len(made.picture), _DEPTH)]
    parts += [("image/png", len(made.sure), _SURE)] if made.sure else []
    listed = "".join(
        '<rdf:li rdf:parseType="Resource"><Container:Item'
        f"{attribute('Item:Mime', mime)}{attribute('Item:Length', length)}{attribute('Item:DataURI', uri)}/>"
        "</rdf:li>"
        for mime, length, uri in parts
    )
    ranges = _ranges(made)
    record = attribute("nearfar:record", made.record).replace("{", "&#123;").replace("}", "&#125;")
    words = (
        f'<rdf:Description rdf:about=""{spaces}{attribute("xmlns:nearfar", NEARFAR)}{record}>'
        f"<Device:Container><Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"
        '</Device:Container><Device:Profiles><rdf:Seq><rdf:li><Device:Profile Profile:Type="DepthPhoto">'
        "<Profile:CameraIndices><rdf:Seq><rdf:li>0</rdf:li></rdf:Seq></Profile:CameraIndices>"
        "</Device:Profile></rdf:li></rdf:Seq></Device:Profiles><Device:Cameras><rdf:Seq><rdf:li>"
        f"<Device:Camera><Camera:DepthMap{ranges}/></Device:Camera></rdf:li></rdf:Seq></Device:Cameras>"
        "</rdf:Description>"
    )
    return with_xmp(base, packet(base, words)) + made.picture + made.sure


def _ranges(made: Written) -> str:
    """The properties of the depth map."""
    return "".join(
        [
            attribute("DepthMap:Format", made.format),
            attribute("DepthMap:Near", made.near),
            attribute("DepthMap:Far", made.far),
            attribute("DepthMap:Units", made.units) if made.units else "",
            attribute("DepthMap:ItemSemantic", "Depth"),
            attribute("DepthMap:MeasureType", "OpticalAxis"),
            attribute("DepthMap:DepthURI", _DEPTH),
            attribute("DepthMap:ConfidenceURI", _SURE) if made.sure else "",
        ]
    )


PLUGIN = Export(
    "dynamic-depth", "JPEG with its depth behind it (Dynamic Depth)", ".dd.jpg", "image/jpeg",
    PhotoFileOptions, write,
)  # fmt: skip
