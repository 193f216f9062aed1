"""JSON from outside: what is wrong with it is one kind of error, however deep it goes."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str | bytes, *, is_strict: bool = False) -> Any:
    """The values of a JSON text; ``is_strict``: NaN and infinity are none.

    Raises:
        ValueError: it is none, or has lists within lists deeper than any that means something.
    """
    try:
        return json.loads(text, parse_constant=_no_constant if is_strict else None)
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
