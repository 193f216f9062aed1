"""Loaded networks, shared by threads and bounded in number and memory."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.engines import EngineOptions
from nearfar.errors import BusyError
from nearfar.machine.memory import free_bytes
from nearfar.registry import ENGINES
from nearfar.sessions.choice import Choice, Wish, choose, file_to_open, needed_bytes, too_large

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cards import ModelCard
    from nearfar.engines import Session
    from nearfar.weights import Store

PATIENCE_S = 10.0
"""How long a network waits for the memory of others that are in use."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A loaded network and what was chosen for it."""

    session: Session
    choice: Choice

    @property
    def sha256(self) -> str:
        """Hash of the weights, as they were published or imported."""
        return self.choice.found.sha256 if self.choice.found else ""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What makes two loaded networks the same."""

    model: str
    choice: Choice
    threads: int


class SessionCache:
    """Opens each network once and keeps the most recently used ones, within a budget of memory.

    Loading takes place outside the lock: it blocks only callers of that network. A
    network in use is never unloaded; its memory counts until its last user is done, and a caller that asks
    before then gets the same one.
    """

    def __init__(self, limit: int, budget_bytes: int = 0) -> None:
        """``limit``: networks at most; ``budget_bytes``: of memory, 0 for what the machine has free."""
        self._limit = limit
        self._budget_bytes = budget_bytes
        self._lock = threading.Condition(threading.RLock())
        self._slots: OrderedDict[SessionKey, Future[Session]] = OrderedDict()
        self._alive: weakref.WeakValueDictionary[SessionKey, Session] = weakref.WeakValueDictionary()
        self._charges: dict[object, float] = {}

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def loaded_bytes(self) -> int:
        """Estimated memory of the networks that are loaded, or being loaded."""
        with self._lock:
            return int(sum(self._charges.values()))

    def has(self, model: str) -> bool:
        """Whether a network of that model is loaded: asking for it takes no time."""
        with self._lock:
            return any(key.model == model and slot.done() for key, slot in self._slots.items())

    def get(self, card: ModelCard, wish: Wish, store: Store) -> Opened:
        """The session of a model; threads that ask for the same one at once wait for one load.

        Raises:
            WeightsError: its weights are absent or wrong.
            EngineError: they cannot be loaded, or not with such a wish.
            MissingExtraError: the wish needs a library that is not installed.
        """
        choice = choose(card, wish, store)
        key = SessionKey(card.name, choice, wish.threads)
        with self._lock:
            slot = self._slots.get(key) or self._revived(key)
            is_mine = slot is None
            if slot is None:
                slot = self._slots[key] = Future()
            self._slots.move_to_end(key)
            while len(self._slots) > self._limit:  # one that still loads serves those who wait, then goes
                self._slots.popitem(last=False)
        if is_mine:
            self._load(key, card, store, slot)
        return Opened(slot.result(), choice)

    def discard(self, session: Session) -> None:
        """Forget a session: the next caller gets a new one; present users keep theirs."""
        with self._lock:
            for key, slot in list(self._slots.items()):
                if slot.done() and slot.exception() is None and slot.result() is session:
                    del self._slots[key]
            for key, alive in list(self._alive.items()):
                if alive is session:
                    del self._alive[key]

    def _revived(self, key: SessionKey) -> Future[Session] | None:
        """A slot for a network that was let go of, where it is still in use."""
        session = self._alive.get(key)
        if session is None:
            return None
        slot = self._slots[key] = Future()
        slot.set_result(session)
        return slot

    def _load(self, key: SessionKey, card: ModelCard, store: Store, slot: Future[Session]) -> None:
        token = object()
        try:
            session = self._open(card, key, store, token)
            with self._lock:
                self._alive[key] = session
            weakref.finalize(session, self._uncharge, token).atexit = False
            slot.set_result(session)
        except BaseException as exc:
            # Handed to all who wait, this thread among them; the next one tries anew.
            with self._lock:
                if self._slots.get(key) is slot:
                    del self._slots[key]
            self._uncharge(token)
            slot.set_exception(exc)

    def _open(self, card: ModelCard, key: SessionKey, store: Store, token: object) -> Session:
        choice = key.choice
        path = file_to_open(card, choice, store)
        if path is not None:
            self._charge(card, path, key, token)
        cache = store.converted(card) / choice.engine if choice.found else None
        sha256 = choice.found.sha256 if choice.found else ""
        options = EngineOptions(key.threads, choice.precision, choice.device, cache, sha256)
        session: Session = ENGINES.load(choice.engine).open(card, path, options)
        return session

    def _charge(self, card: ModelCard, path: Path, key: SessionKey, token: object) -> None:
        """Count a network's memory, once there is room for it: least recently used ones go.

        Raises:
            EngineError: it would not fit if it were alone.
            BusyError: those that are loaded are in use, and stay so for too long.
        """
        until = time.monotonic() + PATIENCE_S
        with self._lock:
            while not self._has_room(card, path):
                if self._let_go(key):
                    continue
                if not self._charges:
                    raise too_large(card, path, self._budget_bytes)
                if not self._lock.wait(until - time.monotonic()):
                    raise BusyError(
                        f"There is no memory for '{card.name}': the networks that are loaded are in use.",
                        "Try again in a moment, or give model_memory more.",
                        int(PATIENCE_S),
                    )
            self._charges[token] = needed_bytes(path)

    def _has_room(self, card: ModelCard, path: Path) -> bool:
        needed = needed_bytes(path)
        if not self._budget_bytes:
            free = free_bytes()
            return free is None or needed <= free
        if needed > self._budget_bytes:
            raise too_large(card, path, self._budget_bytes)
        return self.loaded_bytes + needed <= self._budget_bytes

    def _let_go(self, but: SessionKey) -> bool:
        """Drop the least recently used network that is loaded; False where there is none."""
        oldest = next((key for key, slot in self._slots.items() if key != but and slot.done()), None)
        if oldest is not None:
            del self._slots[oldest]
        return oldest is not None

    def _uncharge(self, token: object) -> None:
        with self._lock:
            self._charges.pop(token, None)
            self._lock.notify_all()
