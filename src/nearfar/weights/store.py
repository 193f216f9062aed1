"""Where weights lie on this disk, and which hashes they were found with.

HOME/models/NAME/ENGINE/FILE       as published
HOME/models/NAME/pins.json         the hash, size and source of each, pinned when it first came
HOME/converted/NAME/…              made here from them; may be removed at any time
HOME/converted/NAME/seen.json      what files of the package were when they were last hashed
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import assets
from nearfar.errors import OutputError, WeightsError
from nearfar.machine.files import locked, write_whole

if TYPE_CHECKING:
    from nearfar.cards import ModelCard, WeightFile
    from nearfar.settings import Settings

ASSET = "asset:"
PINS = "pins.json"
_SEEN = "seen.json"
_FEWEST_DIGITS = 8  # of a published prefix; a file whose hash is not known is not trusted


@dataclass(frozen=True, slots=True)
class Pin:
    """What a file was when it came: its hash, its size, and where from."""

    sha256: str
    bytes: int
    source: str
    modified_ns: int = 0
    """When the file was last written; with ``inode`` and ``bytes`` it tells an untouched file."""
    inode: int = 0
    commit: str = ""
    """The hub's name of the version that it is of."""


@dataclass(frozen=True, slots=True)
class Found:
    """Weights on this disk: the file to open, its whole SHA-256, and the engine that it is made for."""

    path: Path
    sha256: str
    engine: str


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of weights."""

    home: Path

    def folder(self, card: ModelCard) -> Path:
        """The folder of one model; it need not exist."""
        return self.home / "models" / card.name

    def path(self, card: ModelCard, file: WeightFile) -> Path:
        """Where a file lies once it is there."""
        if file.location.startswith(ASSET):
            return assets.FOLDER / file.location.removeprefix(ASSET)
        return self.folder(card) / file.engine / file.name

    def converted(self, card: ModelCard) -> Path:
        """The folder of what was made here from a model's files; it need not exist."""
        return self.home / "converted" / card.name

    def made_bytes(self, card: ModelCard) -> int:
        """Size of all that was converted, quantised or optimised here from a model's files."""
        return sum(path.stat().st_size for path in self.converted(card).rglob("*") if path.is_file())

    def pins(self, card: ModelCard) -> dict[str, Pin]:
        """Pins by ``ENGINE/FILE``; empty where nothing came yet.

        Raises:
            WeightsError: the file of pins is damaged.
        """
        path = self.folder(card) / PINS
        try:
            return _read_pins(path)
        except (ValueError, TypeError, AttributeError, OSError) as exc:
            raise WeightsError(
                f"{path} is damaged: {exc}.", f"Run: nearfar models remove {card.name}, then pull it again."
            ) from exc

    def pin(self, card: ModelCard, file: WeightFile, pin: Pin) -> None:
        """Remember what a file was."""
        with locked(self.folder(card) / f".{PINS}.lock", passing=True):
            rows = self.pins(card) | {key_of(file): pin}
            write_whole(self.folder(card) / PINS, _written_pins(rows), lasting=True)

    def is_installed(self, card: ModelCard, engine: str = "") -> bool:
        """All files for an engine (or, where none is named, for any) are there; they are not hashed."""
        engines = (engine,) if engine else card.engines
        return any(self._has(card, name) for name in engines)

    def _has(self, card: ModelCard, engine: str) -> bool:
        files = card.files(engine)
        return bool(files) and all(self.path(card, file).is_file() for file in files)

    def find(self, card: ModelCard, engine: str) -> Found:
        """The model's weights for an engine, verified.

        Raises:
            WeightsError: they are absent, or are not the ones that the card and the pins name.
        """
        files = card.files(engine)
        if not files:
            raise WeightsError(
                f"'{card.name}' has no files for {engine}.", f"It has some for {', '.join(card.engines)}."
            )
        hashes = [self.check(card, file) for file in files]
        return Found(self.path(card, files[0]), hashes[0], engine)

    def check(self, card: ModelCard, file: WeightFile, *, is_thorough: bool = False) -> str:
        """The SHA-256 of a file that is there and is the right one.

        A pinned file that was not written since it was last hashed is believed, unless ``is_thorough``: large
        files take seconds. What was found right is noted in its pin.

        Raises:
            WeightsError: it is absent, or differs from the card or from its pin.
        """
        path = self.path(card, file)
        if not path.is_file():
            raise _absent(card, file)
        if file.location.startswith(ASSET):
            return self._check_asset(card, file, path, is_thorough=is_thorough)
        pin = self.pins(card).get(key_of(file))
        if pin and not is_thorough and _is_untouched(path, pin):
            return pin.sha256
        found = hash_of(path) if is_thorough else sha256_of(path)
        expected = pin.sha256 if pin else file.sha256.lower()
        _require(card, file, found, expected)
        if pin:
            self._note(card, file, pin_of(path, found, pin.source, pin.commit))
        return found

    def _check_asset(self, card: ModelCard, file: WeightFile, path: Path, *, is_thorough: bool) -> str:
        """The SHA-256 of a file of the package: the card alone says which it must be.

        One that was not written since it was found right is believed too: hashing it takes 10 ms of a start.
        """
        notes, key = self.converted(card) / _SEEN, str(path)
        seen: dict[str, Pin] = {}
        with contextlib.suppress(ValueError, TypeError, AttributeError, OSError):  # made anew where damaged
            seen = _read_pins(notes)
        pin = seen.get(key)
        if pin and not is_thorough and pin.sha256 == file.sha256 and _is_untouched(path, pin):
            return pin.sha256
        found = hash_of(path) if is_thorough else sha256_of(path)
        _require(card, file, found, file.sha256.lower())
        rows = {other: row for other, row in seen.items() if Path(other).is_file()}
        with contextlib.suppress(OSError, OutputError):  # a folder that is read-only stays so
            notes.parent.mkdir(parents=True, exist_ok=True)
            write_whole(notes, _written_pins({**rows, key: pin_of(path, found, ASSET)}), overwrite=True)
        return found

    def _note(self, card: ModelCard, file: WeightFile, pin: Pin) -> None:
        """Remember that a file was found right as it lies there now; a folder that is read-only stays so."""
        if self.pins(card).get(key_of(file)) != pin:
            with contextlib.suppress(OSError):
                self.pin(card, file, pin)

    def remove(self, card: ModelCard) -> int:
        """Delete a model's files and what was converted from them; gives the bytes that became free.

        Raises:
            WeightsError: it is inside the package.
        """
        if all(file.location.startswith(ASSET) for file in card.weights):
            raise WeightsError(f"'{card.name}' is part of the package.", "Only pulled models can be removed.")
        import shutil

        freed = 0
        for folder in (self.folder(card), self.converted(card)):
            freed += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            shutil.rmtree(folder, ignore_errors=True)
        return freed


