"""``nearfar models``: which networks there are, what is known about one, and their weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import settings
from nearfar.cli import _say
from nearfar.cli._verb import Flag, verb
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nearfar.cards import ModelCard
    from nearfar.settings import Settings
    from nearfar.weights import Store
    from nearfar.weights.fetch import How
    from nearfar.weights.transfer import Progress

_HEADS = ("name", "kind", "licence", "commercial", "parameters", "speed", "installed")


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """The flags of the verb."""

    json: bool = option(False, "JSON on standard output: an array of all cards, or the one card.")
    commercial: bool = option(False, "Only networks that may be used commercially.")
    installed: bool = option(False, "Only networks whose weights are on this machine.")
    engine: str = option("", "With pull: the files for this engine; else the preferred ones.")
    revision: str = option("", "With pull: a branch, tag or commit of the hub's repository; else the card's.")
    accept: bool = option(
        False,
        "With pull: keep a file whose hash differs where the card's hash was published for an older one.",
    )
    expect: str = option(
        "", "With import: a file of SHA-256 hashes that you trust (as sha256sum writes it), or one hash."
    )
    output: str = option("", "With export: the pack to write.")
    overwrite: bool = option(False, "With export: replace a pack that exists already.")


_FLAGS = {
    "output": Flag("-o", "FILE"),
    "expect": Flag(value="HASHES"),
    "engine": Flag(value="NAME"),
    "revision": Flag(value="REV"),
}
_WORDS = (
    "NAME",
    (
        "Show the whole card of this model. Or what to do with weights: pull NAME..., verify [NAME...], "
        "remove NAME..., path NAME, import NAME FILE, import PACK, export NAME... -o PACK, quantize NAME. "
        "Or recommend [TASK...]: which one for what, and why."
    ),
)


@verb(ModelsOptions, _WORDS, _FLAGS)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """List the networks, show the whole card of one, or bring, check and carry weights."""
    options = parse(ModelsOptions, given)
    read = settings.load()
    if words and words[0] in _ACTIONS:
        return _ACTIONS[words[0]](words[1:], options, read)
    if len(words) > 1:
        actions = ", ".join(_ACTIONS)
        raise ParameterError("Several models were named.", f"Name one, or none, or one of: {actions}.")
    store = open_store(read)
    if words:
        card = _whole(catalogue.card(words[0]), store)
        _say.document(card) if options.json else _say.lines(_outline(card))
        return 0
    cards = [card for card in catalogue.cards().values() if _is_wanted(card, store, options)]
    if options.json:
        _say.document([_whole(card, store) for card in cards])
    else:
        _say.lines(_table([_HEADS, *(_row(card, store) for card in cards)]))
    return 0


def _pull(names: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:
    from nearfar.zoo import manage

    for name in _some(names, "pull"):
        with _say.transfer() as progress:
            paths = manage.pull(name, read, _how(options, progress))
        unknown = [file.name for file in catalogue.card(name).weights if file.location and not file.sha256]
        if unknown:
            _say.line(
                f"No hash was known of {', '.join(dict.fromkeys(unknown))}; the server's own is pinned now."
            )
        _say.lines(str(path) for path in paths)
    return 0


def _how(options: ModelsOptions, progress: Progress | None) -> How:
    """How files are pulled; a person at a terminal is asked what only a person can decide."""
    from nearfar.weights.fetch import How, silent

    def accept(told: str) -> bool:
        return options.accept or _say.asked(f"{told} Keep it?")

    return How(options.engine, options.revision, progress or silent, accept)


def _verify(names: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:
    from nearfar.zoo import manage

    store = open_store(read)
    chosen = names or tuple(card.name for card in catalogue.cards().values() if store.is_installed(card))
    rows = [(name, row) for name in chosen for row in manage.verify(name, read)]
    for name, row in rows:
        if row.error is not None:
            _say.failure(row.error, is_json=options.json)
        elif options.json:
            _say.row({"model": name, "path": str(row.path), "sha256": row.sha256})
        else:
            _say.lines([f"{row.sha256}  {row.path}"])
    return 0 if all(row.error is None for _, row in rows) else 1


def _remove(names: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:  # noqa: ARG001 - one shape
    from nearfar.zoo import manage

    for name in _some(names, "remove"):
        _say.line(f"{name}: {manage.remove(name, read) / 1e6:.1f} MB are free again.")
    return 0


def _path(names: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:  # noqa: ARG001 - one shape
    from nearfar.zoo import manage

    _say.lines(str(manage.path(name, read)) for name in _some(names, "path"))
    return 0


def _import(words: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:
    from nearfar.zoo import manage

    if len(words) == 1:
        names = manage.import_pack(Path(words[0]), read, options.expect)
        if not options.expect:
            _say.line(
                "The hashes are the pack's own: they tell damage, not who made it. With a list of its maker: "
                "--expect hashes.txt."
            )
        _say.lines(names)
        return 0
    if len(words) != 2:
        raise ParameterError("import takes a name and a file, or a pack.", "nearfar models import NAME FILE")
    for done in manage.import_file(words[0], Path(words[1]), read, options.expect):
        if not done.is_published and not options.expect:
            _say.line(
                f"SHA-256 {done.sha256[:12]}… is not one that the card names, so nobody but you vouches for "
                "this file; it is pinned now."
            )
        _say.lines([str(done.path)])
    return 0


def _export(names: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:
    from nearfar.zoo import manage

    if not options.output:
        raise ParameterError("export needs a place to write to.", "nearfar models export NAME... -o FILE")
    target = Path(options.output)
    size = manage.export(_some(names, "export"), target, read, overwrite=options.overwrite)
    _say.line(f"{size / 1e6:.1f} MB; on the other machine: nearfar models import {target.name}")
    _say.lines([str(target)])
    return 0


def _quantize(names: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:  # noqa: ARG001 - one shape
    from nearfar.zoo import manage

    for name in _some(names, "quantize"):
        path, agreement = manage.quantize(name, read)
        _say.line(
            f"{name}: int8 maps differ from float32's by {agreement.mean_difference:.2%} on average and "
            f"correlate by {agreement.correlation:.4f}."
        )
        _say.lines([str(path)])
    return 0


def _recommend(tasks: tuple[str, ...], options: ModelsOptions, read: Settings) -> int:
    from nearfar.zoo.recommend import TASKS, recommend

    store, cards = open_store(read), catalogue.cards()
    found = [row for task in tasks or ("",) for row in recommend(task)]
    wanted = [row for row in found if _is_wanted(cards[row.model], store, options)]
    if options.json:
        here = {row.model: store.is_installed(cards[row.model]) for row in wanted}
        _say.document([{**asdict(row), "is_installed": here[row.model]} for row in wanted])
        return 0
    for task in dict.fromkeys(row.task for row in wanted):
        _say.lines([f"{task}: {TASKS[task]}"])
        _say.lines(_table([("  " + row.model, row.why) for row in wanted if row.task == task]))
    return 0


_ACTIONS: dict[str, Callable[[tuple[str, ...], ModelsOptions, Settings], int]] = {
    "pull": _pull,
    "verify": _verify,
    "remove": _remove,
    "path": _path,
    "import": _import,
    "export": _export,
    "quantize": _quantize,
    "recommend": _recommend,
}


def _some(names: tuple[str, ...], action: str) -> tuple[str, ...]:
    if not names:
        raise ParameterError(f"{action} needs the name of a model.", "See nearfar models.")
    for name in names:
        catalogue.card(name)  # all names are known before anything is done
    return names


def _is_wanted(card: ModelCard, store: Store, options: ModelsOptions) -> bool:
    if options.commercial and not card.is_commercial_use_allowed:
        return False
    return store.is_installed(card) or not options.installed


def _whole(card: ModelCard, store: Store) -> dict[str, Any]:
    """The card as plain values; its details stand beside its own fields."""
    values = asdict(card)
    details = values.pop("details")
    facts = {
        "unit": card.unit,
        "speed": card.speed_class,
        "installed": store.is_installed(card),
        "made_here_bytes": store.made_bytes(card),
    }
    return {**values, **facts, **details}


def _row(card: ModelCard, store: Store) -> tuple[str, ...]:
    commercial = "yes" if card.is_commercial_use_allowed else "no"
    installed = "yes" if store.is_installed(card) else "no"
    size = f"{card.parameters / 1e6:.1f} M"
    return card.name, card.kind.value, card.licence, commercial, size, card.speed_class, installed


def _table(rows: list[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _outline(value: Any, depth: int = 0) -> Iterable[str]:
    """Nested values as indented lines; what is empty is left out."""
    pairs = value.items() if isinstance(value, dict) else (("-", item) for item in value)
    for key, item in pairs:
        head = "  " * depth + (key if key == "-" else f"{key}:")
        if isinstance(item, dict) or _is_nested(item):
            yield head
            yield from _outline(item, depth + 1)
        elif isinstance(item, (list, tuple)):
            yield f"{head} {', '.join(str(inner) for inner in item)}"
        elif item not in (None, ""):
            yield f"{head} {item}"


def _is_nested(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and any(isinstance(inner, (dict, list, tuple)) for inner in item)
