"""One file over the network: resumed where it broke off, as long as each try brings something."""

from __future__ import annotations

import errno
import http.client
import re
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nearfar.errors import WeightsError
from nearfar.weights import hub, socks

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message
    from pathlib import Path

    from nearfar.cards import WeightFile

    Progress = Callable[[str, int, int], None]
    """Told the file's name, the bytes that are here, and the bytes in all (0 where not known)."""

_CHUNK = 1 << 20
_TIMEOUT_S = 30.0
_REACH_S = 5.0
_TRIES = 5
_LONGEST_WAIT_S = 300.0
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}
_SPARE_BYTES = 64 * 2**20  # left free on the disk
_NOBODY_THERE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ECONNREFUSED}


@dataclass(frozen=True, slots=True)
class Task:
    """One file to bring: its address, where it goes, what is known about it.

    ``token`` goes to the address's own host and nowhere else. ``is_of_hub``: it comes from the hub itself.
    """

    address: str
    target: Path
    file: WeightFile
    token: str = ""
    is_of_hub: bool = False
    pause_s: float = 0.5

    @property
    def part(self) -> Path:
        """The file while it grows."""
        return self.target.with_name(f".{self.target.name}.part")

    @property
    def etag(self) -> Path:
        """Holds the server's name for the version that ``part`` is of, so that two are never mixed."""
        return self.target.with_name(f".{self.target.name}.etag")

    @property
    def here(self) -> int:
        """Bytes that came."""
        return self.part.stat().st_size if self.part.exists() else 0

    def start_anew(self) -> None:
        """Forget what came."""
        self.part.unlink(missing_ok=True)
        self.etag.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Meta:
    """What the server said: size of the whole in bytes (0 where not said), SHA-256 and commit where named."""

    bytes: int
    sha256: str = ""
    commit: str = ""


class BrokeOffError(Exception):
    """The connection ended early; what came is kept, another try goes on from there."""


def bring(task: Task, progress: Progress) -> Meta:
    """Grow the part file until it is whole; each try goes on where the one before broke off.

    Five tries that bring nothing end it, and those that bring something are not counted.

    Raises:
        WeightsError: offline, refused, or broken off for good; what came is kept.
    """
    failed = 0
    while True:
        before = task.here
        try:
            return _try(task, progress)
        except (BrokeOffError, ConnectionError, TimeoutError, http.client.HTTPException) as exc:
            reason: Exception = exc
            pause_s = task.pause_s
        except urllib.error.HTTPError as exc:
            if exc.code not in _WORTH_ANOTHER_TRY:
                raise hub.refused(task.address, exc.code, is_of_hub=task.is_of_hub) from exc
            reason, pause_s = exc, _wanted_pause_s(exc.headers) or task.pause_s
        except urllib.error.URLError as exc:
            if _is_offline(exc) and failed:
                raise _offline(task) from exc
            reason, pause_s = exc, task.pause_s
        except OSError as exc:
            raise WeightsError(f"{task.target.name} could not be written: {exc.strerror or exc}.") from exc
        failed = 0 if task.here > before else failed + 1
        if failed >= _TRIES:
            raise _gave_up(task, reason) from reason
        time.sleep(max(pause_s, task.pause_s * 2**failed) if failed else task.pause_s)


def reach(task: Task) -> None:
    """See whether anybody is there, before a library is asked that would try for half a minute.

    Raises:
        WeightsError: nobody answers at all; all else is left to who brings the file.
    """
    first = _why_nobody(task)
    if first is None:
        return
    time.sleep(task.pause_s)
    second = _why_nobody(task)
    if second is not None:
        raise _offline(task) from second


def _why_nobody(task: Task) -> urllib.error.URLError | None:
    """Why nobody answers at the host of an address; None where somebody does."""
    home = urlsplit(task.address)
    request = urllib.request.Request(f"{home.scheme}://{home.netloc}/", method="HEAD")  # noqa: S310 - see _try
    try:
        _opener(_Redirects(task.address, ""), home.scheme).open(request, timeout=_REACH_S).close()
    except urllib.error.HTTPError as exc:
        exc.close()
    except urllib.error.URLError as exc:
        return exc if _is_offline(exc) else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return None


