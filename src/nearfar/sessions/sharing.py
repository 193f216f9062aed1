"""How many photos are worked on at once, and how many threads the network of each has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError
from nearfar.machine.cpus import usable_cpus
from nearfar.sessions.choice import choose, wish_of
from nearfar.weights import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.cards import ModelCard
    from nearfar.settings import Settings

SMALL_NETWORK = 10_000_000
"""Parameters up to which many photos are each run in one thread, side by side, rather than in all of them."""
_WORKERS, _WORKERS_OF_LARGE = 8, 4  # beyond, Python's lock or the network's threads bind


def is_small(card: ModelCard) -> bool:
    """A network that gains nothing from a second thread while other photos keep the processors busy."""
    return card.parameters <= SMALL_NETWORK


def workers_of(card: ModelCard, wanted: int) -> int:
    """Photos of a stream that are worked on at once; ``wanted`` where it is not 0."""
    return wanted or min(_WORKERS if is_small(card) else _WORKERS_OF_LARGE, usable_cpus())


def shared_out(settings: Settings, card: ModelCard, workers: int, asked: Mapping[str, Any]) -> Settings:
    """The settings with which a network is loaded for so many photos at once.

    A small network that ONNX Runtime runs gets its share of the processors; others stay as they are.
    ``asked``: engine, precision, device and fast, as of :func:`nearfar.load`.
    """
    threads = max(1, usable_cpus() // workers_of(card, workers))
    if not is_small(card) or settings.threads or threads == usable_cpus():
        return settings
    texts = (asked.get(word) or "" for word in ("engine", "precision", "device"))
    try:
        wish = wish_of(settings, *texts, is_fast=asked.get("fast", False))
        choice = choose(card, wish, open_store(settings))
    except NearfarError:
        return settings  # loading tells what is wrong, in its own words
    is_shared = choice.engine == "onnxruntime" and choice.device == "cpu"
    return replace(settings, threads=threads) if is_shared else settings
