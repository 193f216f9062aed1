"""Files from the network: resumed where they broke off, checked, then moved into place."""

from __future__ import annotations

import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, urlsplit

from nearfar.errors import WeightsError
from nearfar.machine.files import locked
from nearfar.weights.store import ASSET, Pin, key_of, pin_of, sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message
    from pathlib import Path

    from nearfar.cards import ModelCard, WeightFile
    from nearfar.settings import Settings
    from nearfar.weights.store import Store

    Progress = Callable[[str, int, int], None]
    """Told the file's name, the bytes that are here, and the bytes in all (0 where not known)."""

HUB = "hub:"
_CHUNK = 1 << 20
_TIMEOUT_S = 30.0
_TRIES = 5
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}
_SPARE_BYTES = 64 * 2**20  # left free on the disk


@dataclass(frozen=True, slots=True)
class Task:
    """One file to bring: its address, where it goes, what is known about it."""

    address: str
    target: Path
    file: WeightFile
    pause_s: float = 0.5

    @property
    def part(self) -> Path:
        """The file while it grows."""
        return self.target.with_name(f".{self.target.name}.part")

    @property
    def etag(self) -> Path:
        """Holds the server's name for the version that ``part`` is of, so that two are never mixed."""
        return self.target.with_name(f".{self.target.name}.etag")

    def start_anew(self) -> None:
        """Forget what came."""
        self.part.unlink(missing_ok=True)
        self.etag.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Meta:
    """What the server said: size of the whole in bytes (0 where not said), SHA-256 where it names one."""

    bytes: int
    sha256: str


class _BrokeOffError(Exception):
    """The connection ended early; what came is kept, another try goes on from there."""


def pull(
    card: ModelCard, store: Store, settings: Settings, *, engine: str = "", progress: Progress | None = None
) -> tuple[Path, ...]:
    """Bring a model's files for an engine (the preferred one where none is named); gives their paths.

    Files that are here already and are the right ones are not brought again.

    Raises:
        WeightsError: offline, nowhere to pull from, the server refuses, the file is not the expected one.
    """
    engine = engine or next((f.engine for f in card.weights if f.location), card.engines[0])
    files = card.files(engine)
    if not files:
        raise WeightsError(
            f"'{card.name}' has no files for {engine}.", f"Choose {' or '.join(card.engines)}."
        )
    return tuple(_bring(card, file, store, settings, progress or _silent) for file in files)


def address_of(file: WeightFile, settings: Settings) -> str:
    """The address of a file, the mirror's prefix before it."""
    location = file.location
    if location.startswith(HUB):
        owner, name, path = location.removeprefix(HUB).split("/", 2)
        location = f"{settings.hub.rstrip('/')}/{owner}/{name}/resolve/main/{quote(path)}"
    return f"{settings.mirror}{location}"


def _silent(name: str, here: int, total: int) -> None:
    """Report no progress."""


def _bring(card: ModelCard, file: WeightFile, store: Store, settings: Settings, progress: Progress) -> Path:
    target = store.path(card, file)
    if file.location.startswith(ASSET):
        store.check(card, file)
        return target
    with locked(store.folder(card) / f".{file.engine}-{file.name}.lock", passing=True):
        if target.is_file():
            store.check(card, file)
            return target
        _check_allowed(card, file, settings)
        task = Task(address_of(file, settings), target, file)
        target.parent.mkdir(parents=True, exist_ok=True)
        meta = _download(task, progress)
        found = _verify(task, meta, store.pins(card).get(key_of(file)))
        task.part.replace(target)
        task.etag.unlink(missing_ok=True)
        store.pin(card, file, pin_of(target, found, task.address))
    return target


def _check_allowed(card: ModelCard, file: WeightFile, settings: Settings) -> None:
    by_hand = f"nearfar models import {card.name} FILE"
    if not file.location:
        raise WeightsError(
            f"The weights of '{card.name}' cannot be pulled: their authors publish them elsewhere.",
            f"Get {file.name} from the authors ({card.paper}), then run: {by_hand}",
        )
    if settings.offline:
        raise WeightsError(
            f"{file.name} of '{card.name}' is not installed and offline mode is on.",
            f"Unset NEARFAR_OFFLINE, or bring the file by hand: {by_hand}",
        )