def _wanted_pause_s(headers: Message) -> float:
    """Seconds that a server asks to be left alone, by number or by date; 0 where it asks for none."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, min(wait_s, _LONGEST_WAIT_S))


def _is_offline(exc: urllib.error.URLError) -> bool:
    """Nobody answers at all: no name, no way, nobody there."""
    reason = exc.reason
    if isinstance(reason, socket.gaierror):
        return True
    return isinstance(reason, OSError) and reason.errno in _NOBODY_THERE


def _offline(task: Task) -> WeightsError:
    message, hint = hub.no_connection(task.address)
    if task.here:
        hint = f"{task.here} bytes are here, and the next pull goes on from there. {hint}"
    return WeightsError(message, hint)


def _gave_up(task: Task, reason: Exception) -> WeightsError:
    if isinstance(reason, urllib.error.HTTPError):
        refused = hub.refused(task.address, reason.code, is_of_hub=task.is_of_hub)
        return WeightsError(f"{refused.message[:-1]}, {_TRIES} times.", refused.hint)
    kept = "What came is kept: run the same command again to go on" if task.here else "Try again later"
    return WeightsError(
        f"{task.address} broke off {_TRIES} times: {reason}.", f"{kept}, or set NEARFAR_MIRROR."
    )


def _try(task: Task, progress: Progress) -> Meta:
    here = task.here
    headers = {"User-Agent": "nearfar", "Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
    if here and task.etag.exists():
        headers["If-Range"] = task.etag.read_text(encoding="latin-1")
    if urlsplit(task.address).scheme not in {"https", "http"}:
        raise WeightsError(f"{task.address} is no web address.", "Check the settings mirror and hub.")
    request = urllib.request.Request(task.address, headers=headers)  # noqa: S310 - checked just above
    redirects = _Redirects(task.address, task.token)
    redirects.sign(request)
    try:
        answer = _opener(redirects, urlsplit(task.address).scheme).open(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as exc:
        exc.close()
        if exc.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and here:
            return _after_416(task, exc.headers, here, redirects.headers)
        raise
    with answer:
        _check_is_file(task, answer.headers)
        start = _start_of(task, answer.status, answer.headers, here)
        length = int(answer.headers.get("Content-Length") or 0)
        meta = _meta([*redirects.headers, answer.headers], start + length if length else 0)
        _check_size(task, meta.bytes)
        _check_room(task, meta.bytes - start)
        _note_version(task, answer.headers)
        _write(task, answer, start, meta.bytes, progress)
    return meta


def _opener(redirects: _Redirects, scheme: str) -> urllib.request.OpenerDirector:
    """Opens addresses by the environment's proxies and the system's certificates."""
    context = trusted()
    proxy = socks.proxy_of(urllib.request.getproxies(), scheme)
    if proxy:
        none = urllib.request.ProxyHandler({})
        return urllib.request.build_opener(none, *socks.handlers(proxy, context), redirects)
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), redirects)


def trusted() -> ssl.SSLContext:
    """The certificates that the system trusts, a company's own among them.

    Through the library truststore where it is installed, else the files that OpenSSL looks into; both heed
    the variables SSL_CERT_FILE and SSL_CERT_DIR.
    """
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    found: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return found


def _note_version(task: Task, headers: Message) -> None:
    etag = headers.get("ETag") or ""
    if etag and not etag.startswith("W/"):
        task.etag.write_text(etag, encoding="latin-1")
    else:
        task.etag.unlink(missing_ok=True)


def _start_of(task: Task, status: int, headers: Message, here: int) -> int:
    """Where the answer's bytes belong: behind what is here, or at 0 where the server sends all."""
    if status != http.client.PARTIAL_CONTENT:
        return 0
    start = re.match(r"bytes (\d+)-", headers.get("Content-Range") or "")
    if start is None or int(start[1]) != here:
        task.start_anew()
        raise BrokeOffError("the server sent another range than was asked for")
    return here


def _after_416(task: Task, headers: Message, here: int, first: list[Message]) -> Meta:
    """The part file has all bytes already, or too many: then begin anew."""
    total = re.match(r"bytes \*/(\d+)", headers.get("Content-Range") or "")
    if total is not None and int(total[1]) == here:
        return _meta([*first, headers], here)
    task.start_anew()
    raise BrokeOffError("what came before does not fit the file on the server")


def _meta(answers: list[Message], size: int) -> Meta:
    """What the answers on the way say.

    The hub names the hash and the size of a large file as those of what it links to. Any other entity tag is
    a name and no hash, also where it looks like one: Xet's are as long as a SHA-256.
    """
    found = {"X-Linked-Etag": "", "X-Linked-Size": "", "X-Repo-Commit": ""}
    for headers in reversed(answers):
        found |= {name: headers[name] for name in found if headers.get(name)}
    etag = found["X-Linked-Etag"].removeprefix("W/").strip('"')
    linked = found["X-Linked-Size"]
    whole = int(linked) if linked.isdigit() and _HEX_SHA256.fullmatch(etag) else size
    return Meta(whole, etag if _HEX_SHA256.fullmatch(etag) else "", found["X-Repo-Commit"])


def _write(task: Task, answer: IO[bytes], start: int, total: int, progress: Progress) -> None:
    here = start
    with task.part.open("r+b" if start else "wb") as part:
        part.seek(start)
        part.truncate()
        while chunk := answer.read(_CHUNK):
            part.write(chunk)
            here += len(chunk)
            progress(task.target.name, here, total)
    if total and here < total:
        raise BrokeOffError(f"{here} of {total} bytes came")


def _check_is_file(task: Task, headers: Message) -> None:
    if headers.get_content_type() == "text/html":
        raise WeightsError(
            f"{task.address} answers with a web page, not with a file.",
            "A login or a proxy stands between; open the address in a browser, or set NEARFAR_MIRROR.",
        )


def _check_size(task: Task, total: int) -> None:
    wanted = task.file.bytes
    if wanted and total and total != wanted:
        task.start_anew()
        raise WeightsError(
            f"{task.address} has {total} bytes, not {wanted} as the card says.", "It is another file."
        )


def _check_room(task: Task, needed: int) -> None:
    free = shutil.disk_usage(task.target.parent).free
    if needed + _SPARE_BYTES > free:
        raise WeightsError(
            f"{task.target.name} needs {needed / 1e6:.0f} MB, but {free / 1e6:.0f} MB are free.",
            "Free some space, or set NEARFAR_HOME to a folder on another disk.",
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps their headers: the hub's first answer names hash, size and commit."""

    def __init__(self, address: str, token: str) -> None:
        self.headers: list[Message] = []
        self._home, self._token = urlsplit(address)[:2], token

    def sign(self, request: urllib.request.Request) -> None:
        """Give the token to a request to its own host; it does not travel on by itself."""
        if self._token and urlsplit(request.full_url)[:2] == self._home:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request for where the server points to."""
        self.headers.append(headers)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            self.sign(following)
        return following
