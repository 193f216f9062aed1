"""The networks inside the package: the card of each is the JSON file beside its weights."""

from __future__ import annotations

import json
from typing import Any

from nearfar import assets
from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile

CARD_FILES = ("embedded.json", "embedded-fine.json", "embedded-v1.json")
"""The default first, then the finer one. The network of the version before stays for one version."""


def card_from_json(row: dict[str, Any]) -> ModelCard:
    """The card that a JSON object describes; what it says beyond a card's own fields becomes ``details``."""
    own = {"name", "title", "kind", "input", "weights", "licence", "is_commercial_use_allowed"}
    own |= {"parameters", "outlines"}
    return ModelCard(
        name=row["name"],
        title=row["title"],
        family="embedded",
        kind=DepthKind(row["kind"]),
        input=_input_spec(row["input"]),
        weights=tuple(WeightFile(**weights) for weights in row["weights"]),
        licence=row["licence"],
        is_commercial_use_allowed=row["is_commercial_use_allowed"],
        parameters=row["parameters"],
        summary=row.get("summary", ""),
        outlines=row.get("outlines", 0),
        details={key: value for key, value in row.items() if key not in own},
    )


def _input_spec(row: dict[str, Any]) -> InputSpec:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return InputSpec(**values)


def _read(name: str) -> ModelCard:
    text = (assets.FOLDER / name).read_text(encoding="utf-8")
    return card_from_json(json.loads(text))


PLUGIN = tuple(_read(name) for name in CARD_FILES)
