"""What a service says when it answers: its address, those at which others reach it, and a code for phones."""

from __future__ import annotations

import io
import ipaddress
import socket
from typing import TYPE_CHECKING

import segno

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound
DEMO = "/#demo"
"""The part of an address with which the page opens its sample pictures."""
_NOBODY = (
    "192.0.2.1",
    9,
)  # reserved for documents: nothing is sent, the system only says from where it would be


def lines(address: str, host: str, *, is_terminal: bool, is_demo: bool = False) -> list[str]:
    """The lines to be written once the service answers at ``address`` (http://HOST:PORT).

    Where it listens on all of the machine's addresses, these follow; on a terminal the first of them as a QR
    code as well, for the camera of a phone.
    """
    end = DEMO if is_demo else ""
    found = [f"nearfar listens on {address}{end} (stop with Ctrl+C)"]
    if host not in EVERYWHERE:
        return found
    port = address.rpartition(":")[2]
    others = [f"http://{name}:{port}{end}" for name in own_addresses()]
    found += [f"  others reach it at {other}" for other in others]
    if others and is_terminal:
        found += ["", *qr_lines(others[0])]
    return found


def own_addresses() -> list[str]:
    """The IPv4 addresses at which other machines may reach this one, the one of the way out first."""
    return list(dict.fromkeys(name for name in _candidates() if _is_reached(name)))


def qr_lines(text: str) -> list[str]:
    """A QR code of half blocks, a line for two rows of it."""
    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, compact=True)
    return out.getvalue().splitlines()


def _candidates() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOBODY)
            yield str(probe.getsockname()[0])
        except OSError:
            pass  # a machine without a network has no other addresses
    try:
        rows: Iterable[tuple[object, ...]] = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        return
    for row in rows:
        yield str(row[4][0])  # type: ignore[index]


def _is_reached(name: str) -> bool:
    address = ipaddress.ip_address(name)
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)
