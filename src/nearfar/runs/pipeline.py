"""What is made of each photo of a run, from a TOML file or flags; and the hash that says it is the same."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar import api, outputs
from nearfar.errors import ParameterError, SourceError, did_you_mean
from nearfar.options import describe
from nearfar.registry import EFFECTS, EXPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nearfar.outputs import Outputs

_TYPES: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "size": (int,),
    "effects": (list,),
    "exports": (list,),
    "tiles": (bool, int),
    "own_depth": (bool,),
    "fast": (bool,),
    "engine": (str,),
    "precision": (str,),
    "device": (str,),
    "one_range": (bool,),
}
_LOADED = ("engine", "precision", "device", "fast")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is made of each photo: plain values, checked; carried to other processes as it is.

    ``wanted``: model, size, effects and exports, as :func:`nearfar.outputs.check_outputs` takes them.
    ``tiles``, ``own_depth``: as of :class:`nearfar.EstimateOptions`. ``loaded``: engine, precision, device
    and fast, as of :func:`nearfar.load`. ``one_range``: colours span the same values in all photos of a run.
    ``span``: which, once they are known.
    """

    wanted: dict[str, Any] = field(default_factory=dict)
    tiles: bool | int = False
    own_depth: bool = False
    loaded: dict[str, Any] = field(default_factory=dict)
    one_range: bool = False
    span: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        made = self.outputs()
        if self.one_range and not any(_has_range(file.plugin) for file in made.files):
            raise ParameterError(
                "No result has colours whose range could be one for the run.",
                "Leave one_range out, or ask for the effect heatmap.",
                "one_range",
            )

    def outputs(self) -> Outputs:
        """The files of a photo; with the run's range, where that is known.

        Raises:
            ParameterError, UnknownNameError, MissingExtraError: as of :func:`nearfar.outputs.check_outputs`.
        """
        found = outputs.check_outputs(dict(self.wanted), _default_model())
        if self.span is None:
            return found
        rows: dict[str, Any] = {**found.plain}
        spanned = f"{self.span[0]!r},{self.span[1]!r}"
        for kind in ("effects", "exports"):
            rows[kind] = [_with_range(kind, row, spanned) for row in rows[kind]]
        return outputs.check_outputs(rows, _default_model())

    def load(self, workers: int) -> api.Model:
        """The model, ready to look at so many photos at once. Errors as of :func:`nearfar.load`."""
        asked = {"name": self.wanted.get("model") or None, "size": self.wanted.get("size"), **self.loaded}
        return api.load(**asked) if workers == 1 else api.load_side_by_side(workers, asked)


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline in a TOML file. Errors as of :func:`pipeline_of`; SourceError."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc
    except ValueError as exc:
        raise ParameterError(f"{path} is no TOML: {exc}.", "See docs/how-to/run-folders.md.") from exc
    return pipeline_of(given)


def pipeline_of(given: Mapping[str, Any]) -> Pipeline:
    """The pipeline in plain values.

    Raises:
        ParameterError: a member is unknown or of the wrong type, or an option out of its range.
        UnknownNameError, MissingExtraError: as of :func:`nearfar.outputs.check_outputs`.
    """
    for name, value in given.items():
        if name not in _TYPES:
            raise ParameterError(f"A pipeline has no member '{name}'.", did_you_mean(name, _TYPES), name)
        is_odd = isinstance(value, bool) and bool not in _TYPES[name]
        if not isinstance(value, _TYPES[name]) or is_odd:
            kinds = " or ".join(kind.__name__ for kind in _TYPES[name])
            raise ParameterError(f"{name} is {value!r}, but {kinds} was expected.", parameter=name)
    wanted = {word: given[word] for word in ("model", "size", "effects", "exports") if word in given}
    loaded = {word: given[word] for word in _LOADED if given.get(word)}
    return Pipeline(
        wanted,
        given.get("tiles", False),
        given.get("own_depth", False),
        loaded,
        given.get("one_range", False),
    )


def setup_of(pipeline: Pipeline, model: api.Model) -> dict[str, Any]:
    """What makes two results of the same photo the same: weights and options, as plain values."""
    estimator = model.estimator
    seen = json.loads(json.dumps(asdict(estimator.input)))  # as it is read back
    return {
        "model": model.card.name,
        "weights_sha256": estimator.sha256,
        **{f"input {word}": value for word, value in seen.items()},
        "fast": estimator.is_fast,
        "outputs": {word: pipeline.outputs().plain[word] for word in ("effects", "exports")},
        "tiles": pipeline.tiles,
        "own_depth": pipeline.own_depth,
        "one_range": pipeline.one_range,
    }


def digest_of(setup: Mapping[str, Any], span: tuple[float, float] | None = None) -> str:
    """The hash of a setup, and of the run's range where it has one: 32 digits."""
    text = json.dumps(setup if span is None else {**setup, "span": list(span)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def key_of(data: bytes, setup: str) -> str:
    """The key of a photo: the hash of its content and of the setup's hash."""
    content = hashlib.sha256(data).digest()
    return hashlib.sha256(content + setup.encode()).hexdigest()


def _default_model() -> str:
    from nearfar import settings

    return settings.load().model


def _has_range(plugin: Any) -> bool:
    return any(info.name == "range" for info in describe(plugin.options))


def _with_range(kind: str, row: dict[str, Any], spanned: str) -> dict[str, Any]:
    registry = EFFECTS if kind == "effects" else EXPORTS
    if not _has_range(registry.load(row["name"])):
        return row
    return {**row, "options": {**row["options"], "range": spanned}}
