"""Loaded networks, shared by threads and bounded in number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.cpus import usable_cpus
from nearfar.engines import EngineOptions
from nearfar.registry import ENGINES
from nearfar.weights import locate

if TYPE_CHECKING:
    from nearfar.cards import ModelCard
    from nearfar.engines import Session
    from nearfar.settings import Settings

_NEEDS_NO_WEIGHTS = {"fake"}


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What makes two loaded networks the same."""

    model: str
    sha256: str
    engine: str
    threads: int


class SessionCache:
    """Opens each network once and keeps the most recently used ones."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._loading: dict[SessionKey, threading.Lock] = {}
        self._open: OrderedDict[SessionKey, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, card: ModelCard, engine: str, threads: int) -> Session:
        """The session of a model; threads that ask for the same one at once wait for one load.

        Raises:
            WeightsError: its weights are absent or wrong.
            EngineError: they cannot be loaded.
        """
        key = SessionKey(card.name, card.sha256, engine, threads)
        with self._lock:
            gate = self._loading.setdefault(key, threading.Lock())
        with gate:
            return self._recent(key) or self._load(key, card)

    def _recent(self, key: SessionKey) -> Session | None:
        with self._lock:
            found = self._open.get(key)
            if found is not None:
                self._open.move_to_end(key)
            return found

    def _load(self, key: SessionKey, card: ModelCard) -> Session:
        weights = None if key.engine in _NEEDS_NO_WEIGHTS else locate(card)
        session: Session = ENGINES.load(key.engine).open(card, weights, EngineOptions(key.threads))
        with self._lock:
            self._open[key] = session
            while len(self._open) > self._limit:
                self._open.popitem(last=False)
            self._loading = {k: gate for k, gate in self._loading.items() if k in self._open or gate.locked()}
        return session


def choose_engine(card: ModelCard, wanted: str) -> str:
    """The engine's name: the wanted one, or for ``auto`` the one the model's weights are made for."""
    return card.weights[0].engine if wanted == "auto" else wanted


def choose_threads(settings: Settings) -> int:
    """Threads of one network run: as set, or all usable processors."""
    return settings.threads or usable_cpus()
