"""What is installed with nearfar, under which licences: packages, and the libraries that their wheels carry.

Nothing here is a list of what should be there: packages are those that are installed, libraries the files
in them. Versions and the licence of FFmpeg are read out of the libraries themselves, where those tell.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.metadata import Distribution, PackagePath

UNKNOWN = "unknown"
_LIBRARY = re.compile(
    r"(?P<stem>[A-Za-z][\w+-]*?)(?:-[0-9a-f]{8,})*(?:[.-](?P<inner>\d[\d.]*))?"
    r"(?:\.so(?:\.(?P<version>[\w.]+))?|\.dylib|\.dll)$"
)
_NOTICES = re.compile(r"(third.?party|3rd.?party|bundled|notices?)", re.IGNORECASE)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_PART = re.compile(r"[A-Za-z][\w ./:+-]{0,60}")
_RULE = re.compile(r"^_{5,}\s*$", re.MULTILINE)
_OLD_OPENSSL = "Its project ended the fixes of 1.1.1 on 2023-09-11."
_GPL = "Under the GPL: whoever passes it on passes the GPL on."


@dataclass(frozen=True, slots=True)
class Library:
    """A library within a wheel: ``files`` are those that hold it, ``note`` what else is to be known of it.

    ``version`` is empty where nothing tells the release: a file's name often has the number of the interface.
    """

    name: str
    version: str
    licence: str
    files: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is installed: ``texts`` are files of licences, ``parts`` what stands in its notices."""

    name: str
    version: str
    licence: str
    libraries: tuple[Library, ...] = ()
    parts: tuple[Library, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What a library's name means: ``version`` finds its release among its bytes.

    ``is_release``: the number in the file's name is that of the release.
    """

    name: str
    licence: str
    version: bytes = b""
    note: str = ""
    is_release: bool = False


_FFMPEG = _Known("FFmpeg", "LGPL-2.1-or-later", rb"FFmpeg version n?(\d[\w.]*)")
_OPENSSL = _Known("OpenSSL", "OpenSSL", rb"OpenSSL (\d+\.\d+\.\d+[a-z]*)", is_release=True)
_BLAS = _Known("OpenBLAS", "BSD-3-Clause", rb"OpenBLAS (\d[\d.]+\d)")
_GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
_EITHER = "LGPL-3.0-or-later OR GPL-2.0-or-later"
_KNOWN: dict[str, _Known] = {
    **dict.fromkeys(("libavcodec", "libavdevice", "libavfilter", "libavformat", "libavutil"), _FFMPEG),
    **dict.fromkeys(("libswresample", "libswscale", "libpostproc", "opencv_videoio_ffmpeg"), _FFMPEG),
    **dict.fromkeys(("libcrypto", "libssl"), _OPENSSL),
    **dict.fromkeys(("libopenblas", "libopenblasp-r0", "libscipy_openblas", "libscipy_openblas64_"), _BLAS),
    **dict.fromkeys(("libgfortran", "libgomp", "libstdc++", "libgcc_s"), _Known("GCC runtime", _GCC)),
    **dict.fromkeys(
        ("libwebp", "libwebpdemux", "libwebpmux", "libsharpyuv"), _Known("libwebp", "BSD-3-Clause")
    ),
    **dict.fromkeys(
        ("libbrotlicommon", "libbrotlidec", "libbrotlienc"), _Known("Brotli", "MIT", is_release=True)
    ),
    **dict.fromkeys(("libxcb", "libxcb-shape", "libxcb-shm", "libxcb-xfixes"), _Known("libxcb", "X11")),
    **dict.fromkeys(("libnettle", "libhogweed"), _Known("Nettle", _EITHER)),
    **dict.fromkeys(("libopencore-amrnb", "libopencore-amrwb"), _Known("OpenCORE AMR", "Apache-2.0")),
    **dict.fromkeys(
        ("libtbb", "libtbbbind_2_5", "libtbbmalloc", "libtbbmalloc_proxy"), _Known("oneTBB", "Apache-2.0")
    ),
    "libaom": _Known("libaom", "BSD-2-Clause", is_release=True),
    "libasound": _Known("alsa-lib", "LGPL-2.1-or-later"),
    "libavif": _Known("libavif", "BSD-2-Clause"),
    "libdav1d": _Known("dav1d", "BSD-2-Clause"),
    "libde265": _Known("libde265", "LGPL-3.0-or-later"),
    "libdrm": _Known("libdrm", "MIT"),
    "libfreetype": _Known("FreeType", "FTL OR GPL-2.0-or-later"),
    "libgmp": _Known("GMP", _EITHER),
    "libgnutls": _Known("GnuTLS", "LGPL-2.1-or-later"),
    "libharfbuzz": _Known("HarfBuzz", "MIT"),
    "libheif": _Known("libheif", "LGPL-3.0-or-later", is_release=True),
    "libhwloc": _Known("hwloc", "BSD-3-Clause"),
    "libjpeg": _Known("libjpeg-turbo", "IJG AND BSD-3-Clause", rb"libjpeg-turbo version (\d[\d.]+\d)"),
    "liblcms2": _Known("Little CMS", "MIT"),
    "liblzma": _Known("XZ Utils", "0BSD", is_release=True),
    "libmp3lame": _Known("LAME", "LGPL-2.0-or-later"),
    "libopenjp2": _Known("OpenJPEG", "BSD-2-Clause", is_release=True),
    "libopus": _Known("Opus", "BSD-3-Clause"),
    "libpng16": _Known("libpng", "libpng-2.0", rb"libpng version (\d[\d.]+\d)"),
    "libquadmath": _Known("libquadmath", "LGPL-2.1-or-later"),
    "libSvtAv1Enc": _Known("SVT-AV1", "BSD-3-Clause-Clear", is_release=True),
    "libtiff": _Known("libtiff", "libtiff", rb"LIBTIFF, Version (\d[\d.]+\d)"),
    "libunistring": _Known("libunistring", _EITHER),
    "libvpl": _Known("Intel VPL", "MIT"),
    "libvpx": _Known("libvpx", "BSD-3-Clause"),
    "libx264": _Known("x264", "GPL-2.0-or-later", note=_GPL),
    "libx265": _Known("x265", "GPL-2.0-or-later", note=_GPL),
    "libXau": _Known("libXau", "MIT"),
    "libzstd": _Known("Zstandard", "BSD-3-Clause OR GPL-2.0-only", is_release=True),
}
"""Name of a library's file, without version and hash, to what it is."""


def installed(root: str = "nearfar") -> tuple[Package, ...]:
    """That package and all that it needs, or may use and has, by name; those of others' extras are not."""
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if _plain(name) in found:
            continue
        with suppress(metadata.PackageNotFoundError):
            found[_plain(name)] = package = metadata.distribution(name)
            waiting += _needed(package, has_extras=name == root)
    return tuple(_package(found[name]) for name in sorted(found))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed(package: Distribution, *, has_extras: bool) -> Iterator[str]:
    for line in package.requires or ():
        requirement, _, marker = line.partition(";")
        found = _REQUIREMENT.match(requirement)
        if found and (has_extras or "extra" not in marker):
            yield found[1]


def _package(package: Distribution) -> Package:
    files = tuple(package.files or ())
    texts = tuple(sorted(str(file) for file in files if _is_text(file)))
    parts = [part for file in files for part in _parts(file)]
    libraries = _merged([row for file in files for row in _carried(file)])
    licence = _licence(package)
    if licence == UNKNOWN and texts:
        licence = f"see {texts[0]}"
    return Package(package.name, package.version, licence, libraries, _merged(parts), texts)


def _licence(package: Distribution) -> str:
    """As the package says it: an SPDX expression where it has one, else its own words or classifier."""
    words = package.metadata
    said: str = (words.get_all("License-Expression") or words.get_all("License") or [""])[0]
    if said and "\n" not in said and said.lower() != UNKNOWN:
        return said
    rows = [row.rpartition(" :: ")[2] for row in words.get_all("Classifier", []) if row.startswith("License")]
    return ", ".join(rows) or UNKNOWN


def _is_text(file: PackagePath) -> bool:
    is_licence = (
        file.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS")) and file.suffix != ".py"
    )
    return is_licence or (bool(_NOTICES.search(file.name)) and file.suffix in {".txt", ".md"})


def _carried(file: PackagePath) -> Iterator[Library]:
    """The library in a file that is none of the package's own modules."""
    named = _LIBRARY.match(file.name)
    if not named:
        return
    known = _KNOWN.get(named["stem"])
    if known or any(part.endswith((".libs", ".dylibs")) for part in file.parts[:-1]):
        known = known or _Known(named["stem"], UNKNOWN)
        yield _library(file, known, named["version"] or named["inner"] or "")


def _library(file: PackagePath, known: _Known, version: str) -> Library:
    row = Library(known.name, version if known.is_release else "", known.licence, (str(file),), known.note)
    if not known.version:
        return row
    try:
        data = Path(str(file.locate())).read_bytes()
    except OSError:
        return row
    told = re.search(known.version, data)
    row = replace(row, version=told[1].decode() if told else row.version)
    return _DETAILS[known.name](row, data) if known.name in _DETAILS else row


def _openssl(row: Library, _: bytes) -> Library:
    if row.version.startswith(("0.", "1.")):
        return replace(row, note=_OLD_OPENSSL)
    return replace(row, licence="Apache-2.0")


def _ffmpeg(row: Library, data: bytes) -> Library:
    """FFmpeg's libraries say which licence they were configured to."""
    said = re.search(rb"lib\w+ license: (L?GPL) version (\d)(\.\d)? or later", data)
    if not said:
        return row
    name, number = said[1].decode(), said[2].decode() + (said[3] or b".0").decode()
    return replace(row, licence=f"{name}-{number}-or-later", note=_GPL if name == "GPL" else "")


_DETAILS: dict[str, Callable[[Library, bytes], Library]] = {"OpenSSL": _openssl, "FFmpeg": _ffmpeg}
"""Libraries whose licence depends on their version, or on how they were made."""


def _merged(rows: Iterable[Library]) -> tuple[Library, ...]:
    """Rows that are the same but for their files as one; a version that is not told is the other's."""
    found: dict[tuple[str, str], Library] = {}
    for row in rows:
        key = row.name, row.licence
        other = found.get(key, row)
        files = tuple(dict.fromkeys((*other.files, *row.files)))
        found[key] = Library(row.name, other.version or row.version, row.licence, files, row.note)
    return tuple(sorted(found.values(), key=lambda row: row.name.lower()))


def _parts(file: PackagePath) -> Iterator[Library]:
    """What a wheel says is compiled into it: in a bill of materials, or in notices with rules between."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        if "sboms" in file.parts and file.suffix == ".json":
            yield from _of_bill(json.loads(_text(file)), str(file))
        elif _is_text(file) and _NOTICES.search(file.name):
            sections = _RULE.split(_text(file))[1:]
            names = [section.strip().partition("\n")[0].strip() for section in sections]
            yield from (
                Library(name, "", "see the text", (str(file),)) for name in names if _PART.fullmatch(name)
            )


def _text(file: PackagePath) -> str:
    return Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")


def _of_bill(bill: dict[str, Any], file: str) -> Iterator[Library]:
    """What is compiled in; neither the package's own modules nor the files that lie beside them."""
    for row in bill.get("components", ()):
        address = row.get("purl", "")
        if row.get("scope") in {"excluded", "optional"} or address.startswith(
            ("pkg:pypi", "pkg:rpm", "pkg:deb")
        ):
            continue
        licences = [one.get("expression") or _told(one["license"]) for one in row.get("licenses", ())]
        yield Library(row["name"], row.get("version") or "", " AND ".join(licences) or UNKNOWN, (file,))


def _told(licence: dict[str, str]) -> str:
    return licence.get("id") or licence.get("name") or UNKNOWN
