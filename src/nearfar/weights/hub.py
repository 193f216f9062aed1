"""The model hub: addresses of its files, what other programs keep of it on this disk, its own library."""

from __future__ import annotations

import importlib.util
import inspect
import logging
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies

from nearfar.errors import WeightsError
from nearfar.weights import socks

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.cards import WeightFile
    from nearfar.settings import Settings

    Progress = Callable[[str, int, int], None]

HUB = "hub:"
MAIN = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_CACHE = "-"
_FINAL = {401, 403, 404, 410}
"""Answers that another try does not change."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file on the hub. ``revision``: a branch, a tag or a commit."""

    repository: str
    path: str
    revision: str = MAIN

    def address(self, hub: str) -> str:
        """Where it is fetched from."""
        revision, path = quote(self.revision, safe=""), quote(self.path)
        return f"{hub.rstrip('/')}/{self.repository}/resolve/{revision}/{path}"


def place_of(file: WeightFile, revision: str = "") -> Place | None:
    """Where a file lies on the hub, None where it is not of the hub.

    ``hub:OWNER/NAME/PATH`` or ``hub:OWNER/NAME@REVISION/PATH``; ``revision`` goes before the file's own.
    """
    if not file.location.startswith(HUB):
        return None
    owner, name, path = file.location.removeprefix(HUB).split("/", 2)
    name, _, own = name.partition("@")
    return Place(f"{owner}/{name}", path, revision or own or MAIN)


def is_hub(address: str, settings: Settings) -> bool:
    """Whether an address is the hub's own: its token goes nowhere else."""
    here, there = urlsplit(address), urlsplit(settings.hub)
    return (here.scheme, here.netloc) == (there.scheme, there.netloc)


def cache_of(settings: Settings) -> Path | None:
    """The folder where the hub's own programs keep files, whether it is there or not."""
    if settings.hub_cache == _NO_CACHE:
        return None
    return Path(settings.hub_cache or "~/.cache/huggingface/hub").expanduser()


def cached(place: Place, settings: Settings) -> tuple[Path, str] | None:
    """A file that other programs fetched already, and the commit that it is of; None where there is none.

    Layout: ``models--OWNER--NAME/refs/REVISION`` holds a commit, ``snapshots/COMMIT/PATH`` the file.
    """
    root = cache_of(settings)
    if root is None:
        return None
    folder = root / f"models--{place.repository.replace('/', '--')}"
    commit = place.revision
    if not _COMMIT.fullmatch(commit):
        try:
            commit = (folder / "refs" / place.revision).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
    found = folder / "snapshots" / commit / place.path
    is_there = bool(_COMMIT.fullmatch(commit)) and found.is_file()
    return (found, commit) if is_there else None


def sha256_named(path: Path) -> str:
    """The SHA-256 by which the cache calls a large file; empty for small ones, which go by another hash."""
    name = path.resolve().name
    return name if _SHA256.fullmatch(name) else ""


def take(source: Path, target: Path) -> None:
    """A file of the cache under a name of ours: the same bytes on the disk where that can be, else a copy."""
    target.unlink(missing_ok=True)
    real = source.resolve()
    with suppress(OSError):
        os.link(real, target)
        return
    shutil.copyfile(real, target)


def has_library(settings: Settings) -> bool:
    """Whether the hub's own library brings its files: not behind a mirror or SOCKS, which it does not know.

    Raises:
        WeightsError: it is asked for and not installed.
    """
    is_there = importlib.util.find_spec("huggingface_hub") is not None
    if settings.downloader == "huggingface_hub" and not is_there:
        raise WeightsError(
            "The setting downloader is huggingface_hub, which is not installed.",
            "Install it: pip install huggingface_hub",
        )
    if settings.downloader == "auto" and socks.proxy_of(getproxies(), urlsplit(settings.hub).scheme):
        return False
    return is_there and settings.downloader != "own" and not settings.mirror


