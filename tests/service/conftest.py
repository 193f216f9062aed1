"""Services for the tests of this folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from pictures import draw, encoded
from serving import GatedSession, Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., Running]


@pytest.fixture
def gate() -> Iterator[GatedSession]:
    """A network that waits; it is let go at the end, whatever happened."""
    session = GatedSession()
    yield session
    session.open.set()


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Starts services: ``start(loader=..., queue=1)``; they stop when the module's tests are done."""
    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running(**changes))


@pytest.fixture(scope="module")
def service(start: Start) -> Running:
    """A service with the fake engine and the usual settings."""
    return start()


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """The drawn scene as a JPEG, 128×96."""
    return encoded(draw(128, 96), "JPEG", quality=95)
