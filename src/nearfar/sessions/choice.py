"""What runs a network, and why: the engine, the precision, the device, the file that is opened."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.engines import DEVICES, PRECISIONS
from nearfar.errors import EngineError, MissingExtraError, ParameterError, did_you_mean
from nearfar.machine.cpus import usable_cpus
from nearfar.machine.memory import free_bytes
from nearfar.registry import ENGINES
from nearfar.weights import locate
from nearfar.zoo import convert

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.cards import ModelCard
    from nearfar.settings import Settings
    from nearfar.weights import Found, Store

AUTO = "auto"
PUBLISHED_INT8 = "onnxruntime-int8"
"""What weights files are made for that are int8 already (the card's word for the engine)."""
PUBLISHED_HALF = "onnxruntime-fp16"
"""The same for files whose weights have 16 bits: half as large, and no faster on a processor."""
_NEEDS_NO_WEIGHTS = "fake"
_MEMORY_FACTOR = (
    2.0  # of a file's bytes: the weights as the runtime packs them, and what flows between layers
)
_CONVERSION_FACTOR = 4.0  # torch's copy, the exported program, the file as it is written, the runtime's copy


@dataclass(frozen=True, slots=True)
class Wish:
    """How a caller wants a network to run; ``auto`` leaves it to :func:`choose`."""

    engine: str = AUTO
    precision: str = AUTO
    device: str = AUTO
    threads: int = 1
    is_fast: bool = False
    """An int8 file is taken where one agrees well enough with float32 (see :mod:`nearfar.zoo.convert`)."""

    def __post_init__(self) -> None:
        for name, known in (("precision", PRECISIONS), ("device", DEVICES)):
            value = getattr(self, name)
            if value not in (AUTO, *known):
                raise ParameterError(
                    f"{name} is '{value}'.", did_you_mean(value, (AUTO, *known)), parameter=name
                )


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs: engine, precision, device, the weights found; ``why`` says why this."""

    engine: str
    precision: str
    device: str
    found: Found | None
    why: str

    @property
    def label(self) -> str:
        """The choice in a word, as results carry it: ``onnxruntime-int8``, ``torch-cuda``."""
        parts = [self.engine]
        parts += [self.device] if self.device != "cpu" else []
        parts += [self.precision] if self.precision != "float32" else []
        return "-".join(parts)


def choose(card: ModelCard, wish: Wish, store: Store) -> Choice:
    """What runs a model on this machine, and why.

    Raises:
        WeightsError: no weights are installed, or none that the wished engine can take.
        MissingExtraError: the wish needs a library that is not installed.
        UnknownNameError: there is no such engine.
    """
    if wish.engine == _NEEDS_NO_WEIGHTS:
        return Choice(wish.engine, "float32", "cpu", None, "asked for")
    engine, why = _engine(card, wish, store)
    if engine == "torch":
        return _with_torch(card, wish, store, why)
    ENGINES.load(engine)  # an unknown name is told before weights are looked for
    precision, remark = _precision(card, wish, store, engine)
    device = "cpu" if wish.device == AUTO else wish.device
    found = _int8_weights(card, store) if precision == "int8" else locate(card, store)
    how = "converted from its checkpoint" if found.engine == "torch" else "as published"
    return Choice(engine, precision, device, found, f"{why}; {how}{remark}")


def _precision(card: ModelCard, wish: Wish, store: Store, engine: str) -> tuple[str, str]:
    """The precision and a remark on it."""
    is_asked = wish.precision != AUTO or wish.is_fast
    if not is_asked and engine == "onnxruntime" and locate(card, store).engine == PUBLISHED_INT8:
        return "int8", "; no other file of it is here"
    if wish.precision != AUTO or not wish.is_fast or engine != "onnxruntime":
        return "float32" if wish.precision == AUTO else wish.precision, ""
    if _int8_weights(card, store).engine == PUBLISHED_INT8:
        return "int8", "; int8 came with it, and fast was asked for"
    if convert.int8_path(card, locate(card, store), store).is_file():
        return "int8", "; its int8 file agrees with float32, and fast was asked for"
    return "float32", f"; int8 would be faster: nearfar models quantize {card.name}"


def file_to_open(card: ModelCard, choice: Choice, store: Store) -> Path | None:
    """The file that the chosen engine opens; a checkpoint is converted where the engine wants ONNX.

    Raises:
        EngineError: the conversion does not agree with torch; or int8 was chosen and is not made yet.
        MissingExtraError: a conversion is needed, and the libraries for it are not installed.
    """
    if choice.found is None:
        return None
    if choice.engine == "torch":
        return choice.found.path
    if choice.found.engine in (PUBLISHED_INT8, PUBLISHED_HALF):
        return choice.found.path
    if choice.precision == "int8":
        path = convert.int8_path(card, choice.found, store)
        if not path.is_file():
            raise EngineError(
                f"There is no int8 file of '{card.name}' yet.", f"Run: nearfar models quantize {card.name}"
            )
        return path
    return float_file(card, choice.found, store)


def _int8_weights(card: ModelCard, store: Store) -> Found:
    """What an int8 run opens: a file that was calibrated here before one that came with the model."""
    if not store.is_installed(card, PUBLISHED_INT8):
        return locate(card, store)
    found = locate(card, store)
    is_made = convert.int8_path(card, found, store).is_file()
    return found if is_made else store.find(card, PUBLISHED_INT8)


def float_file(card: ModelCard, found: Found, store: Store) -> Path:
    """The float32 ONNX file of some weights: themselves, or converted from them."""
    if found.engine in ("onnxruntime", PUBLISHED_HALF):
        return found.path
    if not convert.float_path(card, found, store).is_file():
        convert.check_card(card)
        check_memory(card, found.path, _CONVERSION_FACTOR)
    return convert.to_onnx(card, found, store)


def needed_bytes(path: Path) -> float:
    """Estimated memory of a network that is loaded from a file and its parts."""
    return _MEMORY_FACTOR * _bytes_of(path)


def _bytes_of(path: Path) -> int:
    """Bytes of a file, and of the weights that some ONNX files keep beside them (``model.onnx_data``)."""
    beside = path.parent.glob(f"{path.name}[_.]data*")
    return path.stat().st_size + sum(part.stat().st_size for part in beside)


def too_large(card: ModelCard, path: Path, budget_bytes: int) -> EngineError:
    """The error of a network that does not fit into the budget, or into what is left of the memory."""
    there, how = (budget_bytes, "are allowed") if budget_bytes else (free_bytes() or 0, "are free")
    needed_gb, there_gb = needed_bytes(path) / 1e9, there / 1e9
    return EngineError(
        f"'{card.name}' needs about {needed_gb:.1f} GB of memory, but {there_gb:.1f} GB {how}.",
        "Close other programs, raise model_memory, or choose a smaller model.",
    )


def check_memory(card: ModelCard, path: Path, factor: float = _MEMORY_FACTOR) -> None:
    """Raise EngineError where work on that file will not fit into what is left of the memory.

    ``factor``: of the file's bytes, what the work on it takes.
    """
    needed, free = factor * _bytes_of(path), free_bytes()
    if free is not None and needed > free:
        raise EngineError(
            f"'{card.name}' needs about {needed / 1e9:.1f} GB of memory, but {free / 1e9:.1f} GB are free.",
            "Close other programs, or choose a smaller model.",
        )


def choose_threads(settings: Settings) -> int:
    """Threads of one network run: as set, or all usable processors."""
    return settings.threads or usable_cpus()


def wish_of(
    settings: Settings, engine: str = "", precision: str = "", device: str = "", *, is_fast: bool = False
) -> Wish:
    """A wish from what is named, else from the settings."""
    return Wish(
        engine or settings.engine,
        precision or settings.precision,
        device or settings.device,
        choose_threads(settings),
        is_fast,
    )


def _engine(card: ModelCard, wish: Wish, store: Store) -> tuple[str, str]:
    """The engine's name and the reason."""
    if wish.engine != AUTO:
        return wish.engine, "asked for"
    if wish.device not in (AUTO, "cpu"):
        return "torch", f"device {wish.device} was asked for"
    if wish.precision == "bfloat16":
        is_there = importlib.util.find_spec("openvino") is not None
        return ("openvino" if is_there else "torch"), "bfloat16 was asked for"
    if wish.precision == "int8":
        return "onnxruntime", "int8 was asked for"
    has_checkpoint = store.is_installed(card, "torch")
    if has_checkpoint and wish.device == AUTO and _gpu():
        return "torch", "there is a GPU"
    is_for_torch = card.network.startswith("transformers/") or bool(card.not_converted)
    if has_checkpoint and is_for_torch and not _has_onnx(card, store):
        return "torch", "its checkpoint runs there without a conversion"
    return "onnxruntime", "fastest of the base install on a processor"


def _has_onnx(card: ModelCard, store: Store) -> bool:
    if store.is_installed(card, "onnxruntime"):
        return True
    return convert.float_path(card, store.find(card, "torch"), store).is_file()


def _gpu() -> str:
    """The GPU that torch sees, or nothing; torch is not loaded where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return ""
    from nearfar.engines.torch import devices

    return "" if devices()[0] == "cpu" else devices()[0]


def _with_torch(card: ModelCard, wish: Wish, store: Store, why: str) -> Choice:
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(
            "The engine torch is not installed.", "Install it: pip install 'nearfar[torch]'"
        )
    found = store.find(card, "torch")
    device = (_gpu() or "cpu") if wish.device == AUTO else wish.device
    precision = wish.precision
    if precision == AUTO:
        precision = "bfloat16" if device == "cuda" else "float32"
    return Choice("torch", precision, device, found, why)
