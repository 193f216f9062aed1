"""A real service on a port, and a client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.client import Client, Retries
from serving import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Running


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    """A service with the fake engine on a port."""
    with running() as found:
        yield found


@pytest.fixture
def client(service: Running) -> Iterator[Client]:
    """A client of it that asks once."""
    with Client(service.url, retries=Retries(attempts=1)) as found:
        yield found
