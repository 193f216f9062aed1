"""Small things that the tests of the command line import: ``from command_line import command``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import nearfar


def environment(**more: str) -> dict[str, str]:
    """The environment of a process of ours: the fake engine, and this source."""
    source = str(Path(nearfar.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": source, "NEARFAR_ENGINE": "fake", **more}


def command(*words: object) -> list[str]:
    """The words that start nearfar as a process of its own."""
    return [sys.executable, "-m", "nearfar", *map(str, words)]


def rows(output: str) -> list[dict[str, Any]]:
    """JSON lines as objects."""
    return [json.loads(line) for line in output.splitlines()]


def names(folder: Path) -> set[str]:
    """The names of what lies in a folder."""
    return {path.name for path in folder.iterdir()}
