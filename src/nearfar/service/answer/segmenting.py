"""Segment Anything for the page: the object at a place of a photo, where the service has such a network."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.encode import encode
from nearfar.errors import MissingExtraError
from nearfar.segment import Segmenter, load_segmenter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from nearfar.types import Photo

RUN_BYTES = 1 << 30
"""Of memory that a run takes beside the photo."""
_LOOK_S = 0.1
_SEEN = 2  # photos whose sight is kept: the next tap on them is quick


@dataclass(eq=False, slots=True)
class Segmenting:
    """Cuts out what is at a place. ``weights``: a folder, or a name in the hub's cache; empty: none.

    The network is loaded when it is first asked for; nothing is fetched.
    """

    weights: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _network: Segmenter | None = None
    _seen: OrderedDict[bytes, Any] = field(default_factory=OrderedDict)

    @property
    def is_there(self) -> bool:
        """Whether a network is named and its libraries are installed."""
        libraries = ("transformers", "torch")
        return bool(self.weights) and all(importlib.util.find_spec(name) for name in libraries)

    def check(self) -> None:
        """MissingExtraError where there is none."""
        if not self.is_there:
            raise MissingExtraError(
                "This service has no Segment Anything network.",
                'Set NEARFAR_SEGMENTER to one, and install its libraries: pip install "nearfar[sam]"',
            )

    @contextmanager
    def turn(
        self, check: Callable[[], object], aside: Callable[[], AbstractContextManager[object]]
    ) -> Iterator[None]:
        """One photo at a time. ``check`` asks who waits whether it is still wanted; it waits ``aside``."""
        if not self._lock.acquire(blocking=False):
            with aside():
                while not self._lock.acquire(timeout=_LOOK_S):
                    check()
        try:
            yield
        finally:
            self._lock.release()

    def mask_at(self, photo: Photo, x: float, y: float) -> bytes:
        """A grey PNG of the photo's size, white where the object at x, y (shares of its sides, 0…1) is.

        Called within a :meth:`turn`.

        Raises:
            WeightsError: the network cannot be loaded.
        """
        name = hashlib.sha256(photo.rgb8().tobytes()).digest()
        place = min(x * photo.width, photo.width - 1), min(y * photo.height, photo.height - 1)
        network = self._network = self._network or load_segmenter(self.weights, offline=True)
        seen = self._seen.pop(name, None)
        self._seen[name] = seen = network.look(photo) if seen is None else seen
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        mask = network.at_points(photo, [place], seen)[0]
        return encode(mask.astype(np.uint8) * np.uint8(255))
