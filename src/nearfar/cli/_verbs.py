"""The names of the verbs."""

from __future__ import annotations

import pkgutil
from pathlib import Path


def verbs() -> tuple[str, ...]:
    """The names of all verbs, sorted, without loading any: the files of this folder that are no helpers."""
    here = [str(Path(__file__).parent)]
    return tuple(sorted(info.name for info in pkgutil.iter_modules(here) if info.name[0] != "_"))
