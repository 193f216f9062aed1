"""What results keep of what the photo's file says: date, camera, lens, density; the place only on request."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from nearfar.decode._bare_jpeg import read_bare
from nearfar.decode._libheif import open_heif
from nearfar.decode._quiet import quiet_pillow
from nearfar.decode._raster import open_picture
from nearfar.decode._signature import format_of
from nearfar.encode.metadata import Metadata
from nearfar.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from nearfar.types import Photo

_log = logging.getLogger(__name__)

KEEP = ("safe", "all", "none")
KEEP_HELP = "What results keep of the photo's EXIF: safe (date, camera, lens; no place), all (GPS too), none."
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_COLOUR_SPACE, _SRGB = 0xA001, 1
# Of the first directory: description, maker, model, software, date, artist, copyright.
_FIRST = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)
_LEFT_OUT = (0x927C, 0xA002, 0xA003, 0xA005, 0x9286)  # maker's note, size, interoperability, user's comment


def metadata_of(photo: Photo, keep: str = "safe") -> Metadata:
    """What a result of a photo keeps; nothing where its file says nothing, or is damaged there.

    Pictures are upright and in sRGB, so orientation and colour profile are not among it, and the colour
    space that the EXIF names becomes sRGB.

    Args:
        photo: a photo whose file was read.
        keep: ``safe`` leaves the place out, ``all`` keeps it too, ``none`` keeps nothing.

    Raises:
        ParameterError: ``keep`` is none of these.
    """
    if keep not in KEEP:
        raise ParameterError(
            f"keep_metadata is {keep!r}, but one of {', '.join(KEEP)} was expected.",
            did_you_mean(str(keep), KEEP),
            "keep_metadata",
        )
    if keep == "none" or not photo.encoded:
        return Metadata()
    if bare := read_bare(photo.encoded):
        return Metadata(density=_density({"dpi": bare.dpi}))
    try:
        with quiet_pillow():
            exif, info = _said_by(photo.encoded)
            return Metadata(_block(exif, has_place=keep == "all"), _density(info))
    except Exception as exc:  # decoders of foreign bytes raise anything
        _log.info("The metadata of %s could not be read: %s", photo.name, exc)
        return Metadata()


def _said_by(data: bytes) -> tuple[Any, dict[Any, Any]]:
    """The EXIF and the other entries of a file, whose pixels are not decoded."""
    from PIL import Image

    kind = format_of(data)
    if kind != "HEIF":
        image = open_picture(data, kind, "the photo")
        return image.getexif(), image.info
    info, exif = open_heif(data).info, Image.Exif()
    exif.load(info.get("exif") or b"")
    return exif, info


def _block(found: Any, *, has_place: bool) -> bytes:
    """The EXIF block that is kept, without its head; empty where nothing is."""
    from PIL import Image

    kept = Image.Exif()
    for tag in _FIRST:
        if tag in found:
            kept[tag] = found[tag]
    details = {tag: value for tag, value in found.get_ifd(_EXIF_IFD).items() if tag not in _LEFT_OUT}
    if details:
        details[_COLOUR_SPACE] = _SRGB
        kept.get_ifd(_EXIF_IFD).update(details)
    place = dict(found.get_ifd(_GPS_IFD)) if has_place else {}
    if place:
        kept.get_ifd(_GPS_IFD).update(place)
    if not (details or place or len(kept)):
        return b""
    return kept.tobytes().removeprefix(b"Exif\0\0")


def _density(info: dict[Any, Any]) -> tuple[float, float] | None:
    try:
        across, down = (float(number) for number in info["dpi"])
    except (KeyError, TypeError, ValueError):
        return None
    return (across, down) if 1 < across < 1e5 and 1 < down < 1e5 else None
