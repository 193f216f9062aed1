"""Write the bill of materials of an installed nearfar: CycloneDX 1.6 JSON, checked by its schema.

    python tools/sbom.py [--python PYTHON] [--lock FILE...] [--output FILE]

Packages, their licences and who needs whom come from the environment of PYTHON (by cyclonedx-py), their
hashes from the lock, the libraries that wheels carry from ``nearfar licences``, the packages of the page's
build from its own lock.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REPOSITORY = Path(__file__).resolve().parent.parent
MAKERS = {
    "FFmpeg": "ffmpeg:ffmpeg",
    "OpenSSL": "openssl:openssl",
    "libheif": "struktur:libheif",
    "libjpeg-turbo": "libjpeg-turbo:libjpeg-turbo",
    "libpng": "libpng:libpng",
    "libtiff": "libtiff:libtiff",
}
"""Vendor and product in CPE names, by which scanners know libraries."""
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lock: Path) -> dict[tuple[str, str], list[str]]:
    """Hashes of each name and version of a lock."""
    found: dict[tuple[str, str], list[str]] = {}
    hashes: list[str] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pin := _PIN.match(line):
            hashes = found.setdefault((plain(pin[1]), pin[2]), [])
        hashes += _HASH.findall(line)
    return found


def environment(python: str) -> Bom:
    """What is installed there, by cyclonedx-py."""
    words = ["environment", "--pyproject", REPOSITORY / "pyproject.toml", "--output-reproducible", python]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *words], check=True, capture_output=True
    )
    bom: Bom = Bom.from_json(json.loads(done.stdout))  # type: ignore[attr-defined] - made by a decorator
    return bom


def packages(python: str) -> dict[str, dict[str, Any]]:
    """What ``nearfar licences`` says there, by name."""
    command = [python, "-m", "nearfar", "licences", "--json"]
    told = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own program
    return {plain(row["name"]): row for row in json.loads(told)}


def complete(bom: Bom, lock: Mapping[tuple[str, str], list[str]], rows: Mapping[str, dict[str, Any]]) -> None:
    """Keep what nearfar needs; add hashes and the libraries within."""
    root = bom.metadata.component
    kept = [row for row in bom.components if plain(row.name) in rows and plain(row.name) != "nearfar"]
    gone = {row.bom_ref for row in bom.components} - {row.bom_ref for row in kept}
    bom.components = kept
    bom.dependencies = [row for row in bom.dependencies if row.ref not in gone]
    for row in bom.dependencies:
        row.dependencies = [one for one in row.dependencies if one.ref not in gone]
    for component in kept:
        hashes = lock.get((plain(component.name), component.version or ""), [])
        if hashes:
            component.external_references.add(distribution(component, hashes))
        component.components = list(libraries(component, rows[plain(component.name)]["libraries"]))
    if root is not None:
        root.version = metadata.version("nearfar")
        direct = [row for row in kept if plain(row.name) in direct_names()]
        bom.register_dependency(root, direct)


def direct_names() -> set[str]:
    """What nearfar itself asks for."""
    needs = metadata.requires("nearfar") or []
    return {plain(re.split(r"[\s;<>=!~\[]", line, maxsplit=1)[0]) for line in needs if "extra" not in line}


def distribution(component: Component, hashes: Iterable[str]) -> ExternalReference:
    """The files that are allowed to be installed, by their hashes; no address of an index is written."""
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"urn:pypi:{plain(component.name)}:{component.version}"),
        comment="the hashes that the lock allows",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in hashes],
    )


def libraries(component: Component, rows: Iterable[dict[str, Any]]) -> Iterator[Component]:
    """The libraries that a wheel carries."""
    for row in rows:
        name, version = row["name"], row["version"] or None
        maker = MAKERS.get(name)
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=version,
            bom_ref=f"{component.bom_ref.value}#{name}",
            licenses=[LicenseFactory().make_from_string(row["licence"])],
            purl=PackageURL("generic", None, name.lower().replace(" ", "-"), version),
            cpe=f"cpe:2.3:a:{maker}:{version}:*:*:*:*:*:*:*" if maker and version else None,
            properties=[Property(name="nearfar:file", value=file) for file in row["files"]],
        )


def page_packages(lock: Path) -> Iterator[Component]:
    """What builds the page: nothing of it is a part of what runs."""
    for place, row in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        name = place.rpartition("node_modules/")[2]
        if name:
            space, _, short = name.rpartition("/")
            algorithm, _, digest = row.get("integrity", "").partition("-")
            yield Component(
                type=ComponentType.LIBRARY,
                group=space or None,
                name=short,
                version=row["version"],
                bom_ref=f"npm:{place}",
                scope=ComponentScope.EXCLUDED,
                purl=PackageURL("npm", space or None, short, row["version"]),
                licenses=[LicenseFactory().make_from_string(row["license"])] if "license" in row else [],
                hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())]
                if algorithm == "sha512"
                else [],
            )


def checked(bom: Bom) -> str:
    """The document; ValueError where the schema of CycloneDX 1.6 does not take it."""
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault:
        raise ValueError(f"what was made is no CycloneDX 1.6: {fault}")
    return text


def main() -> None:
    """Write it."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("--python", default=sys.executable, help="of the environment that is described")
    locks = [REPOSITORY / "requirements" / name for name in ("base.txt", "video.txt")]
    reader.add_argument("--lock", type=Path, nargs="+", default=locks)
    reader.add_argument("--output", type=Path, default=REPOSITORY / "build" / "nearfar.cdx.json")
    given = reader.parse_args()
    bom = environment(given.python)
    hashes = {key: value for lock in given.lock for key, value in pinned(lock).items()}
    complete(bom, hashes, packages(given.python))
    for component in page_packages(REPOSITORY / "web" / "package-lock.json"):
        bom.components.add(component)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(checked(bom) + "\n", encoding="utf-8")
    sys.stdout.write(f"{given.output}: {len(bom.components)} components\n")


if __name__ == "__main__":
    main()
