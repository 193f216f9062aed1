"""API keys: made once, kept as hashes in one file, found again in constant time.

A key is ``nf-ID-SECRET``. The id (32 random bits) finds the row and may be shown; the secret holds 192 random
bits. Those cannot be guessed, so a fast keyed hash with a salt of each key's own is right: a slow one would
protect nothing more, and would let anybody keep the service busy with wrong keys.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.errors import ParameterError, SettingsError, SourceError, UnknownNameError, did_you_mean
from nearfar.machine.files import locked, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.settings import Settings

INFER, JOBS, ADMIN = "infer", "jobs", "admin"
SCOPES = (INFER, JOBS, ADMIN)
"""What a key may allow: ask for depth, hold jobs, watch and steer the service."""
MOST_KEYS = 10_000
_VERSION = 1
_SHAPE = re.compile(r"nf-([0-9a-f]{8})-([0-9a-f]{48})")
_ID = re.compile(r"[0-9a-f]{8}")
_NAME = re.compile(r"[^\W_][\w .@-]{0,63}")
_HEX = re.compile(r"[0-9a-f]{32,64}")


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the file. ``rate`` is requests a minute, 0 for no limit, None for the service's own."""

    id: str
    name: str
    scopes: tuple[str, ...]
    salt: str = field(repr=False)
    hash: str = field(repr=False)
    created: str = ""
    rate: int | None = None

    def __post_init__(self) -> None:
        if not (_ID.fullmatch(self.id) and _HEX.fullmatch(self.salt) and _HEX.fullmatch(self.hash)):
            raise ParameterError("A key's id, salt or hash is not what nearfar writes.")
        if not _NAME.fullmatch(self.name):
            raise ParameterError(
                f"{self.name!r} cannot name a key.",
                "Use 1 to 64 letters, digits, spaces and .@_-, a letter or digit first.",
                parameter="name",
            )
        if not self.scopes:
            raise ParameterError("A key needs a scope.", f"Known: {', '.join(SCOPES)}.", parameter="scopes")
        for scope in self.scopes:
            if scope not in SCOPES:
                raise ParameterError(
                    f"'{scope}' is not a scope.", did_you_mean(scope, SCOPES), parameter="scopes"
                )
        if self.rate is not None and not (isinstance(self.rate, int) and 0 <= self.rate <= 10**6):
            raise ParameterError(
                f"rate is {self.rate!r}, but 0 to 1000000 requests a minute was expected.", parameter="rate"
            )

    def fits(self, text: str) -> bool:
        """Whether that is this key, in a time that does not tell how near it was."""
        return hmac.compare_digest(_hash(self.salt, text), self.hash)


