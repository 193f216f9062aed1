"""``nearfar serve --check``: would the service start, and would it answer? Nothing listens afterwards."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nearfar import api
from nearfar.errors import NearfarError, OutputError
from nearfar.jobs.store import open_jobs, spool_of
from nearfar.keys import is_private, open_keys
from nearfar.machine.files import check_locks, write_whole
from nearfar.registry import ENGINES
from nearfar.service.answer.probe import picture
from nearfar.service.answer.walls import wall_of
from nearfar.service.guard.first_key import given_key
from nearfar.service.guard.hosts import allowed_hosts, is_reached_from_elsewhere
from nearfar.service.guard.keys_now import guards_of
from nearfar.service.guard.proxies import trusted
from nearfar.service.start import address_of, listen
from nearfar.wall import Here
from nearfar.wall.trial import reached
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nearfar.settings import Settings

    Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    status: Status
    detail: str
    hint: str = ""


def run(load: Callable[[], Settings]) -> tuple[Finding, ...]:
    """All checks, in order; where the settings cannot be read there is nothing else to check."""
    try:
        settings = load()
    except NearfarError as exc:
        return (_failed("settings", exc),)
    read = Finding("settings", "ok", "every name is known, every value in its range")
    return (read, *(_one(name, check, settings) for name, check in CHECKS.items()))


def _one(name: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except NearfarError as exc:
        return _failed(name, exc)


def _failed(name: str, exc: NearfarError) -> Finding:
    return Finding(name, "failed", exc.message, exc.hint)


def _model(settings: Settings) -> Finding:
    """The default model loads and answers a tiny picture."""
    card = catalogue.card(settings.model)
    if settings.engine != "auto":
        ENGINES.load(settings.engine)
    model = api.load(card.name, settings=settings)
    start = time.perf_counter()
    depth = model.estimator.estimate(picture())
    took_ms = (time.perf_counter() - start) * 1e3
    by = depth.provenance
    return Finding("model", "ok", f"{by.model} answers by {by.engine}, the first time in {took_ms:.0f} ms")


def _home(settings: Settings) -> Finding:
    """A file can be written into the folder of weights."""
    folder = open_store(settings).home
    _try_to_write(folder)
    return Finding("home", "ok", f"{folder} takes files")


def _jobs(settings: Settings) -> Finding:
    """The store of jobs can be used; where there is none yet, it could be made."""
    spool = spool_of(settings)
    if not spool.database.exists():
        _try_to_write(spool.home.parent)
        return Finding("jobs", "ok", f"none yet; {spool.home} can be made")
    store = open_jobs(settings)
    try:
        counts = {state: count for state, count in store.counts().items() if count}
    finally:
        store.close()
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    return Finding("jobs", "ok", f"{told or 'none'} in {spool.home}")


def _try_to_write(folder: Path) -> None:
    """Raise OutputError where no file can be written into a folder; it is made, and the file removed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        reason = f"{folder} cannot be made: {exc.strerror or exc}."
        raise OutputError(reason, "Name another: NEARFAR_HOME.") from exc
    trial = folder / f".nearfar-{os.urandom(8).hex()}.check"
    write_whole(trial, b"")
    trial.unlink()
    check_locks(folder)


def _keys(settings: Settings) -> Finding:
    """The keys can be read by their owner only, and exist where the service is open to the network."""
    keys = guards_of(settings).keys
    path = open_keys(settings).path
    if not keys.is_on:
        is_far = is_reached_from_elsewhere(settings)
        way = "nearfar keys add NAME" if is_far else ""
        detail = f"there is no {path}: open to whoever reaches it"
        return Finding("keys", "warning" if is_far else "ok", detail, way)
    if not path.exists():
        where = f"is in {settings.first_key}" if given_key(settings) else "is made and shown at the start"
        return Finding("keys", "ok", f"keys are needed; the first one {where}")
    if not is_private(path):
        return Finding("keys", "warning", f"others may read {path}", f"chmod 600 {path}")
    return Finding("keys", "ok", f"{len(open_keys(settings).read().keys)} in {path}")


def _names(settings: Settings) -> Finding:
    """The names that are answered to can be names, and the proxies addresses."""
    hosts, proxies = allowed_hosts(settings), trusted(settings)
    told = f"answers to {'any name' if '*' in hosts else ', '.join(hosts)}"
    return Finding("names", "ok", f"{told}; trusts {', '.join(map(str, proxies)) or 'no proxy'}")


def _wall(settings: Settings) -> Finding:
    """A worker starts, and what it should not reach it does not."""
    wall = wall_of(settings)
    if isinstance(wall, Here):
        is_far = is_reached_from_elsewhere(settings)
        way = "wall = on" if is_far else ""
        detail = "none: pictures are worked on in the service's own process"
        return Finding("wall", "warning" if is_far else "ok", detail, way)
    try:
        with wall.lease() as lease:
            found = lease.do(reached)
    finally:
        wall.close()
    if found:
        told = f"workers can reach {', '.join(found)}: {wall.sandbox} keeps them in"
        return Finding("wall", "warning", told, "sandbox = true, on a kernel with seccomp")
    return Finding("wall", "ok", f"{wall.sandbox} keeps workers from files, network and programs")


def _port(settings: Settings) -> Finding:
    """The port is free."""
    with listen(settings.host, settings.port) as listener:
        return Finding("port", "ok", f"{address_of(listener, settings.host)} is free")


CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "model": _model,
    "home": _home,
    "jobs": _jobs,
    "keys": _keys,
    "names": _names,
    "wall": _wall,
    "port": _port,
}
"""Name of a check to what does it."""