def download(place: Place, settings: Settings, progress: Progress, name: str) -> tuple[Path, str] | None:
    """A file by the hub's own library, in its cache, and the commit that it is of.

    None where the library comes to no end (it does not trust a company's certificate, the connection breaks)
    and the setting leaves it to us whether it is asked: then we try our own way.

    Raises:
        WeightsError: it is not there, or access is refused; with the library alone, whatever went wrong.
    """
    from huggingface_hub import errors

    stopped: list[BaseException] = []
    try:
        return _by_library(place, settings, _told(progress, name, stopped))
    except errors.HfHubHTTPError as exc:
        status = exc.response.status_code
        if settings.downloader == "auto" and status not in _FINAL:
            return None
        raise refused(place.address(settings.hub), status, is_of_hub=True) from exc
    except Exception as exc:  # its errors share no base, and are those of three generations of its libraries
        if stopped:
            raise stopped[0] from None
        if settings.downloader == "auto":
            return None
        raise _failed(place, settings, exc) from exc


def _failed(place: Place, settings: Settings, exc: Exception) -> WeightsError:
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(exc, LocalEntryNotFoundError):
        return WeightsError(*no_connection(settings.hub))
    return WeightsError(f"{place.address(settings.hub)} did not come: {_first_line(exc)}")


def _told(progress: Progress, name: str, stopped: list[BaseException]) -> Any:
    """A class of the library's bars that hands on what it would draw, and notes who wanted an end."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]  # documented, not declared

    class Told(tqdm):
        """Hands what it would draw on."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            self._whole, self._here = int(kwargs.get("total") or 0), int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            """So many bytes more."""
            self._here += int(n or 0)
            try:
                progress(name, self._here, self._whole)
            except BaseException as exc:
                stopped.append(exc)
                raise

    return Told


def _by_library(place: Place, settings: Settings, told: Any) -> tuple[Path, str]:
    from huggingface_hub import hf_hub_download

    knows_bars = "tqdm_class" in inspect.signature(hf_hub_download).parameters
    log = logging.getLogger("huggingface_hub")
    level = log.level
    log.setLevel(logging.CRITICAL)  # what it would say of its tries is told by us
    try:
        path = hf_hub_download(
            place.repository,
            place.path,
            revision=place.revision,
            cache_dir=cache_of(settings),
            endpoint=settings.hub.rstrip("/"),
            token=settings.hub_token or None,
            library_name="nearfar",
            **({"tqdm_class": told} if knows_bars else {}),
        )
    finally:
        log.setLevel(level)
    found = Path(path)
    commit = next((part for part in found.parts if _COMMIT.fullmatch(part)), "")
    return found, commit


def no_connection(address: str) -> tuple[str, str]:
    """What is said where nothing can be reached: the message and what to do."""
    host = urlsplit(address).hostname or address
    return (
        f"There is no connection to {host}: this machine seems to be offline.",
        "Connect it, set NEARFAR_MIRROR, or bring the file by hand: nearfar models import.",
    )


def refused(address: str, status: int, *, is_of_hub: bool) -> WeightsError:
    """The error of a server that answers with a status instead of a file."""
    by_hand = "or get the file with a browser and use nearfar models import."
    hints = {
        401: f"It needs a login: set HF_TOKEN, {by_hand}",
        403: f"Access is refused: accept its terms on its page and set HF_TOKEN, {by_hand}",
        404: "It is not there any more: set NEARFAR_MIRROR, or use nearfar models import.",
        429: "The server is asked too often: try later, or set HF_TOKEN, which has a larger share.",
    }
    if is_of_hub and status == 401:
        hints[401] = f"There is no such repository, or it needs a login: set HF_TOKEN, {by_hand}"
    return WeightsError(
        f"{address} answers {status}.", hints.get(status, "Try later, or set NEARFAR_MIRROR.")
    )


def _first_line(exc: Exception) -> str:
    return str(exc).strip().partition("\n")[0][:200] or type(exc).__name__
