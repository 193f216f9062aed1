"""What can be evaluated: the vertical ramp, an ONNX file with its card, any model of the catalogue."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nearfar.models.embedded import card_from_json
from nearfar.pipeline import Estimator
from nearfar.types import Photo
from nearfar.types.nearness import near_is_large
from nearfar_lab.errors import DataMissingError

if TYPE_CHECKING:
    from nearfar.cards import Fit, ModelCard
    from nearfar_lab.datasets.frames import FloatMap, Pixels

RAMP = "ramp"
USUAL = "onnxruntime"
INT8_SUFFIX = "-int8"


@dataclass(frozen=True)
class InputRule:
    """How large a photo enters the network: nothing given leaves the card's own rule.

    size_share counts where no size is given: the card's size times it.
    """

    size: int | None = None
    fit: Fit | None = None
    size_share: float = 1.0


class Predictor(Protocol):
    """Relative nearness of every pixel of a photo."""

    @property
    def label(self) -> str:
        """Name for tables."""

    @property
    def sha256(self) -> str:
        """Hash of the weights, empty where there are none."""

    def nearness(self, rgb: Pixels) -> FloatMap:
        """(H, W) float32, large is near, of whatever size the predictor works at."""


@dataclass(frozen=True)
class Ramp:
    """No network at all: the lower, the nearer. What any useful network must beat."""

    label: str = RAMP
    sha256: str = ""

    def nearness(self, rgb: Pixels) -> FloatMap:
        """The row's number, (H, W)."""
        height, width = rgb.shape[:2]
        return np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)


@dataclass(frozen=True)
class Network:
    """A network behind one of nearfar's engines. kind: what tells it from the usual one of its name."""

    estimator: Estimator
    kind: str = ""

    @property
    def label(self) -> str:
        """The card's name, its input rule, and what is unusual."""
        card = self.estimator.card
        rule = card.input
        words = [
            f"{rule.fit} {rule.size}",
            *(["padded"] if rule.pad else []),
            *(["mirrored"] if rule.flip else []),
            *([f"outlined {card.outlines}"] if card.outlines else []),
            *([self.kind] if self.kind else []),
        ]
        return f"{card.name} ({', '.join(words)})"

    @property
    def sha256(self) -> str:
        """Hash of the weights."""
        return self.estimator.sha256

    def nearness(self, rgb: Pixels) -> FloatMap:
        """The network's own output, padding and mirror image undone, turned so that near is large."""
        return near_is_large(self.estimator.answer(Photo(rgb)), self.estimator.card.kind)


def find_predictor(name: str, rule: InputRule) -> Predictor:
    """`ramp`, the path of an ONNX file (its card beside it as .json), or a name of the catalogue."""
    if name == RAMP:
        return Ramp()
    return _from_file(Path(name), rule) if name.endswith(".onnx") else _from_catalogue(name, rule)


def _with_rule(card: ModelCard, rule: InputRule) -> ModelCard:
    spec = card.input.with_size(rule.size or round(card.input.size * rule.size_share))
    return replace(card, input=replace(spec, fit=rule.fit) if rule.fit else spec)


def _from_file(path: Path, rule: InputRule) -> Network:
    from nearfar.engines import EngineOptions
    from nearfar.engines.onnxruntime import PLUGIN

    beside = path.with_name(f"{path.stem.removesuffix(INT8_SUFFIX)}.json")
    if not path.is_file() or not beside.is_file():
        raise DataMissingError(
            f"{path}: this file was expected, and its card {beside.name} beside it.",
            "Export a run (nearfar-lab export), or name a network of the catalogue.",
        )
    card = _with_rule(card_from_json(json.loads(beside.read_text(encoding="utf-8"))), rule)
    session = PLUGIN.open(card, path, EngineOptions(threads=1))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Network(Estimator(card, session, USUAL, sha256), "int8" if path.stem.endswith(INT8_SUFFIX) else "")


def _from_catalogue(name: str, rule: InputRule) -> Network:
    from nearfar import api

    plain = name.removesuffix(INT8_SUFFIX)
    loaded = api.load(plain, precision="int8") if plain != name else api.load(name)
    estimator = replace(loaded.estimator, card=_with_rule(loaded.card, rule))
    return Network(estimator, "" if estimator.engine == USUAL else estimator.engine)
