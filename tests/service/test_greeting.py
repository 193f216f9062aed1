"""What a service says when it answers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from nearfar.service import greeting


@pytest.fixture
def addresses(monkeypatch) -> None:
    """A machine with two addresses beside those that nobody reaches."""
    found = ["192.168.1.7", "127.0.1.1", "10.0.0.3", "192.168.1.7", "169.254.1.1"]
    monkeypatch.setattr(greeting, "_candidates", lambda: iter(found))


@pytest.mark.usefixtures("addresses")
def test_only_its_own_address_where_it_listens_on_one() -> None:
    """Nobody else reaches it there, so nothing else is told."""
    told = greeting.lines("http://127.0.0.1:8080", "127.0.0.1", is_terminal=True)
    assert told == ["nearfar listens on http://127.0.0.1:8080 (stop with Ctrl+C)"]


@pytest.mark.usefixtures("addresses")
def test_all_addresses_where_it_listens_on_all() -> None:
    """Each once, without those that only this machine reaches."""
    told = greeting.lines("http://127.0.0.1:8080", "0.0.0.0", is_terminal=False, is_demo=True)  # noqa: S104
    assert told[0] == "nearfar listens on http://127.0.0.1:8080/#demo (stop with Ctrl+C)"
    assert [line.split()[-1] for line in told[1:]] == [
        "http://192.168.1.7:8080/#demo",
        "http://10.0.0.3:8080/#demo",
    ]


@pytest.mark.usefixtures("addresses")
def test_a_phone_reads_the_code() -> None:
    """On a terminal the first address stands as a QR code, which a reader reads."""
    told = greeting.lines("http://127.0.0.1:8080", "0.0.0.0", is_terminal=True)  # noqa: S104
    assert _read(told[4:]) == "http://192.168.1.7:8080"


def _read(lines: list[str]) -> str:
    """What a QR reader sees in half blocks, of which the drawn ones are light."""
    halves = {" ": (0, 0), "█": (1, 1), "▀": (1, 0), "▄": (0, 1)}
    rows = [[halves[letter][half] for letter in line] for line in lines if line for half in (0, 1)]
    picture = np.kron(np.array(rows, np.uint8), np.ones((8, 8), np.uint8)) * 255
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]
