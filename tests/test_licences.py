"""Licences of what is installed: read from the packages and from the libraries in them."""

from __future__ import annotations

import json
import re
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from nearfar.licences import UNKNOWN, installed

if TYPE_CHECKING:
    from pathlib import Path

METADATA = "Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{more}\n\nText.\n"
BILL = {
    "metadata": {"component": {"name": "whole"}},
    "components": [
        {"name": "zlib", "version": "2.3", "licenses": [{"license": {"id": "Zlib"}}]},
        {"name": "whole.part", "purl": "pkg:pypi/whole@1.0", "licenses": []},
        {"name": "left out", "scope": "excluded"},
    ],
}
NOTICES = "THIRD PARTY NOTICES\n_____\n\nSomeLibrary\n\nMIT\n_____\n\n* no name of a library\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a package where it is found: ``install("whole", {"whole.libs/a.so": b"..."}, "License: MIT")``."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, files: dict[str, bytes], more: str = "License-Expression: MIT") -> None:
        about = f"{name}-1.0.dist-info"
        whole = {**files, f"{about}/METADATA": METADATA.format(name=name, more=more).encode()}
        for place, data in whole.items():
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        record = "".join(f"{place},,\n" for place in whole)
        (tmp_path / about / "RECORD").write_text(record, encoding="utf-8")

    return put


def test_what_is_needed_is_listed_and_what_is_absent_is_not(install) -> None:
    """Requirements and the root's extras; not the extras of others."""
    install(
        "whole", {}, 'Requires-Dist: needed>=1\nRequires-Dist: chosen; extra == "more"\nRequires-Dist: absent'
    )
    install("needed", {}, 'Requires-Dist: other; extra == "more"')
    install("chosen", {})
    install("other", {})
    assert [package.name for package in installed("whole")] == ["chosen", "needed", "whole"]


@pytest.mark.parametrize(
    ("more", "licence"),
    [
        ("License-Expression: MIT\nLicense: Other", "MIT"),
        ("License: BSD", "BSD"),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", "MIT License"),
        ("", UNKNOWN),
    ],
)
def test_a_licence_is_as_the_package_says(install, more, licence) -> None:
    """An expression first, then its words, then its classifier; nothing is made up."""
    install("whole", {}, more)
    assert installed("whole")[0].licence == licence


def test_a_licence_that_is_a_file_is_named(install) -> None:
    """Where the package says nothing else."""
    install("whole", {"whole-1.0.dist-info/licenses/LICENSE.md": b"BSD"}, "")
    assert installed("whole")[0].licence == "see whole-1.0.dist-info/licenses/LICENSE.md"


@pytest.mark.parametrize(
    ("file", "data", "expected"),
    [
        ("libcrypto-5409cd36.so.1.1.1k", b"..OpenSSL 1.1.1k  FIPS..", ("OpenSSL", "1.1.1k", "OpenSSL")),
        ("libssl-5409cd36.so.3", b"OpenSSL 3.0.7 1 Nov", ("OpenSSL", "3.0.7", "Apache-2.0")),
        (
            "libavcodec-c4204469.so.62.28.101",
            b"FFmpeg version 8.1.1\0libavcodec license: LGPL version 2.1 or later\0",
            ("FFmpeg", "8.1.1", "LGPL-2.1-or-later"),
        ),
        (
            "libavutil.60.dylib",
            b"FFmpeg version n7.1\0libavutil license: GPL version 3 or later\0",
            ("FFmpeg", "7.1", "GPL-3.0-or-later"),
        ),
        ("libx265-4883ecb5.so.217", b"", ("x265", "", "GPL-2.0-or-later")),
        ("libheif-2f245752.so.1.23.4", b"", ("libheif", "1.23.4", "LGPL-3.0-or-later")),
        (
            "libgfortran-040039e1-0352e75f.so.5",
            b"",
            ("GCC runtime", "", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ),
        ("libnobody-12345678.so.4", b"", ("libnobody", "", UNKNOWN)),
    ],
)
def test_a_library_is_known_by_its_file_and_bytes(install, file, data, expected) -> None:
    """Its release and licence where they can be told, and unknown where they cannot."""
    install("whole", {f"whole.libs/{file}": data})
    (library,) = installed("whole")[0].libraries
    assert (library.name, library.version, library.licence) == expected
    assert library.files == (f"whole.libs/{file}",)


def test_own_modules_are_no_libraries(install) -> None:
    """What the package itself is made of stands under its own licence."""
    install("whole", {"whole/_core.cpython-311-x86_64-linux-gnu.so": b"", "whole/_av.abi3.so": b""})
    assert installed("whole")[0].libraries == ()


def test_old_openssl_and_gpl_are_said(install) -> None:
    """What somebody who passes it on has to know."""
    files = {"a.libs/libssl.so.1.1.1k": b"OpenSSL 1.1.1k", "a.libs/libx265.so.217": b""}
    install("whole", files)
    openssl, x265 = installed("whole")[0].libraries
    assert "2023-09-11" in openssl.note
    assert "GPL" in x265.note


def test_what_is_compiled_in_is_read_from_bills_and_notices(install) -> None:
    """Their names and licences; neither the package's own parts nor what is not in it."""
    files = {
        "whole-1.0.dist-info/sboms/whole.cdx.json": json.dumps(BILL).encode(),
        "whole/ThirdPartyNotices.txt": NOTICES.encode(),
    }
    install("whole", files)
    found = installed("whole")[0]
    assert [(part.name, part.licence) for part in found.parts] == [
        ("SomeLibrary", "see the text"),
        ("zlib", "Zlib"),
    ]
    assert found.texts == ("whole/ThirdPartyNotices.txt",)


def test_a_damaged_bill_is_passed_over(install) -> None:
    """A package's own mistake ends nothing."""
    install("whole", {"whole-1.0.dist-info/sboms/a.json": b"{", "whole-1.0.dist-info/sboms/b.json": b"[1]"})
    assert installed("whole")[0].parts == ()


def test_the_base_install_has_no_gpl() -> None:
    """What is really installed here: the packages that the base needs carry nothing under the GPL alone."""
    own = [re.match(r"[\w.-]+", line)[0] for line in metadata.requires("nearfar") if "extra" not in line]
    found = {package.name.lower().replace("_", "-"): package for package in installed()}
    rows = [library for name in own for library in found[name.lower().replace("_", "-")].libraries]
    assert rows
    assert [row.name for row in rows if re.match(r"A?GPL-[\d.]+(-only|-or-later)$", row.licence)] == []
    assert UNKNOWN not in {row.licence for row in rows}
