"""The first key of a service that needs keys: taken from a file, or made and shown once."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.errors import ParameterError, SettingsError, SourceError
from nearfar.keys import SCOPES, open_keys
from nearfar.service.guard.keys_now import needs_keys

if TYPE_CHECKING:
    from nearfar.settings import Settings

NAME = "first"
_log = logging.getLogger("nearfar.service")


def ensure(settings: Settings) -> str:
    """Make the first key where keys are needed and there is no file of keys; the key, if it was made here.

    It allows everything. One that was taken from the file of the setting ``first_key`` is not given back:
    whoever wrote that file knows it. An empty file of keys is one: all of them were revoked.

    Raises:
        SourceError: the file that is to hold the key, or that of all keys, cannot be read.
        SettingsError: it holds no key.
        OutputError: the file of keys cannot be written.
    """
    file = open_keys(settings)
    if not needs_keys(settings) or file.stamp() is not None:
        return ""
    given = given_key(settings)
    try:
        _, text = file.add(NAME, SCOPES, text=given)
    except ParameterError as exc:
        if file.stamp() is not None:  # another process has made it in the meantime
            return ""
        raise SettingsError(f"first_key: {exc.message}", exc.hint) from exc
    _log.warning("the first key was put into %s", file.path)
    return "" if given else text


def given_key(settings: Settings) -> str:
    """The key in the file of the setting; empty where none is named.

    Raises:
        SourceError: the file cannot be read.
    """
    if not settings.first_key:
        return ""
    path = Path(settings.first_key).expanduser()
    try:
        return path.read_text(encoding="ascii").strip() or "(empty)"
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or "it is not plain text"
        raise SourceError(
            f"The first key in {path} cannot be read: {reason}.",
            "Name a file that holds one: NEARFAR_FIRST_KEY.",
        ) from exc
