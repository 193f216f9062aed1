"""Whether bytes begin a video, by their first twelve; nothing is loaded for it."""

from __future__ import annotations

HEAD = 12
"""Bytes that are looked at."""
SUFFIXES = (".mp4", ".m4v", ".mkv", ".mov", ".webm")
"""Names that end so promise a video."""
_STILLS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif", b"miaf")
_SEQUENCES = (b"msf1", b"hevc", b"hevx", b"avis")
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"OggS",
    b"\x30\x26\xb2\x75",  # ASF, WMV
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
)
_TRANSPORT = 0x47  # the first byte of each packet of an MPEG transport stream


def is_video(head: bytes) -> bool:
    """Whether the first bytes of a file are a video's: MP4, MOV, MKV, WebM, AVI, MPEG, FLV, Ogg, ASF."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in (*_STILLS, *_SEQUENCES)
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head[:1] == bytes([_TRANSPORT]):
        return head[:3] != b"GIF" and len(head) >= HEAD and head[3] & 0x30 != 0 and head[1] & 0x80 == 0
    return head[4:8] in _BOXES or head.startswith(_STARTS)