_NOBODY = Key("0" * 8, "nobody", (INFER,), "0" * 32, "0" * 64)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of a file as it was read."""

    keys: tuple[Key, ...] = ()
    _by_id: dict[str, Key] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {key.id: key for key in self.keys})
        if len(self._by_id) != len(self.keys) or len({key.name for key in self.keys}) != len(self.keys):
            raise ParameterError("Two keys have the same id or name.")

    def find(self, text: str) -> Key | None:
        """The key that a client presents, or None. An unknown id takes as long as a wrong secret."""
        shape = _SHAPE.fullmatch(text)
        key = self._by_id.get(shape[1], _NOBODY) if shape else _NOBODY
        return key if key.fits(text) and key is not _NOBODY else None

    def get(self, id: str) -> Key | None:
        """The key of an id, or None."""
        return self._by_id.get(id)

    def named(self, word: str) -> Key:
        """The key of an id or a name.

        Raises:
            UnknownNameError: there is none.
        """
        for key in self.keys:
            if word in {key.id, key.name}:
                return key
        raise UnknownNameError(
            f"There is no key '{word}'.", did_you_mean(word, [key.name for key in self.keys])
        )


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file that holds the keys; changes are made one at a time, and each replaces it whole (mode 600)."""

    path: Path

    def stamp(self) -> tuple[int, ...] | None:
        """Changes when the file does; None where there is no file.

        Raises:
            SourceError: the file cannot be reached.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise self._unreadable(exc) from exc
        return found.st_mtime_ns, found.st_size, found.st_ino

    def read(self) -> Keyring:
        """The keys in it; none where there is no file.

        Raises:
            SourceError: it cannot be read.
            SettingsError: it is not a file of keys.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Keyring()
        except OSError as exc:
            raise self._unreadable(exc) from exc
        except UnicodeDecodeError as exc:
            raise self._damaged("it is not text") from exc
        try:
            return _parse(text)
        except (ValueError, TypeError, KeyError) as exc:  # ParameterError is a ValueError
            reason = exc.message if isinstance(exc, ParameterError) else type(exc).__name__
            raise self._damaged(reason) from exc

    def add(
        self, name: str, scopes: Iterable[str], rate: int | None = None, text: str = ""
    ) -> tuple[Key, str]:
        """A new key and the text that its owner gets: it is nowhere else, and cannot be shown again.

        Args:
            name: what it is called.
            scopes: what it allows.
            rate: requests a minute; the service's own where none is given.
            text: the key itself, made elsewhere; made here where none is given.

        Raises:
            ParameterError: a name that is taken or cannot be one, an unknown scope, a text that is no key.
            OutputError: the file cannot be written.
        """
        with locked(self._lock):
            ring = self.read()
            if any(key.name == name for key in ring.keys):
                raise ParameterError(
                    f"There is a key '{name}' already.", "Revoke it, or choose another name."
                )
            if len(ring.keys) >= MOST_KEYS:
                raise ParameterError(f"There are {MOST_KEYS} keys, as many as may be.", "Revoke some.")
            text = text or _new_text({key.id for key in ring.keys})
            id = _id_of(text)
            salt = secrets.token_hex(16)
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            key = Key(id, name, _ordered(scopes), salt, _hash(salt, text), now, rate)
            self._write(Keyring((*ring.keys, key)))
        return key, text

    def revoke(self, word: str) -> Key:
        """Take a key away, by its id or name. The file stays, also when it is empty: keys remain needed.

        Raises:
            UnknownNameError: there is none of that name.
            OutputError: the file cannot be written.
        """
        with locked(self._lock):
            ring = self.read()
            key = ring.named(word)
            self._write(Keyring(tuple(other for other in ring.keys if other is not key)))
        return key

    @property
    def _lock(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")

    def _write(self, ring: Keyring) -> None:
        rows = {"version": _VERSION, "keys": [asdict(key) for key in ring.keys]}
        write_whole(self.path, json.dumps(rows, indent=1).encode(), private=True, lasting=True)

    def _unreadable(self, exc: OSError) -> SourceError:
        return SourceError(
            f"The keys in {self.path} cannot be read: {exc.strerror or exc}.",
            "Give the service's user the right to read that file, or name another one: NEARFAR_KEYS.",
        )

    def _damaged(self, reason: str) -> SettingsError:
        return SettingsError(
            f"{self.path} does not hold the keys of nearfar: {reason}.",
            "Restore it from a backup; or move it away and make new keys: nearfar keys add NAME.",
        )


def open_keys(settings: Settings) -> KeyFile:
    """The file of the setting ``keys``; ``keys.json`` in ``home``, or in the user's data folder, without it.

    Not in the cache folder, where a home that is not set puts weights: what empties a cache must not open
    a service.
    """
    if settings.keys:
        return KeyFile(Path(settings.keys).expanduser())
    if settings.home:
        return KeyFile(Path(settings.home).expanduser() / "keys.json")
    from platformdirs import user_data_path

    return KeyFile(user_data_path("nearfar", appauthor=False) / "keys.json")


def is_private(path: Path) -> bool:
    """Whether nobody but its owner may read a file; True where the system does not tell."""
    return os.name != "posix" or path.stat().st_mode & 0o077 == 0


def _hash(salt: str, text: str) -> str:
    return hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def _new_text(taken: set[str]) -> str:
    """A key whose id is not among those."""
    id = next(id for id in iter(lambda: secrets.token_hex(4), "") if id not in taken)
    return f"nf-{id}-{secrets.token_hex(24)}"


def _id_of(text: str) -> str:
    shape = _SHAPE.fullmatch(text)
    if not shape:
        raise ParameterError(
            "The text that was given is no key.",
            "Expected nf-, 8 hex digits, -, 48 hex digits, in lower case.",
            parameter="text",
        )
    return shape[1]


def _ordered(scopes: Iterable[str]) -> tuple[str, ...]:
    """Each scope once, known ones in the order of :data:`SCOPES`, unknown ones behind."""
    given = dict.fromkeys(scopes)
    return (
        *(scope for scope in SCOPES if scope in given),
        *(scope for scope in given if scope not in SCOPES),
    )


def _parse(text: str) -> Keyring:
    found: Any = json.loads(text)
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        raise ParameterError(f"it is not of version {_VERSION}")
    return Keyring(tuple(Key(**{**row, "scopes": tuple(row["scopes"])}) for row in found["keys"]))
