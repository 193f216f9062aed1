"""The photo as a JPEG that carries its depth as Google's Depthmap Metadata: refocus programs open it."""

from __future__ import annotations

import base64

from nearfar.encode.jpeg import with_xmp
from nearfar.exports._photo_file import NEARFAR, PhotoFileOptions, attribute, base_of, packet, written
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

_GDEPTH = "http://ns.google.com/photos/1.0/depthmap/"
_NOTE = "http://ns.adobe.com/xmp/note/"


def write(photo: Photo | None, depth: DepthMap, options: PhotoFileOptions) -> bytes:
    """The photo's own JPEG, its picture the same bytes, with XMP before it; the heat map without a photo.

    Source: Depthmap Metadata (GDepth), with the data in extended XMP. Confidence 0 marks what is not valid.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    base, orientation = base_of(photo, depth, options.quality)
    made = written(depth, orientation, options.bits)
    words = "".join(
        [
            attribute("xmlns:GDepth", _GDEPTH),
            attribute("xmlns:xmpNote", _NOTE),
            attribute("xmlns:nearfar", NEARFAR),
            attribute("GDepth:Format", made.format),
            attribute("GDepth:Near", made.near),
            attribute("GDepth:Far", made.far),
            attribute("GDepth:Units", made.units) if made.units else "",
            attribute("GDepth:MeasureType", "OpticalAxis"),
            attribute("GDepth:Mime", "image/png"),
            attribute("GDepth:ConfidenceMime", "image/png") if made.sure else "",
            ' xmpNote:HasExtendedXMP="{guid}"',
            attribute("nearfar:record", made.record).replace("{", "&#123;").replace("}", "&#125;"),
        ]
    )
    sure = f' GDepth:Confidence="{base64.b64encode(made.sure).decode()}"' if made.sure else ""
    extended = packet(
        b"",
        f'<rdf:Description rdf:about=""{attribute("xmlns:GDepth", _GDEPTH)}'
        f' GDepth:Data="{base64.b64encode(made.picture).decode()}"{sure}/>',
    )
    return with_xmp(base, packet(base, f'<rdf:Description rdf:about=""{words}/>'), extended)


PLUGIN = Export(
    "gdepth", "JPEG that carries its depth (GDepth)", ".gdepth.jpg", "image/jpeg", PhotoFileOptions, write
)
