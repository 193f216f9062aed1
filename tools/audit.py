"""Compare what is pinned with advisories in the form of OSV, out of a file: no network is asked.

    python tools/audit.py ADVISORIES [--ignore ID]... [--json]

ADVISORIES is a JSON file (one advisory, a list, or ``{"vulns": [...]}``), a folder of such files, or a ZIP
of them as OSV publishes one for each ecosystem (all.zip). Compared are the packages of requirements/*.txt
(PyPI), those of the page's build (npm), and the libraries within wheels (OSS-Fuzz, by their names and the
versions that an advisory lists).

Exit code: 0 where nothing was found, 1 where something was, 2 where the advisories cannot be read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from nearfar.licences import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REPOSITORY = Path(__file__).resolve().parent.parent
PYPI, NPM, LIBRARY = "PyPI", "npm", "OSS-Fuzz"
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A version that is used, and where that stands."""

    ecosystem: str
    name: str
    version: str
    where: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An advisory that a pinned version falls under; ``mended`` are the versions that no longer do."""

    pinned: Pinned
    id: str
    aliases: tuple[str, ...]
    summary: str
    mended: tuple[str, ...]

    def line(self) -> str:
        """For people."""
        names = ", ".join((self.id, *self.aliases))
        way = f"; mended in {', '.join(self.mended)}" if self.mended else "; no version mends it"
        return f"{self.pinned.name} {self.pinned.version} ({self.pinned.where}): {names}: {self.summary}{way}"


def plain(name: str) -> str:
    """A name as PyPI compares it; for others it does no harm."""
    return re.sub(r"[-_.]+", "-", name).lower()


def everything() -> tuple[Pinned, ...]:
    """All versions that this repository pins, and the libraries within the wheels that are installed."""
    found = [
        Pinned(PYPI, name, version, f"requirements/{path.name}")
        for path in sorted((REPOSITORY / "requirements").glob("*.txt"))
        for name, version in _PIN.findall(path.read_text(encoding="utf-8"))
    ]
    lock = json.loads((REPOSITORY / "web" / "package-lock.json").read_text(encoding="utf-8"))
    for place, row in lock["packages"].items():
        if name := place.rpartition("node_modules/")[2]:
            found.append(Pinned(NPM, name, row["version"], "web/package-lock.json"))
    for package in installed():
        carried = [row for row in package.libraries if row.version]
        found += [Pinned(LIBRARY, row.name, row.version, package.name) for row in carried]
    return tuple(dict.fromkeys(found))


def advisories(source: Path) -> Iterator[dict[str, Any]]:
    """The advisories of a file, a ZIP or a folder.

    Raises:
        ValueError, OSError, zipfile.BadZipFile: there are none that can be read.
    """
    if source.is_dir():
        for path in sorted(source.glob("*.json")):
            yield from _rows(path.read_bytes(), str(path))
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    yield from _rows(archive.read(name), name)
    else:
        yield from _rows(source.read_bytes(), str(source))


def _rows(data: bytes, name: str) -> list[dict[str, Any]]:
    found = json.loads(data)
    rows = found.get("vulns", [found]) if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise ValueError(f"{name} holds no advisories in the form of OSV: each has an id.")
    return rows


def findings(pins: Iterable[Pinned], rows: Iterable[dict[str, Any]]) -> list[Finding]:
    """Every advisory that a pinned version falls under, those that were withdrawn left out."""
    by_name: dict[tuple[str, str], list[Pinned]] = {}
    for pin in pins:
        by_name.setdefault((pin.ecosystem, plain(pin.name)), []).append(pin)
    found = []
    for row in rows:
        for affected in [] if row.get("withdrawn") else row.get("affected", ()):
            package = affected.get("package", {})
            key = package.get("ecosystem", "").partition(":")[0], plain(package.get("name", ""))
            found += [
                _finding(pin, row, affected) for pin in by_name.get(key, ()) if is_affected(pin, affected)
            ]
    return sorted(dict.fromkeys(found), key=lambda one: (one.pinned.name, one.id))


def _finding(pin: Pinned, row: dict[str, Any], affected: dict[str, Any]) -> Finding:
    events = [event for span in affected.get("ranges", ()) for event in span.get("events", ())]
    mended = tuple(dict.fromkeys(event["fixed"] for event in events if "fixed" in event))
    summary = row.get("summary") or row.get("details", "").strip().partition("\n")[0][:160]
    return Finding(pin, row["id"], tuple(row.get("aliases", ())), summary or "no summary", mended)


def is_affected(pin: Pinned, affected: dict[str, Any]) -> bool:
    """Whether a version is listed, or lies in a range (OSV schema, evaluation of versions)."""
    order = ORDERS[pin.ecosystem]
    version = order(pin.version)
    if version in [order(one) for one in affected.get("versions", ())]:
        return True
    spans = [span for span in affected.get("ranges", ()) if span.get("type") in {"ECOSYSTEM", "SEMVER"}]
    return pin.ecosystem != LIBRARY and any(_lies_in(version, span["events"], order) for span in spans)


def _lies_in(version: Any, events: list[dict[str, str]], order: Callable[[str], Any]) -> bool:
    """Going through the events in order: introduced turns it on, fixed off, last_affected off behind."""
    is_in = False
    marks = [(order(text), kind) for event in events for kind, text in event.items()]
    for mark, kind in sorted(marks, key=lambda one: (one[0], one[1] != "introduced")):
        if mark > version or (mark == version and kind == "last_affected"):
            break
        is_in = kind == "introduced"
    return is_in


def pypi_order(text: str) -> Any:
    """Versions as PyPI orders them; what is none of them comes before all."""
    try:
        return Version("0.dev0" if text == "0" else text)
    except InvalidVersion:
        return Version("0.dev0")


def npm_order(text: str) -> Any:
    """Versions as Semantic Versioning orders them: a release after its candidates."""
    found = _SEMVER.match(text)
    if not found:
        return (0, 0, 0, 0, ())
    numbers = tuple(int(part or 0) for part in found.groups()[:3])
    words = tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in (found[4] or "").split(".") if w)
    return (*numbers, 0 if words else 1, words)


def library_order(text: str) -> Any:
    """A tag such as OpenSSL_1_1_1k, n8.1.1 or v1.23.4 as the version in it."""
    return re.sub(r"[_-]", ".", re.sub(r"^\D+", "", text)).lower()


ORDERS: dict[str, Callable[[str], Any]] = {PYPI: pypi_order, NPM: npm_order, LIBRARY: library_order}
"""How versions of an ecosystem compare."""


def main() -> int:
    """Tell what was found."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("advisories", type=Path)
    reader.add_argument(
        "--ignore", action="append", default=[], help="id or alias of an advisory that was looked at"
    )
    reader.add_argument("--json", action="store_true")
    given = reader.parse_args()
    pins = everything()
    try:
        rows = list(advisories(given.advisories))
    except (ValueError, OSError, zipfile.BadZipFile) as exc:
        sys.stderr.write(f"The advisories cannot be read: {exc}\n")
        return 2
    ignored = set(given.ignore)
    found = [one for one in findings(pins, rows) if ignored.isdisjoint((one.id, *one.aliases))]
    if given.json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{one.line()}\n" for one in found)
        sys.stdout.write(f"{len(pins)} versions, {len(rows)} advisories: {len(found)} findings\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
