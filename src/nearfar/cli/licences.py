"""``nearfar licences``: what is installed with nearfar, and under which licences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from nearfar.cli import _say
from nearfar.cli._verb import verb
from nearfar.options import option, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nearfar.licences import Library, Package


@dataclass(frozen=True, slots=True)
class LicencesOptions:
    """The flags of the verb."""

    json: bool = option(False, "JSON on standard output, with every file.")


@verb(LicencesOptions)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:  # noqa: ARG001 - the seam's shape
    """List the packages that are installed with nearfar, and the libraries that their wheels carry."""
    from nearfar.licences import installed

    found = installed()
    if parse(LicencesOptions, given).json:
        _say.document([asdict(package) for package in found])
        return 0
    _say.lines(line for package in found for line in _lines(package))
    return 0


def _lines(package: Package) -> Iterator[str]:
    yield f"{package.name} {package.version}: {package.licence}"
    for library in package.libraries:
        yield f"    carries {_line(library)}"
    if package.parts:
        names = ", ".join(part.name for part in package.parts[:8])
        more = f" and {len(package.parts) - 8} more" if len(package.parts) > 8 else ""
        yield f"    has compiled in {names}{more}"


def _line(library: Library) -> str:
    note = f" ({library.note})" if library.note else ""
    name = f"{library.name} {library.version or f'({PurePath(library.files[0]).name})'}"
    return f"{name}: {library.licence}{note}"
