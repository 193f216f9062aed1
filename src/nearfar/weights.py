"""From a card to a verified file of weights on this disk."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from nearfar import assets
from nearfar.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cards import ModelCard, WeightFile

_ASSET = "asset:"


def locate(card: ModelCard) -> Path:
    """The path of the model's weights, verified against the card's hash.

    Raises:
        WeightsError: they are absent, or are not the ones the card names.
    """
    if not card.weights:
        raise WeightsError(f"The card of '{card.name}' names no weights.")
    file = card.weights[0]
    path = _asset(file)
    stat = path.stat()
    found = _sha256(path, stat.st_mtime_ns, stat.st_size)
    if len(file.sha256) < 8 or not found.startswith(file.sha256.lower()):
        raise WeightsError(
            f"The weights of '{card.name}' have SHA-256 {found[:12]}…, not {file.sha256[:12]}…",
            "They are not the ones of its card: reinstall nearfar.",
        )
    return path


def _asset(file: WeightFile) -> Path:
    path = assets.FOLDER / file.location.removeprefix(_ASSET)
    if not path.is_file():
        raise WeightsError(f"{file.name} is missing from the package.", "Reinstall nearfar.")
    return path


@lru_cache(maxsize=64)
def _sha256(path: Path, modified_ns: int, size: int) -> str:  # noqa: ARG001 - a changed file is hashed anew
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
