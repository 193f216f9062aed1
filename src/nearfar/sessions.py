"""Loaded networks, shared by threads and bounded in number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
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
        self._slots: OrderedDict[SessionKey, Future[Session]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._slots)

    def get(self, card: ModelCard, engine: str, threads: int) -> Session:
        """The session of a model; threads that ask for the same one at once wait for one load.

        Raises:
            WeightsError: its weights are absent or wrong.
            EngineError: they cannot be loaded.
        """
        key = SessionKey(card.name, card.sha256, engine, threads)
        with self._lock:
            slot = self._slots.get(key)
            is_mine = slot is None
            if slot is None:
                slot = self._slots[key] = Future()
            self._slots.move_to_end(key)
            while len(self._slots) > self._limit:  # one that still loads serves those who wait, then goes
                self._slots.popitem(last=False)
        if is_mine:
            self._load(key, card, slot)
        return slot.result()

    def _load(self, key: SessionKey, card: ModelCard, slot: Future[Session]) -> None:
        try:
            weights = None if key.engine in _NEEDS_NO_WEIGHTS else locate(card)
            slot.set_result(ENGINES.load(key.engine).open(card, weights, EngineOptions(key.threads)))
        except (
            BaseException
        ) as exc:  # handed to all who wait, this thread among them; the next one tries anew
            with self._lock:
                if self._slots.get(key) is slot:
                    del self._slots[key]
            slot.set_exception(exc)


def choose_engine(card: ModelCard, wanted: str) -> str:
    """The engine's name: the wanted one, or for ``auto`` the one the model's weights are made for."""
    if wanted != "auto" or not card.weights:
        return wanted
    return card.weights[0].engine


def choose_threads(settings: Settings) -> int:
    """Threads of one network run: as set, or all usable processors."""
    return settings.threads or usable_cpus()