def _download(task: Task, progress: Progress) -> Meta:
    """Grow the part file until it is whole; each try goes on where the one before broke off."""
    for attempt in range(_TRIES):
        try:
            return _try(task, progress)
        except (_BrokeOffError, ConnectionError, TimeoutError, http.client.HTTPException) as exc:
            reason: Exception = exc
        except urllib.error.HTTPError as exc:
            if exc.code not in _WORTH_ANOTHER_TRY:
                raise _refused(task, exc) from exc
            reason = exc
        except urllib.error.URLError as exc:
            reason = exc
        except OSError as exc:
            raise WeightsError(f"{task.target.name} could not be written: {exc.strerror or exc}.") from exc
        time.sleep(task.pause_s * 2**attempt)
    raise WeightsError(
        f"{task.address} broke off {_TRIES} times: {reason}.",
        "What came is kept: run the same command again to go on, or set NEARFAR_MIRROR.",
    ) from reason


def _try(task: Task, progress: Progress) -> Meta:
    here = task.part.stat().st_size if task.part.exists() else 0
    redirects = _Redirects()
    headers = {"User-Agent": "nearfar", "Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
    if here and task.etag.exists():
        headers["If-Range"] = task.etag.read_text(encoding="latin-1")
    request = urllib.request.Request(task.address, headers=headers)  # noqa: S310 - checked just below
    if urlsplit(task.address).scheme not in {"https", "http"}:
        raise WeightsError(f"{task.address} is no web address.", "Check the settings mirror and hub.")
    try:
        answer = urllib.request.build_opener(redirects).open(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as exc:
        exc.close()
        if exc.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and here:
            return _after_416(task, exc.headers, here, redirects.headers)
        raise
    with answer:
        _check_is_file(task, answer.headers)
        start = _start_of(task, answer.status, answer.headers, here)
        length = int(answer.headers.get("Content-Length") or 0)
        meta = Meta(start + length if length else 0, _sha256_in(redirects.headers, answer.headers))
        _check_size(task, meta.bytes)
        _check_room(task, meta.bytes - start)
        _note_version(task, answer.headers)
        _write(task, answer, start, meta.bytes, progress)
    return meta


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
        raise _BrokeOffError("the server sent another range than was asked for")
    return here


def _after_416(task: Task, headers: Message, here: int, first: list[Message]) -> Meta:
    """The part file has all bytes already, or too many: then begin anew."""
    total = re.match(r"bytes \*/(\d+)", headers.get("Content-Range") or "")
    if total is not None and int(total[1]) == here:
        return Meta(here, _sha256_in(first, headers))
    task.start_anew()
    raise _BrokeOffError("what came before does not fit the file on the server")


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
        raise _BrokeOffError(f"{here} of {total} bytes came")


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


def _verify(task: Task, meta: Meta, pin: Pin | None) -> str:
    """The SHA-256 of the whole part file; a wrong one is deleted."""
    found, size = sha256_of(task.part), task.part.stat().st_size
    claims = {"the card": task.file.sha256, "the server": meta.sha256, "its pin": pin.sha256 if pin else ""}
    wrong = next((who for who, sha in claims.items() if not found.startswith(sha)), "")
    if task.file.bytes and size != task.file.bytes:
        wrong, claims = "the card's size", {"the card's size": str(task.file.bytes)}
    if wrong:
        task.start_anew()
        raise WeightsError(
            f"{task.target.name} came with SHA-256 {found[:12]}… and {size} bytes; {wrong} says "
            f"{claims[wrong][:12]}.",
            "The bytes were damaged on the way, or the file was exchanged; it was deleted. Pull it again.",
        )
    return found


def _refused(task: Task, exc: urllib.error.HTTPError) -> WeightsError:
    hints = {
        401: "It needs a login: get the file with a browser and use nearfar models import.",
        403: "Access is refused: get the file with a browser and use nearfar models import.",
        404: "It is not there any more: set NEARFAR_MIRROR, or use nearfar models import.",
    }
    hint = hints.get(exc.code, "Try later, or set NEARFAR_MIRROR.")
    return WeightsError(f"{task.address} answers {exc.code} {exc.reason}.", hint)


def _sha256_in(first: list[Message], last: Message) -> str:
    """The hash that the model hub gives for large files, as the etag of what it links to."""
    for headers in (*first, last):
        for name in ("X-Linked-Etag", "ETag"):
            etag = (headers.get(name) or "").removeprefix("W/").strip('"')
            if _HEX_SHA256.fullmatch(etag):
                return etag
    return ""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps their headers: the hub's first answer names the hash."""

    def __init__(self) -> None:
        self.headers: list[Message] = []

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request for where the server points to."""
        self.headers.append(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
