"""``nearfar compare PHOTO --models A,B,C``: what several networks see, on one sheet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar import api, settings
from nearfar.cli import _plugins, _say
from nearfar.cli._verb import Flag, verb
from nearfar.encode import MEDIA_TYPES
from nearfar.errors import ParameterError, did_you_mean
from nearfar.machine.files import write_whole
from nearfar.ops.colormap import COLORMAPS
from nearfar.options import option, parse
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nearfar.comparison import Comparison
    from nearfar.settings import Settings


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """The flags of the verb."""

    models: str = option("", "Networks, commas between; all that are installed otherwise.")
    output: str = option("", "Where the sheet goes: .png, .jpg or .webp; PHOTO.compare.png otherwise.")
    colormap: str = option("inferno", "Colours from far to near.", choices=COLORMAPS)
    tiles: bool = option(False, "Finer detail in big pictures: overlapping tiles fitted to the whole.")
    overwrite: bool = option(False, "Replace a file that exists already.")
    json: bool = option(False, "The table as JSON on standard output.")


_FLAGS = {
    "models": Flag(value="LIST"),
    "output": Flag("-o", "FILE"),
    "colormap": Flag(value="NAME"),
}


@verb(CompareOptions, ("PHOTO", "One picture."), _FLAGS)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Show what several networks see in one photo, how long they take and how far they agree."""
    from nearfar import comparison

    options: CompareOptions = parse(CompareOptions, given)
    if len(words) != 1:
        raise ParameterError("One photo is compared.", "For example: nearfar compare a.jpg --models b,c")
    read = settings.load()
    cards = comparison.cards_of(options.models.split(",") if options.models else _installed(read))
    path = _target(words[0], options.output)
    _plugins.check_absent(path, overwrite=options.overwrite)
    photo = api.read(words[0], settings=read)
    found = comparison.compare(
        photo, [card.name for card in cards], tiles=options.tiles, tell=_tell(len(cards))
    )
    write_whole(path, found.sheet(options.colormap).encoded(path.suffix), overwrite=options.overwrite)
    for row in found.rows:
        if row.error is not None:
            _say.failure(row.error, row.card.name, is_json=False)
    if options.json:
        _say.document({"input": words[0], "output": str(path), **found.table()})
    else:
        _say.lines([*_table(found), str(path)])
    return 0 if all(row.error is None for row in found.rows) else 1


def _installed(read: Settings) -> Iterable[str]:
    from nearfar.comparison import MOST

    store = open_store(read)
    return [card.name for card in catalogue.cards().values() if store.is_installed(card)][:MOST]


def _target(photo: str, output: str) -> Path:
    path = Path(output) if output else Path(photo).with_suffix(".compare.png")
    if path.suffix.lower() not in MEDIA_TYPES:
        raise ParameterError(
            f"--output is '{output}'.", did_you_mean(path.suffix, MEDIA_TYPES), parameter="output"
        )
    return path


def _tell(count: int) -> Callable[[str], None]:
    seen = 0

    def tell(name: str) -> None:
        nonlocal seen
        seen += 1
        _say.line(f"{name} ({seen} of {count}) ...")

    return tell


def _table(found: Comparison) -> Iterable[str]:
    width = max(len(row.card.name) for row in found.rows)
    for row in found.rows:
        if row.error is not None:
            yield f"{row.card.name:<{width}}  failed"
            continue
        agreement = "   -" if row.agreement is None else f"{row.agreement:4.2f}"
        yield f"{row.card.name:<{width}}  {row.milliseconds:8.1f} ms  {agreement}  {row.card.kind.value}"
