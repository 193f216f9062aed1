"""A real server for tests, on a free port, and networks that wait for a sign: ``from serving import ...``."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from nearfar import api, settings
from nearfar.engines.fake import FakeSession
from nearfar.pipeline import Estimator
from nearfar.service import create_app
from nearfar.service.server import configure
from nearfar.service.start import address_of, listen
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from fastapi import FastAPI

    from nearfar.settings import Settings


@dataclass
class Running:
    """A service that answers."""

    app: FastAPI
    url: str
    client: httpx.Client
    server: uvicorn.Server

    def post(self, body: bytes, query: str = "", **headers: str) -> httpx.Response:
        """The answer to a raw body."""
        given = {"Content-Type": "image/jpeg"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.post(f"/v1/depth{query}", content=body, headers=given)

    def upload(self, body: bytes, query: str = "", field: str = "image", **headers: str) -> httpx.Response:
        """The answer to a multipart body."""
        files = {field: ("photo.jpg", body, "image/jpeg")}
        return self.client.post(f"/v1/depth{query}", files=files, headers=headers)


@dataclass
class GatedSession:
    """A network that answers when ``open`` is set; ``entered`` counts the runs that have begun."""

    open: threading.Event = field(default_factory=threading.Event)
    entered: int = 0
    fixed_size: tuple[int, int] | None = None
    batch_limit: int | None = None

    def run(self, batch: np.ndarray) -> np.ndarray:
        """What the fake network gives, once the gate is open."""
        self.entered += 1
        assert self.open.wait(30)
        return FakeSession().run(batch)


@contextlib.contextmanager
def running(loader: Any = None, **changes: Any) -> Iterator[Running]:
    """A service with the fake engine, or with the loader given; ``changes`` are settings."""
    with tempfile.TemporaryDirectory() as home:
        chosen = replace(settings.load({"NEARFAR_ENGINE": "fake", "NEARFAR_HOME": home}), **changes)
        with _answering(create_app(chosen, loader), chosen) as service:
            yield service


@contextlib.contextmanager
def _answering(app: FastAPI, chosen: Settings) -> Iterator[Running]:
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(configure(app, chosen))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    url = address_of(listener, "127.0.0.1")
    thread.start()
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            until(lambda: server.started)
            yield Running(app, url, client, server)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def loader_of(session: Any) -> Callable[[str, int | None], api.Model]:
    """A loader that gives the embedded model's card with another network behind it."""
    card = catalogue.card("embedded")
    return lambda _name, _size: api.Model(card, Estimator(card, session, "fake"), settings.load({}))


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something to become true, and fail where it does not."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