def open_store(settings: Settings) -> Store:
    """The store at the setting ``home``, or in the platform's cache folder."""
    if settings.home:
        return Store(Path(settings.home).expanduser())
    return Store(_cache_home())


def _cache_home() -> Path:
    """The platform's cache folder of nearfar; on Linux by its one rule, without a library that takes 5 ms."""
    if sys.platform == "linux" and "ANDROID_ROOT" not in os.environ:
        given = os.environ.get("XDG_CACHE_HOME", "")
        return Path(given.strip() or os.path.expanduser("~/.cache"), "nearfar")  # noqa: PTH111 - without a home too
    from platformdirs import user_cache_path

    return user_cache_path("nearfar", appauthor=False)


def locate(card: ModelCard, store: Store) -> Found:
    """The model's weights for the first engine whose files are there, verified.

    Raises:
        WeightsError: none are there, or they are not the right ones.
    """
    if not card.weights:
        raise WeightsError(f"The card of '{card.name}' names no weights.")
    for engine in card.engines:
        if store.is_installed(card, engine):
            return store.find(card, engine)
    return store.find(card, card.engines[0])  # raises what is missing


def _require(card: ModelCard, file: WeightFile, found: str, expected: str) -> None:
    """WeightsError where a file's hash is not the expected one, or too little of that is known."""
    if len(expected) >= _FEWEST_DIGITS and found.startswith(expected):
        return
    is_asset = file.location.startswith(ASSET)
    mend = "reinstall nearfar" if is_asset else f"run: nearfar models remove {card.name}, pull it again"
    raise WeightsError(
        f"{file.name} of '{card.name}' has SHA-256 {found[:12]}…, not {expected[:12]}…",
        f"It is not the file that came or that the card names: {mend}.",
    )


def _read_pins(path: Path) -> dict[str, Pin]:
    """What a file of pins holds; nothing where it is absent."""
    if not path.is_file():
        return {}
    rows: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {key: Pin(**row) for key, row in rows.items()}


def _written_pins(rows: dict[str, Pin]) -> bytes:
    text = json.dumps({key: asdict(row) for key, row in sorted(rows.items())}, indent=1)
    return f"{text}\n".encode()


def pin_of(path: Path, sha256: str, source: str, commit: str = "") -> Pin:
    """The pin of a file, in its place or about to be renamed to it."""
    stat = path.stat()
    return Pin(sha256, stat.st_size, source, stat.st_mtime_ns, stat.st_ino, commit)


def _is_untouched(path: Path, pin: Pin) -> bool:
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns, stat.st_ino) == (pin.bytes, pin.modified_ns, pin.inode)


def key_of(file: WeightFile) -> str:
    """The name of a file's pin."""
    return f"{file.engine}/{file.name}"


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, read now."""
    import hashlib  # it loads OpenSSL: 3 ms and 3 MB

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file; one that did not change is not read again."""
    stat = path.stat()
    return _sha256(path, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=256)
def _sha256(path: Path, looks: tuple[int, int, int]) -> str:  # noqa: ARG001 - a changed file is hashed anew
    return hash_of(path)


def _absent(card: ModelCard, file: WeightFile) -> WeightsError:
    if file.location.startswith(ASSET):
        return WeightsError(f"{file.name} is missing from the package.", "Reinstall nearfar.")
    verb = f"import {card.name} FILE" if not file.location else f"pull {card.name}"
    return WeightsError(f"The weights of '{card.name}' are not installed.", f"Run: nearfar models {verb}")
