"""Connections through a SOCKS5 proxy (RFC 1928, and RFC 1929 for names and passwords)."""

from __future__ import annotations

import http.client
import socket
import struct
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

SCHEMES = {"socks5", "socks5h", "socks"}
_PORT = 1080
_VERSION, _NO_LOGIN, _LOGIN, _CONNECT, _BY_NAME = 5, 0, 2, 1, 3
_LENGTHS = {1: 4, 4: 16}  # of addresses by their kind
_REASONS = {
    1: "it failed",
    2: "its rules forbid it",
    3: "the network cannot be reached",
    4: "the host cannot be reached",
    5: "the host refused",
    6: "it took too long",
}


def proxy_of(proxies: Mapping[str, str], scheme: str) -> str:
    """The SOCKS proxy for addresses of a scheme, out of the environment's proxies; empty without one."""
    for key in (scheme, "all"):
        address = proxies.get(key, "")
        if urlsplit(address).scheme in SCHEMES:
            return address
        if address:
            return ""
    return ""


def handlers(proxy: str, context: ssl.SSLContext) -> list[urllib.request.BaseHandler]:
    """What opens plain and encrypted addresses through a proxy."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = connect(proxy, self.host, self.port, self.timeout)

    class Encrypted(http.client.HTTPSConnection):
        def connect(self) -> None:
            plain = connect(proxy, self.host, self.port, self.timeout)
            self.sock = context.wrap_socket(plain, server_hostname=self.host)

    class ByPlain(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(Plain, req)

    class ByEncrypted(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(Encrypted, req)

    return [ByPlain(), ByEncrypted(context=context)]


def connect(proxy: str, host: str, port: int, timeout_s: float | None) -> socket.socket:
    """A connection to a host, made by the proxy, which looks up its name too.

    Raises:
        OSError: the proxy cannot be reached, refuses, or is none.
    """
    parts = urlsplit(proxy)
    made = socket.create_connection((parts.hostname or "", parts.port or _PORT), timeout_s)
    try:
        _greet(made, unquote(parts.username or ""), unquote(parts.password or ""))
        name = host.encode("idna")
        made.sendall(bytes([_VERSION, _CONNECT, 0, _BY_NAME, len(name)]) + name + struct.pack(">H", port))
        _check_answer(made, host)
    except BaseException:
        made.close()
        raise
    return made


def _check_answer(made: socket.socket, host: str) -> None:
    """Raise ConnectionAbortedError unless the proxy says that it is connected to a host."""
    version, status, _, kind = _take(made, 4)
    if version != _VERSION:
        raise ConnectionAbortedError("the proxy is no SOCKS5 proxy")
    if status:
        reason = _REASONS.get(status, f"it says {status}")
        raise ConnectionAbortedError(f"the proxy does not connect to {host}: {reason}")
    _take(made, (_LENGTHS[kind] if kind in _LENGTHS else _take(made, 1)[0]) + 2)


def _greet(made: socket.socket, name: str, password: str) -> None:
    ways = bytes([_NO_LOGIN, _LOGIN]) if name else bytes([_NO_LOGIN])
    made.sendall(bytes([_VERSION, len(ways)]) + ways)
    version, way = _take(made, 2)
    if version != _VERSION or way not in ways:
        raise ConnectionAbortedError("the proxy is no SOCKS5 proxy, or wants another login")
    if way == _LOGIN:
        user, secret = name.encode(), password.encode()
        made.sendall(b"\1" + bytes([len(user)]) + user + bytes([len(secret)]) + secret)
        if _take(made, 2)[1]:
            raise ConnectionAbortedError("the proxy refuses the name and password")


def _take(made: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = made.recv(count - len(found))
        if not part:
            raise ConnectionAbortedError("the proxy hung up")
        found += part
    return found
