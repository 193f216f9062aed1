"""Files from the network: looked for in the hub's cache, brought, checked, pinned, then moved into place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import WeightsError
from nearfar.machine.files import locked
from nearfar.weights import hub, transfer
from nearfar.weights.store import ASSET, Pin, key_of, pin_of, sha256_of
from nearfar.weights.transfer import Meta, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nearfar.cards import ModelCard, WeightFile
    from nearfar.settings import Settings
    from nearfar.weights.store import Store
    from nearfar.weights.transfer import Progress

    Accept = Callable[[str], bool]
    """Asked with a sentence whether a file is kept whose hash differs from one that is not certain."""


def silent(name: str, here: int, total: int) -> None:
    """Tell nobody."""


def refuse(question: str) -> bool:  # noqa: ARG001 - who accepts reads it
    """Keep nothing that differs."""
    return False


@dataclass(frozen=True, slots=True)
class How:
    """How files are pulled: for which engine, at which revision of the hub, who is told and asked.

    An empty engine is the preferred one, an empty revision the card's.
    """

    engine: str = ""
    revision: str = ""
    progress: Progress = silent
    accept: Accept = refuse


@dataclass(frozen=True, slots=True)
class Pulling:
    """One pull at work."""

    card: ModelCard
    store: Store
    settings: Settings
    how: How


def pull(card: ModelCard, store: Store, settings: Settings, how: How | None = None) -> tuple[Path, ...]:
    """Bring a model's files for an engine; gives their paths.

    Files that are here already and are the right ones are not brought again. What other programs fetched from
    the hub is used. Files of one repository are of one commit, that of the first.

    Raises:
        WeightsError: offline, nowhere to pull from, the server refuses, the file is not the expected one.
    """
    how = how or How()
    engine = how.engine or next((f.engine for f in card.weights if f.location), card.engines[0])
    files = card.files(engine)
    if not files:
        raise WeightsError(
            f"'{card.name}' has no files for {engine}.", f"Choose {' or '.join(card.engines)}."
        )
    pulling, commit, paths = Pulling(card, store, settings, how), "", []
    for file in files:
        paths.append(_bring(pulling, file, commit))
        pin = store.pins(card).get(key_of(file))
        commit = commit or (pin.commit if pin else "")
    return tuple(paths)


def address_of(file: WeightFile, settings: Settings, revision: str = "") -> str:
    """The address of a file, the mirror's prefix before it."""
    place = hub.place_of(file, revision)
    location = file.location if place is None else place.address(settings.hub)
    return f"{settings.mirror}{location}"


def _bring(pulling: Pulling, file: WeightFile, commit: str) -> Path:
    card, store = pulling.card, pulling.store
    target = store.path(card, file)
    if file.location.startswith(ASSET):
        store.check(card, file)
        return target
    with locked(store.folder(card) / f".{file.engine}-{file.name}.lock", passing=True):
        if target.is_file():
            store.check(card, file)
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        revision = pulling.how.revision or commit
        task = _task(file, target, pulling.settings, revision)
        try:
            meta, source = _fetch(task, pulling, revision)
            found = _verify(task, meta, store.pins(card).get(key_of(file)), pulling.how.accept)
            # Pinned first: a process that is killed in between leaves no file that nobody vouches for.
            store.pin(card, file, pin_of(task.part, found, source, meta.commit))
            task.part.replace(target)
        except OSError as exc:
            raise WeightsError(
                f"{file.name} could not be written: {exc.strerror or exc}.",
                "Free some space, or set NEARFAR_HOME to a folder on another disk.",
            ) from exc
        task.etag.unlink(missing_ok=True)
    return target


def _task(file: WeightFile, target: Path, settings: Settings, revision: str) -> Task:
    address = address_of(file, settings, revision)
    is_of_hub = hub.place_of(file) is not None and hub.is_hub(address, settings)
    return Task(address, target, file, settings.hub_token if is_of_hub else "", is_of_hub)


def _fetch(task: Task, pulling: Pulling, revision: str) -> tuple[Meta, str]:
    """The whole part file: from the hub's cache, by its library, or by ourselves; and where it is from."""
    place, settings = hub.place_of(task.file, revision), pulling.settings
    found = hub.cached(place, settings) if place else None
    if found is None:
        _check_allowed(pulling.card, task.file, settings)
        if place and hub.has_library(settings):
            transfer.reach(task)
            found = hub.download(place, settings, pulling.how.progress, task.target.name)
    if found is None:
        return transfer.bring(task, pulling.how.progress), task.address
    path, commit = found
    task.start_anew()
    hub.take(path, task.part)
    return Meta(task.here, hub.sha256_named(path), commit), task.address


def _check_allowed(card: ModelCard, file: WeightFile, settings: Settings) -> None:
    by_hand = f"nearfar models import {card.name} FILE"
    if not file.location:
        raise WeightsError(
            f"The weights of '{card.name}' cannot be pulled: their authors publish them elsewhere.",
            f"Get {file.name} from the authors ({card.paper}), then run: {by_hand}",
        )
    if settings.offline:
        raise WeightsError(
            f"{file.name} of '{card.name}' is not installed and offline mode is on.",
            f"Unset NEARFAR_OFFLINE, or bring the file by hand: {by_hand}",
        )


def _verify(task: Task, meta: Meta, pin: Pin | None, accept: Accept) -> str:
    """The SHA-256 of the whole part file; a wrong one is deleted."""
    found, size = sha256_of(task.part), task.part.stat().st_size
    card = task.file.sha256 if task.file.is_hash_certain else ""
    claims = {"the card": card, "the server": meta.sha256, "its pin": pin.sha256 if pin else ""}
    wrong = next((who for who, sha in claims.items() if not found.startswith(sha)), "")
    if task.file.bytes and size != task.file.bytes:
        wrong, claims = "the card's size", {"the card's size": str(task.file.bytes)}
    if wrong:
        task.start_anew()
        raise WeightsError(
            f"{task.target.name} came with SHA-256 {found[:12]}… and {size} bytes; {wrong} says "
            f"{claims[wrong][:12]}.",
            "The bytes were damaged on the way, or the file was exchanged; it was deleted. Pull it again.",
        )
    if not pin and not task.file.is_hash_certain and not found.startswith(task.file.sha256):
        _ask(task, found, accept)
    return found


def _ask(task: Task, found: str, accept: Accept) -> None:
    """A hash that was not published for this very file differs: whoever pulls decides; what came is kept."""
    told = (
        f"{task.target.name} came with SHA-256 {found}; the card knows {task.file.sha256}…, which was "
        "published for an older file of this network."
    )
    if not accept(told):
        if task.part.stat().st_nlink > 1:  # the cache's own file, which another download must not go on with
            task.start_anew()
        raise WeightsError(told, "To keep it and pin that hash, pull it again with --accept.")
