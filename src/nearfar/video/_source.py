"""Where a video comes from, and how it is opened: only itself, and nothing that it points to."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from nearfar.errors import (
    EmptyInputError,
    ParameterError,
    SourceError,
    UnsupportedFormatError,
    did_you_mean,
    shown,
)
from nearfar.video._av import av

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.container import InputContainer

    Given = str | os.PathLike[str] | bytes | BinaryIO

_ADDRESSES: dict[str, Mapping[str, str]] = {
    "rtsp": {"rtsp_transport": "tcp", "timeout": "10000000"},
    "rtsps": {"rtsp_transport": "tcp", "timeout": "10000000"},
    "rtmp": {},
    "rtp": {},
    "udp": {},
    "tcp": {},
    "srt": {},
    "http": {"timeout": "10000000", "reconnect": "1"},
    "https": {"timeout": "10000000", "reconnect": "1"},
}
"""Schemes of addresses, and how FFmpeg opens them."""
_REPLACES = 19  # the first version of PyAV that replaces what is no text by itself
_WAITING = {"rtsp", "rtsps", "rtmp", "rtp", "udp", "tcp", "srt"}  # sources that cannot be opened twice
# Formats that open other files or addresses, turn any text into a picture, or are devices.
_REFERRING = {
    "alsa",
    "avisynth",
    "bin",
    "concat",
    "concatf",
    "dash",
    "fbdev",
    "ffmetadata",
    "hds",
    "hls",
    "idf",
    "image2",
    "image2pipe",
    "imf",
    "jack",
    "kmsgrab",
    "lavfi",
    "mpjpeg",
    "oss",
    "pulse",
    "rtp",
    "rtsp",
    "sap",
    "sdp",
    "smoothstreaming",
    "tty",
    "vapoursynth",
    "video4linux2,v4l2",
    "vobsub",
    "webm_dash_manifest",
    "x11grab",
    "xbin",
}


@dataclass(frozen=True, slots=True, eq=False)
class VideoSource:
    """A video that can be opened: ``kind`` is file, bytes, address or device; ``size`` in bytes, or None."""

    kind: str
    name: str
    size: int | None
    given: str | bytes | BinaryIO

    @property
    def is_live(self) -> bool:
        """Whether it comes as it happens: it has no end that is known, and is opened once."""
        return self.kind == "device" or (self.kind == "address" and _scheme(str(self.given)) in _WAITING)

    def open(self) -> InputContainer:
        """A container with its streams; the caller closes it.

        Raises:
            UnsupportedFormatError: no video that FFmpeg reads.
            SourceError: it cannot be read.
            MissingExtraError: PyAV is not installed.
        """
        library = av()
        try:
            found: InputContainer = library.open(self._place(), **self._how())
        except library.FFmpegError as exc:
            raise self._told(exc) from exc
        return found

    def _place(self) -> Any:
        if isinstance(self.given, bytes):
            return io.BytesIO(self.given)
        if self.kind == "file" and isinstance(self.given, str):
            return f"file:{self.given}"  # a name with a colon is no address
        if not isinstance(self.given, str):
            self.given.seek(0)
        return self.given

    def _how(self) -> dict[str, Any]:
        if self.kind == "device":
            return {"format": "v4l2", "timeout": 10}
        if self.kind == "address":
            return {"options": dict(_ADDRESSES[_scheme(str(self.given))]), "timeout": 15}
        # Bytes of strangers: no playlist, no list of files, no address within.
        allowed = {"format_whitelist": _plain_formats(), "protocol_whitelist": "file,crypto,data"}
        # PyAV before 19 fails at words that are not UTF-8 unless told; later ones always replace.
        is_old = int(av().__version__.partition(".")[0]) < _REPLACES
        return {"options": allowed} | ({"metadata_errors": "replace"} if is_old else {})

    def _told(self, exc: Exception) -> Exception:
        if self.kind in {"address", "device"} or isinstance(exc, PermissionError | FileNotFoundError):
            return SourceError(
                f"{self.name} cannot be opened: {exc.args[-1] if exc.args else exc}.",
                "Check the address or the device.",
            )
        return UnsupportedFormatError(
            f"{self.name} is not a video that can be read.",
            "Take a file that FFmpeg plays, such as .mp4, .mov, .mkv, .webm, .avi or .ts. Of an .mp4 that is "
            "cut off the index is lost, which stands at its end: it cannot be read.",
        )


def _scheme(text: str) -> str:
    return urlsplit(text).scheme.lower() if "://" in text else ""


@cache
def _plain_formats() -> str:
    """Names of the demuxers that read nothing but what they are given, with commas."""
    names = av().formats_available
    return ",".join(sorted(n for n in names if n not in _REFERRING and not n.endswith("_pipe")))


def source_of(given: Given | VideoSource) -> VideoSource:
    """What was given as a source.

    A text with ``://`` is an address and ``/dev/video0`` a device; a ``Path`` is always a file.

    Raises:
        SourceError: no such file.
        EmptyInputError: no bytes.
        ParameterError: an address of a kind that is not opened.
    """
    if isinstance(given, VideoSource):
        return given
    if isinstance(given, bytes | bytearray | memoryview):
        if not given:
            raise EmptyInputError("The video has no bytes.", "Give the whole file.")
        return VideoSource("bytes", "The video", len(given), bytes(given))
    if isinstance(given, str | os.PathLike):
        return _of_name(given)
    if not (hasattr(given, "read") and hasattr(given, "seek")):
        raise ParameterError(
            f"A video is a path, bytes, a binary file or an address, not {type(given).__name__}."
        )
    end = given.seek(0, io.SEEK_END)
    given.seek(0)
    return VideoSource("bytes", shown(str(getattr(given, "name", "The video"))), end, given)


def _of_name(given: str | os.PathLike[str]) -> VideoSource:
    if isinstance(given, str) and "://" in given:
        scheme = _scheme(given)
        if scheme not in _ADDRESSES:
            raise ParameterError(
                f"Videos are not opened by '{shown(scheme, 40)}://'.", did_you_mean(scheme, _ADDRESSES)
            )
        return VideoSource("address", shown(urlsplit(given).hostname or given), None, given)
    try:
        about = Path(given).stat()
    except OSError as exc:
        raise SourceError(
            f"{shown(str(given))} cannot be read: {exc.strerror or exc}.", "Name a file that exists."
        ) from exc
    if stat.S_ISCHR(about.st_mode):
        return VideoSource("device", str(given), None, str(given))
    if not stat.S_ISREG(about.st_mode):
        raise SourceError(f"{shown(str(given))} is no file.", "Name a video.")
    if not about.st_size:
        raise EmptyInputError(f"{shown(str(given))} has no bytes.", "Give the whole file.")
    return VideoSource("file", Path(given).name, about.st_size, str(Path(given).absolute()))
